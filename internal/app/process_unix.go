//go:build unix

package app

import (
	"os"
	"syscall"
)

// endSignals are those that end a check, as far as Go lets a program catch them.
// Go's own answer to SIGQUIT and SIGABRT is exit code 2, which is CRITICAL; it ignores
// SIGALRM, by which a caller limits the time of what it executes next, and SIGXCPU,
// which says that the limit of CPU time is reached.
func endSignals() []os.Signal {
	return []os.Signal{
		syscall.SIGTERM, os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGALRM, syscall.SIGXCPU,
	}
}

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
