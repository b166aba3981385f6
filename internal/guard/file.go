package guard

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"sort"
	"time"

	"check_imap_session/internal/secret"
)

const (
	// maxFile is the largest size of the file, in bytes: thousands of entries.
	maxFile = 1 << 20
	version = 1
	// forgotten is how long the entry of a check that no longer runs is kept.
	forgotten = 30 * 24 * time.Hour
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

// change edits the file under its lock, unless edit returns false. A file that cannot be
// read is left alone.
func (g *Guard) change(ctx context.Context, edit func(map[Login]entry) bool) error {
	return secret.Replacement{KeepOwner: true}.Edit(ctx, g.Path, func() ([]byte, error) {
		all, err := g.read()
		if err != nil || !edit(all) {
			return nil, err
		}
		return g.encode(all)
	})
}

// encode returns the file with these entries, in the order of their logins, but for
// those of checks that no longer run.
func (g *Guard) encode(all map[Login]entry) ([]byte, error) {
	c := content{Version: version, Entries: []entry{}}
	for _, e := range all {
		if time.Since(e.Tried) < max(forgotten, g.Wait) {
			c.Entries = append(c.Entries, e)
		}
	}
	// slices.SortFunc would add 22 KB of code for this type to the program.
	sort.Slice(c.Entries, func(i, j int) bool { return c.Entries[i].compare(c.Entries[j].Login) < 0 })
	data, err := json.MarshalIndent(c, "", " ")
	return append(data, '\n'), err
}
