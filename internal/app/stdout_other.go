//go:build !unix

package app

import "os"

// stdout is standard output.
func stdout() *os.File { return os.Stdout }
