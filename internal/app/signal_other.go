//go:build !unix

package app

import "os"

// brokenPipe is a signal this system does not have.
var brokenPipe []os.Signal
