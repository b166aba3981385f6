//go:build !unix

package app

import (
	"os"
	"syscall"
)

// endSignals are those that end a check.
var endSignals = []os.Signal{syscall.SIGTERM, os.Interrupt}

// stdout is standard output.
func stdout() *os.File { return os.Stdout }
