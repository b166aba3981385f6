//go:build unix

package app

import (
	"os"
	"syscall"
)

// stdout is standard output under another number: Go ends a process by SIGPIPE
// when the reader of number 1 has gone away, and of others returns the error.
func stdout() *os.File {
	fd, err := syscall.Dup(syscall.Stdout)
	if err != nil {
		return os.Stdout
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), os.Stdout.Name())
}
