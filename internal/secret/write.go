package secret

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrNotRegular says that there is something else than a regular file at a path:
// a link, a FIFO, a folder.
var ErrNotRegular = errors.New("is not a regular file")

// OpenPlain opens a regular file as os.OpenFile does, without following a link:
// where a link points, nothing is created. On Windows there is a moment in which
// somebody may put a link there. Errors do not repeat the path.
func OpenPlain(path string, flag int) (*os.File, fs.FileInfo, error) {
	if _, err := regular(path); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, flag|NoFollow, 0o600)
	if err != nil {
		return nil, nil, cause(err)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, nil, cause(err)
	}
	return f, st, nil
}

// OpenOwn is OpenPlain for a file that must belong to us: the owner could read what is
// written to it, and have written what is read from it.
func OpenOwn(path string, flag int) (*os.File, fs.FileInfo, error) {
	f, st, err := OpenPlain(path, flag)
	if err == nil && !OwnedByUs(st) {
		f.Close()
		return nil, nil, errors.New("it belongs to another user")
	}
	return f, st, err
}

// regular returns the regular file at a path, nil when there is nothing.
func regular(path string) (fs.FileInfo, error) {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, cause(err)
	case !st.Mode().IsRegular():
		return nil, ErrNotRegular
	}
	return st, nil
}

// Replacement says how a file is replaced.
type Replacement struct {
	// Owner is a file whose owner gets the new one when root writes it; nil means
	// that it belongs to the user who writes it.
	Owner fs.FileInfo
	// KeepOwner is Owner with the file that is replaced, so that a run by root does not
	// lock out the user whose file it is.
	KeepOwner bool
	// Locked says that no other run writes this file now. The temporary file then
	// has the name that Temporary returns: what a killed run has left there is found
	// again, and there is never more than one.
	Locked bool
	// Ours says whether a file with this first line may be replaced; nil means that any
	// file may be.
	Ours func(firstLine string) bool
	// Mode is the mode of the file; 0 means 0600.
	Mode fs.FileMode
}

// Temporary returns where the new content of a locked file is before it takes its
// place.
func Temporary(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// Recover puts a secret into place that a killed run has left in the temporary file
// of a locked one, and says whether it did. It must be one whole line, valid, of the
// same user and newer than the file. Anything else that is left there is removed.
func Recover(path string, valid func(Secret) error) bool {
	s, st, err := FromPlainFile(Temporary(path))
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	now, nerr := os.Lstat(path)
	if err == nil && nerr == nil && valid(s) == nil && st.Size() == int64(len(s.Reveal())+1) && // The line end is written last.
		!now.ModTime().After(st.ModTime()) && (runtime.GOOS == "windows" || st.Mode().Perm() == 0o600) &&
		(owner(st) == owner(now) || OwnedByUs(st)) {
		return os.Rename(Temporary(path), path) == nil
	}
	os.Remove(Temporary(path))
	return false
}

// OwnedByUs says whether a file belongs to the user of this process or to root. It is
// true where files have no owners as on Unix.
func OwnedByUs(st fs.FileInfo) bool {
	uid := owner(st)
	return uid == os.Geteuid() || uid <= 0
}

// Write replaces the file at path by one with data in it, whole or not at all. What
// is at path and not a regular file, such as a link, is left alone. Errors do not
// repeat the path.
func (r Replacement) Write(path string, data []byte) error {
	old, err := regular(path)
	if err != nil {
		return err
	}
	if r.KeepOwner {
		r.Owner = old
	}
	if old != nil && r.Ours != nil {
		if err := r.checkOurs(path); err != nil {
			return err
		}
	}
	f, err := r.temporary(path)
	if err != nil {
		return cause(err)
	}
	err = r.fill(f, data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return cause(err)
}

// fill gives a temporary file its owner, content and mode.
func (r Replacement) fill(f *os.File, data []byte) error {
	if r.Owner != nil { // before the content: a leftover belongs to the right user too
		if err := giveTo(f, r.Owner); err != nil {
			return err
		}
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if r.Mode != 0 {
		if err := f.Chmod(r.Mode); err != nil {
			return err
		}
	}
	return f.Sync()
}

// Edit replaces the file at path by what edit returns, while no other run does so; it
// leaves the file alone when that is nil or an error. A file that is not there is made
// first. See OpenOwn for the files that are refused.
func (r Replacement) Edit(ctx context.Context, path string, edit func() ([]byte, error)) error {
	f, _, err := OpenOwn(path, os.O_CREATE|os.O_RDONLY)
	if err != nil {
		return err
	}
	f.Close()
	unlock, locked := Lock(ctx, path)
	defer unlock()
	data, err := edit()
	if err != nil || data == nil {
		return err
	}
	r.Locked = locked
	return r.Write(path, data)
}

// checkOurs fails when the first line of the file at path is not one of ours.
func (r Replacement) checkOurs(path string) error {
	f, _, err := OpenPlain(path, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	start := make([]byte, 256)
	n, _ := io.ReadFull(f, start)
	line, _, _ := strings.Cut(string(start[:n]), "\n")
	if !r.Ours(line) {
		return errors.New("there is a file that this program has not written: remove it, or give another name")
	}
	return nil
}

// temporary creates the temporary file with mode 0600.
func (r Replacement) temporary(path string) (*os.File, error) {
	if r.Locked {
		os.Remove(Temporary(path))
		if f, err := os.OpenFile(Temporary(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
			return f, nil
		} // Somebody else's file is in the way, in a folder like /tmp.
	}
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
}
