package auth

import (
	"context"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockPatience is how long another run is waited for; then we go on without
	// the lock, which costs a fetch too many at worst.
	lockPatience = 2 * time.Second
	lockPause    = 10 * time.Millisecond
)

// lock waits until no other run holds the file at path and returns what lets go
// of it. Where the file is not an ordinary one or cannot be locked, nothing is
// waited for. The file may be replaced while it is locked: a run that has waited
// for the old one then waits for the new one.
func lock(ctx context.Context, path string) (unlock func()) {
	if runtime.GOOS == "windows" {
		return func() {} // A locked file cannot be read or replaced there.
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
			return func() {} // Opening a FIFO would wait for its other end.
		}
		l := flock.New(path, flock.SetFlag(os.O_RDONLY))
		if locked, _ := l.TryLockContext(ctx, lockPause); !locked {
			return func() {}
		}
		unlock = func() { _ = l.Unlock() } // An error leaves it to the end of the process.
		held, err := l.Stat()
		now, nerr := os.Stat(path)
		if err == nil && nerr == nil && os.SameFile(held, now) {
			return unlock
		}
		unlock()
	}
}

// othersMayUse says whether users other than the owner can read or write a file.
// Windows does not show it in the mode.
func othersMayUse(st fs.FileInfo) bool {
	return runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0
}
