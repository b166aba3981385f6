//go:build unix

package secret

import (
	"io/fs"
	"os"
	"syscall"
)

// OwnedByUs reports a file of root or of the user that this process runs as.
func OwnedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}

// keepOwner gives the file at path to the owner of old. Only root can, and only
// root has to.
func keepOwner(path string, old fs.FileInfo) error {
	st, ok := old.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(path, int(st.Uid), int(st.Gid))
}
