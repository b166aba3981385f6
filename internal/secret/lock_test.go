package secret

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestLock: another run is waited for, but not for ever, and only where there is a
// file that can be locked.
func TestLock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nothing is locked there")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		held       time.Duration // by the first run
		waits      time.Duration
	}{
		{"not held", file, 0, 0},
		{"held for a while", file, 5 * lockPause / 2, 3 * lockPause},
		{"held too long", file, 2 * lockTimeout, lockTimeout},
		{"folder", dir, 2 * lockTimeout, 0},
		{"nothing there", filepath.Join(dir, "nothing"), 2 * lockTimeout, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				unlock, _ := Lock(t.Context(), tt.path)
				time.AfterFunc(tt.held, unlock)
				synctest.Wait()
				began := time.Now()
				unlock, _ = Lock(t.Context(), tt.path)
				defer unlock()
				if waited := time.Since(began); waited != tt.waits {
					t.Errorf("waits %v, want %v", waited, tt.waits)
				}
			})
		})
	}
}
