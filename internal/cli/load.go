package cli

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

// ConfigError is the error of a file or command that the user named and that
// cannot be used. It never holds a secret.
type ConfigError struct {
	Source string // the flag and its value, or the variable
	Err    error
}

func (e *ConfigError) Error() string { return e.Source + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// Load reads the files and runs the commands that the request names and puts
// what they hold into its session. It gives up when ctx ends. Its error is a
// *ConfigError, or the cause of ctx's end.
func (r *Request) Load(ctx context.Context) error {
	if f := r.files.caFile; f != "" {
		roots, err := dial.RootsFile(f)
		if err != nil {
			return &ConfigError{"--ca-file=" + f, err}
		}
		r.Session.Cert.Roots = roots
		r.Session.OAuthRoots = dial.SystemRootsAnd(f)
	}
	if m := r.files.match; m != "" {
		match, err := loadMatch(m)
		if err != nil {
			return &ConfigError{"--expect-certificate=" + m, err}
		}
		r.Session.Match = match
	}
	var err error
	if f := r.files.clientCert; f != "" {
		if r.Session.Cert.Certificate, err = r.ownCertificate("--client-cert", f, "--client-key", r.files.clientKey); err != nil {
			return err
		}
	}
	if err := r.loadSigner(); err != nil {
		return err
	}
	r.guardSource() // before it is read: a change while it is read counts
	return r.loadSecrets(ctx)
}

// Pretend puts placeholders where Load puts what it reads, for a session that
// is talked about and never run.
func (r *Request) Pretend() {
	if r.files.password.given() {
		r.Session.Password = secret.New("PASSWORD")
	}
	if r.files.token.given() {
		r.Session.Token = secret.New("TOKEN")
	}
	if r.files.clientCert != "" {
		r.Session.Cert.Certificate = &tls.Certificate{}
	}
	o := r.Session.OAuth
	if o == nil {
		return
	}
	if r.files.clientSecret.given() {
		o.ClientSecret = secret.New("SECRET")
	}
	if r.files.refreshToken.given() {
		o.RefreshToken = secret.New("SECRET")
	}
	if r.files.oauthCert != "" {
		o.Certificate = &tls.Certificate{}
	}
}

// checkToken refuses a token from a file or a command that no server would take.
func checkToken(from secretSource, t secret.Secret, check func(secret.Secret) error) error {
	err := check(t)
	switch {
	case err == nil:
		return nil
	case from.file != "" && from.file != "-":
		err = fmt.Errorf("file %s: %w", from.file, err)
	}
	return &ConfigError{from.flag, err}
}

// loadMatch reads a value of --expect-certificate: a PEM file, of which the
// first certificate counts, or sha256:HEX, colons allowed.
func loadMatch(v string) (*session.Match, error) {
	if digits, ok := strings.CutPrefix(strings.ToLower(v), "sha256:"); ok {
		digits = strings.ReplaceAll(digits, ":", "")
		if raw, err := hex.DecodeString(digits); err != nil || len(raw) != sha256.Size {
			return nil, errors.New("a SHA-256 has 64 hex digits")
		}
		return &session.Match{SHA256: digits, Source: "--expect-certificate"}, nil
	}
	text, err := dial.ReadFile(v)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(cert.Raw)
		return &session.Match{SHA256: hex.EncodeToString(sum[:]), Cert: cert, Source: v}, nil
	}
	return nil, errors.New("no certificate in it (PEM is wanted: BEGIN CERTIFICATE)")
}
