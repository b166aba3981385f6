package secret

import (
	"context"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockTimeout is how long to wait for another run, which only reads and writes, or
	// asks for a token. Going on without the lock costs at worst one more token request
	// or login.
	lockTimeout = 2 * time.Second
	lockPause   = 10 * time.Millisecond
)

// Lock waits until no other run holds the file at path. unlock releases it; held
// is false where the file is not a regular one, cannot be locked, or is held by
// another run for too long. The file may be replaced while it is locked: a run that
// has waited for the old file then waits for the new one.
func Lock(ctx context.Context, path string) (unlock func(), held bool) {
	none := func() {}
	if runtime.GOOS == "windows" {
		return none, false // A locked file cannot be read or replaced there.
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	for {
		if st, err := os.Lstat(path); err != nil || !st.Mode().IsRegular() {
			return none, false
		}
		l := flock.New(path, flock.SetFlag(os.O_RDONLY|NoFollow))
		if locked, _ := l.TryLockContext(ctx, lockPause); !locked {
			return none, false
		}
		unlock = func() { _ = l.Unlock() } // An error leaves it to the end of the process.
		locked, err := l.Stat()
		now, nerr := os.Lstat(path)
		if err == nil && nerr == nil && os.SameFile(locked, now) {
			return unlock, true
		}
		unlock()
	}
}
