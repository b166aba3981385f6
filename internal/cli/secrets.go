package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/secret"
)

// secretSource is one place where a secret may be: at most one of the last three
// fields is set, none when it was not given.
type secretSource struct {
	flag    string // as the user knows it: for messages
	value   string // the secret itself
	file    string // file, "-" for standard input, or a systemd credential
	command string
}

func (s secretSource) given() bool { return s.value != "" || s.file != "" || s.command != "" }

// oneOf returns the source that was given, or the zero source. Two for one secret
// are refused: we cannot know which one the user means.
func oneOf(what string, sources ...secretSource) (secretSource, error) {
	var found []secretSource
	var flags []string
	for _, s := range sources {
		if s.given() {
			found, flags = append(found, s), append(flags, s.flag)
		}
	}
	switch len(found) {
	case 0:
		return secretSource{}, nil
	case 1:
		return found[0], nil
	}
	return secretSource{}, usage("two sources for "+what+": "+strings.Join(flags, " and "), "give one of them")
}

// stdinOnce refuses a command line that reads two things from standard input.
func stdinOnce(f files, ini bool) error {
	var readers []string
	if ini {
		readers = append(readers, "--extra-opts")
	}
	for _, s := range []secretSource{f.password, f.token, f.clientSecret, f.refreshToken} {
		if s.file == "-" {
			readers = append(readers, s.flag)
		}
	}
	if len(readers) > 1 {
		return usage("standard input cannot be both "+strings.Join(readers, " and "), "give one of them a file")
	}
	return nil
}

// loadSecrets reads all secrets into the session.
func (r *Request) loadSecrets(ctx context.Context) error {
	c := &r.Session
	for _, s := range []struct {
		source secretSource
		to     *secret.Secret
	}{{r.files.password, &c.Password}, {r.files.token, &c.Token}} {
		if err := r.loadSecret(ctx, s.source, s.to); err != nil {
			return err
		}
	}
	if from := r.files.password; from.file != "-" {
		c.PasswordFile = from.file
	}
	c.PasswordDoubt = passwordDoubt(r.files.password, c.Password.Reveal(), c.Username)
	if c.OAuth == nil {
		return checkToken(r.files.token, c.Token, auth.CheckStored)
	}
	if err := r.loadSecret(ctx, r.files.clientSecret, &c.OAuth.ClientSecret); err != nil {
		return err
	}
	for name, values := range c.OAuth.URL.Query() {
		if holdsSecret(name) {
			for _, v := range values {
				c.Secrets.Add(secret.New(v))
			}
		}
	}
	if p := c.OAuth.Proxy; p != nil {
		password, _ := p.User.Password()
		c.Secrets.Add(secret.New(password))
	}
	refresh := r.files.refreshToken
	if err := r.loadSecret(ctx, refresh, &c.OAuth.RefreshToken); err != nil {
		return err
	}
	if err := checkToken(refresh, c.OAuth.RefreshToken, auth.CheckRefreshToken); err != nil {
		return err
	}
	if st, err := os.Stat(refresh.file); err == nil && st.Mode().IsRegular() && !secret.HasCredential(refresh.file, r.files.credentials) {
		c.OAuth.RefreshFile = refresh.file // not a pipe, which would not say it twice
	}
	return nil
}

// passwordDoubt says what is odd about a password file, for the case that the password
// is rejected; "" when nothing is.
func passwordDoubt(from secretSource, password, user string) string {
	if from.file == "" || from.file == "-" {
		return ""
	}
	where, lower := "the first line of "+from.file, strings.ToLower(password)
	switch n := len(password); {
	case n > 0 && strings.TrimSpace(password) != password:
		return where + " begins or ends with a blank, which is part of the password"
	case n > 1 && strings.ContainsRune("\"'", rune(password[0])) && password[n-1] == password[0]:
		return where + " has quotes around it, which are part of the password"
	case strings.HasPrefix(lower, "password=") || strings.HasPrefix(lower, "password:"):
		return where + " begins with the word password, which is part of the password"
	case user != "" && strings.HasPrefix(password, user+":"):
		return where + " begins with the user name and a colon, which are part of the password"
	}
	return ""
}

// holdsSecret says whether a parameter in a URL's query has a name like client_secret
// or api-key. Other values, such as a tenant, stay readable.
func holdsSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"secret", "passw", "token", "key", "assertion", "sig"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// loadSecret reads one secret; a source that was not given leaves it alone.
func (r *Request) loadSecret(ctx context.Context, from secretSource, to *secret.Secret) error {
	if !from.given() {
		return nil
	}
	s, remarks, err := r.read(ctx, from)
	r.Remarks = append(r.Remarks, remarks...)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%s: %w", from.flag, context.Cause(ctx))
	case err != nil:
		return &ConfigError{from.flag, err}
	}
	r.Session.Secrets.Add(s)
	*to = s
	return nil
}

// read reads a secret. A name that systemd passed on as a credential is that; else
// a file is a file, relative to the working directory where it has no slash.
func (r *Request) read(ctx context.Context, from secretSource) (secret.Secret, []string, error) {
	switch {
	case from.command != "":
		s, err := secret.FromCommand(ctx, from.command, r.Session.Secrets)
		return s, nil, err
	case from.file == "":
		if strings.Contains(from.value, "\x00") {
			return secret.Secret{}, nil, secret.ErrNUL
		}
		return secret.New(from.value), nil, nil
	case secret.HasCredential(from.file, r.files.credentials):
		s, err := secret.FromCredential(from.file, r.files.credentials)
		return s, nil, err
	}
	s, remarks, err := secret.FromFile(from.file, r.files.stdin)
	if below(from.file, r.files.credentials) || below(from.file, "/run/secrets") {
		remarks = nil // systemd and container engines set these modes, and guard the folder
	}
	return s, remarks, err
}

// below says whether a file lies in a folder.
func below(file, dir string) bool {
	return dir != "" && strings.HasPrefix(filepath.Clean(file), filepath.Clean(dir)+string(filepath.Separator))
}
