//go:build unix

package secret

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// NoFollow are the flags of os.OpenFile with which opening a link fails, and opening
// a FIFO does not wait for its other end.
const NoFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// owner returns the user ID of a file's owner, -1 where there are none.
func owner(st fs.FileInfo) int {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// Inode returns the number that tells a file from one that took its place, 0 where
// there is none.
func Inode(st fs.FileInfo) uint64 {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Ino)
	}
	return 0
}

// giveTo gives a file to the owner of old. Only root can, and only root has to.
func giveTo(f *os.File, old fs.FileInfo) error {
	st, ok := old.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(st.Uid), int(st.Gid))
}

// ownGroup makes cmd the leader of a new process group, which ends with us where the
// system can do that.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithUs(cmd.SysProcAttr)
}

// killGroup kills cmd and all its descendants that are still in its group.
func killGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
