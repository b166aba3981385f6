//go:build !unix

package app

import (
	"os"
	"syscall"
)

// endSignals are those that end a check.
func endSignals() []os.Signal {
	return []os.Signal{syscall.SIGTERM, os.Interrupt}
}

// stdout is standard output.
func stdout() *os.File { return os.Stdout }
