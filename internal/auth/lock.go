package auth

import (
	"context"
	"io/fs"
	"os"
	"runtime"
	"time"
)

const (
	// lockPatience is how long another run is waited for; then we go on without
	// the lock, which costs a fetch too many at worst.
	lockPatience = 2 * time.Second
	lockPause    = 10 * time.Millisecond
)

// lock waits until no other run holds the file at path and returns what lets go
// of it. Where there are no locks, or the file is no ordinary one, nothing is
// waited for. The file may be replaced while it is locked: who waited for the old
// one then waits for the new one.
func lock(ctx context.Context, path string) (unlock func()) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		f, locked := tryLock(path)
		if f == nil {
			return func() {}
		}
		if locked {
			held, err := f.Stat()
			now, nerr := os.Stat(path)
			if err == nil && nerr == nil && os.SameFile(held, now) {
				return func() { f.Close() }
			}
		}
		f.Close()
		select {
		case <-ctx.Done():
			return func() {}
		case <-time.After(lockPause):
		}
	}
}

// tryLock opens the file at path and locks it if nobody else does. It returns no
// file when there is nothing to lock.
func tryLock(path string) (*os.File, bool) {
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return nil, false // opening a FIFO would wait for its other end
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	locked, possible := flock(f)
	if !possible {
		f.Close()
		return nil, false
	}
	return f, locked
}

// othersMayUse says whether users other than the owner can read or write a file.
// Windows does not show it in the mode.
func othersMayUse(st fs.FileInfo) bool {
	return runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0
}
