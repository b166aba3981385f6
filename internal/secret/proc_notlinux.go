//go:build unix && !linux

package secret

import "syscall"

// endWithUs does nothing: only Linux can do it.
func endWithUs(*syscall.SysProcAttr) {}
