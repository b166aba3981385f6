package guard

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"check_imap_session/internal/secret"
)

const (
	// maxFile is the largest size of the file, in bytes: thousands of entries.
	maxFile = 1 << 20
	version = 1
	// forgotten is how long the entry of a check that no longer runs is kept.
	forgotten = 30 * 24 * time.Hour
	// lockPatience is how long to wait for another run, which only reads and writes.
	lockPatience = 2 * time.Second
	lockPause    = 10 * time.Millisecond
)

// entry is a login that was rejected.
type entry struct {
	Login
	Rejected time.Time `json:"rejected"`
	// Tried is when a login was tried last: at Rejected, or later by a run that has not
	// said yet how it ended, or has died.
	Tried  time.Time `json:"tried"`
	Source Source    `json:"source"`
}

// content is the file. Entries is nil in a file that is not ours.
type content struct {
	Version int     `json:"version"`
	Entries []entry `json:"lockout_guard"`
}

// read reads the file. A missing or empty one has no entries.
func (g *Guard) read() (map[Login]entry, error) {
	f, st, err := secret.OpenOwn(g.Path, os.O_RDONLY)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return map[Login]entry{}, nil
	case err != nil:
		return nil, err
	}
	defer f.Close()
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o022 != 0 { // Windows does not show it in the mode.
		return nil, errors.New("other users can write to it")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, errors.New("cannot be read")
	case len(data) > maxFile:
		return nil, errors.New("it is too large")
	case len(data) == 0:
		return map[Login]entry{}, nil
	}
	var c content
	if err := json.Unmarshal(data, &c); err != nil || c.Version != version || c.Entries == nil {
		return nil, errors.New("it is broken, or not a file of the lockout guard")
	}
	all := map[Login]entry{}
	for _, e := range c.Entries {
		all[e.Login] = e
	}
	return all, nil
}

// change edits the file under its lock. A file that cannot be read is left alone.
func (g *Guard) change(ctx context.Context, edit func(map[Login]entry) bool) error {
	f, _, err := secret.OpenOwn(g.Path, os.O_CREATE|os.O_RDONLY)
	if err != nil {
		return err
	}
	f.Close()
	unlock, locked := lock(ctx, g.Path)
	defer unlock()
	all, err := g.read()
	if err != nil || !edit(all) {
		return err
	}
	c := content{Version: version, Entries: []entry{}}
	for _, e := range slices.SortedFunc(maps.Values(all), func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port), cmp.Compare(a.User, b.User), cmp.Compare(a.Mechanism, b.Mechanism))
	}) {
		if time.Since(e.Tried) < max(forgotten, g.Wait) {
			c.Entries = append(c.Entries, e)
		}
	}
	data, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return err
	}
	return secret.Replacement{Locked: locked, KeepOwner: true}.Write(g.Path, append(data, '\n'))
}

// lock waits until no other run holds the file, which may be replaced meanwhile: a run
// that has waited for the old file then waits for the new one. locked is false where
// that is not possible; then the worst is that two runs log in.
func lock(ctx context.Context, path string) (unlock func(), locked bool) {
	none := func() {}
	if runtime.GOOS == "windows" {
		return none, false // A locked file cannot be read or replaced there.
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		l := flock.New(path, flock.SetFlag(os.O_RDONLY|secret.NoFollow))
		if got, _ := l.TryLockContext(ctx, lockPause); !got {
			return none, false
		}
		unlock = func() { _ = l.Unlock() } // An error leaves it to the end of the process.
		held, err := l.Stat()
		now, nerr := os.Lstat(path)
		if err == nil && nerr == nil && os.SameFile(held, now) {
			return unlock, true
		}
		unlock()
	}
}
