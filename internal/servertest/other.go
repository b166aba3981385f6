//go:build !linux

package servertest

import "testing"

// The servers come from Debian's packages; elsewhere they are not installed.

// Dovecot skips the test.
func Dovecot(tb testing.TB, _ Spec) *Server { return skip(tb, "dovecot") }

// Cyrus skips the test.
func Cyrus(tb testing.TB, _ Spec) *Server { return skip(tb, "cyrus") }

// Courier skips the test.
func Courier(tb testing.TB, _ Spec) *Server { return skip(tb, "courier") }

func skip(tb testing.TB, name string) *Server {
	tb.Helper()
	tb.Skipf("skip: server not installed: %s runs on Linux", name)
	return nil
}

// Process is a running program. There are none.
type Process struct{}
