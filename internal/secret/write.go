package secret

import (
	"errors"
	"os"
	"path/filepath"
)

// WriteFile replaces the file at path by one that holds s and a line end, as
// ReplaceFile does. A link is followed: the file it leads to is replaced.
func WriteFile(path string, s Secret) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return ReplaceFile(path, []byte(s.Reveal()+"\n"))
}

// ReplaceFile replaces the file at path by one with data in it that only its owner
// can read (0600), whole or not at all. The owner stays who it was, so that a run
// by root does not lock out the user whose file it is. What is at path and no
// ordinary file, a link above all, is left alone.
func ReplaceFile(path string, data []byte) (err error) {
	old, err := os.Lstat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		return errors.New("is not a regular file")
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return cause(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return cause(err)
	}
	defer func() {
		if err != nil {
			err = cause(err)
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && old != nil {
		err = keepOwner(f.Name(), old)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
