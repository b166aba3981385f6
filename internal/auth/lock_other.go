//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package auth

import "os"

// flock does nothing: this system's locks are of another kind.
func flock(*os.File) (locked, possible bool) { return false, false }
