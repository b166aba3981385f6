//go:build unix

package argv

import (
	"io/fs"
	"os"
	"syscall"
)

// ours reports a file that only root and the user who runs the check can change.
func ours(info fs.FileInfo) bool {
	if info.Mode().Perm()&0o022 != 0 {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}
