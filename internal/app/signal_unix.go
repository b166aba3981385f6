//go:build unix

package app

import (
	"os"
	"syscall"
)

// brokenPipe is the signal of a reader that went away.
var brokenPipe = []os.Signal{syscall.SIGPIPE}
