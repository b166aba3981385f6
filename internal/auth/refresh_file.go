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

// refreshFile is the file with the refresh token. One run at a time uses the token: a
// server that issues a new one takes the second use of the old one for theft.
type refreshFile struct {
	path   string      // without the links that lead there
	read   fs.FileInfo // what the token was read from; nil before that
	locked bool        // no other run uses it
	unlock func()
}

// openRefreshFile locks the file at path. A link is resolved once, here, because a
// systemd credential or a Kubernetes secret is one. A link that another user has made
// is not followed.
func openRefreshFile(ctx context.Context, path string) *refreshFile {
	r := &refreshFile{path: path}
	if st, err := os.Lstat(path); err == nil && !st.Mode().IsRegular() && secret.OwnedByUs(st) {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			r.path = target
		}
	}
	for {
		r.unlock, r.locked = secret.Lock(ctx, r.path)
		if !r.locked || !secret.Recover(r.path, CheckRefreshToken) {
			return r
		}
		r.unlock() // There is another file now.
	}
}

// token reads the refresh token. Its error is a *secret.Error.
func (r *refreshFile) token() (token secret.Secret, err error) {
	if token, r.read, err = secret.FromPlainFile(r.path); err != nil {
		return secret.Secret{}, err
	}
	if err := CheckRefreshToken(token); err != nil {
		return secret.Secret{}, &secret.Error{Source: "file " + r.path, Err: err}
	}
	return token, nil
}

// keep writes a new refresh token in place of the old one, for the same owner.
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
