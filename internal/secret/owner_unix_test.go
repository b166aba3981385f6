//go:build unix

package secret

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestOwnerStays: when root replaces somebody's file, it stays theirs.
func TestOwnerStays(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skip: only root can give a file away")
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 12345, 23456); err != nil {
		t.Skip(err)
	}
	before, _ := os.Stat(path)
	if err := (Replacement{KeepOwner: true}).Write(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(path)
	was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
	if is.Uid != was.Uid || is.Gid != was.Gid {
		t.Errorf("the owner is another: %+v, want %+v", is, was)
	}
}
