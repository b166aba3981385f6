package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"check_imap_session/internal/secret"
)

// refreshFile is the file with the refresh token. One run at a time spends the token:
// a server that gives out a new one takes the second use of the old one for theft.
type refreshFile struct {
	path   string      // without the links that lead there
	read   fs.FileInfo // what the token was read from; nil before that
	locked bool        // no other run has it
	unlock func()
}

// openRefreshFile locks the file at path. A link is resolved once, here: a systemd
// credential or a Kubernetes secret is one. A link that another user has made is not
// followed.
func openRefreshFile(ctx context.Context, path string) *refreshFile {
	r := &refreshFile{path: path}
	if st, err := os.Lstat(path); err == nil && !st.Mode().IsRegular() && ours(st) {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			r.path = target
		}
	}
	for {
		r.unlock, r.locked = lock(ctx, r.path)
		if !r.locked || !r.recover() {
			return r
		}
		r.unlock() // The file is another one now.
	}
}

// recover puts a new refresh token into place that a killed run has written beside
// the file, and says whether it did. Anything else that is left there is removed.
func (r *refreshFile) recover() bool {
	temporary := secret.Temporary(r.path)
	if r.isNewer(temporary) {
		return os.Rename(temporary, r.path) == nil
	}
	os.Remove(temporary)
	return false
}

// isNewer says whether a file holds a whole refresh token of the same user that was
// written after the present one.
func (r *refreshFile) isNewer(temporary string) bool {
	f, st, err := secret.OpenPlain(temporary, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	now, err := os.Lstat(r.path)
	if err != nil || now.ModTime().After(st.ModTime()) || othersMayUse(st) || secret.Owner(st) != secret.Owner(now) && !ours(st) {
		return false
	}
	token, err := secret.FromOpen(f)
	// The line end is written last.
	return err == nil && CheckStoredRefresh(token) == nil && st.Size() == int64(len(token.Reveal())+1)
}

// token reads the refresh token. Its error is a *secret.Error.
func (r *refreshFile) token() (secret.Secret, error) {
	source := "file " + r.path
	f, st, err := secret.OpenPlain(r.path, os.O_RDONLY)
	if err != nil {
		return secret.Secret{}, &secret.Error{Source: source, Err: err}
	}
	defer f.Close()
	token, err := secret.FromOpen(f)
	if err != nil {
		return token, err
	}
	if err := CheckStoredRefresh(token); err != nil {
		return secret.Secret{}, &secret.Error{Source: source, Err: err}
	}
	r.read = st
	return token, nil
}

// keep writes a new refresh token where the old one was. It stays readable for who
// could read the old one, and for nobody else.
func (r *refreshFile) keep(next secret.Secret) error {
	if r == nil {
		return errors.New("the old one did not come from a file that could be written")
	}
	err := secret.Replacement{Owner: r.read, Locked: r.locked}.Write(r.path, []byte(next.Reveal()+"\n"))
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	return nil
}
