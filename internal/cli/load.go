package cli

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
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
	}
	if m := r.files.match; m != "" {
		match, err := loadMatch(m)
		if err != nil {
			return &ConfigError{"--certificate-matches=" + m, err}
		}
		r.Session.Match = match
	}
	if !r.files.needsPassword {
		return nil
	}
	s, err := r.password(ctx)
	if err == nil && strings.Contains(s.Reveal(), "\x00") {
		err = fmt.Errorf("%s: the password has a NUL byte in it", r.files.passwordFrom)
	}
	if err == nil && s.IsZero() {
		err = fmt.Errorf("%s: the password is empty", r.files.passwordFrom)
	}
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", r.files.passwordFrom, context.Cause(ctx))
		}
		return &ConfigError{r.files.passwordFrom, err}
	}
	r.Session.Password = s
	return nil
}

func (r *Request) password(ctx context.Context) (secret.Secret, error) {
	f := r.files
	switch {
	case f.passwordFile != "":
		s, remarks, err := secret.FromFile(ctx, f.passwordFile, f.stdin)
		r.Remarks = append(r.Remarks, remarks...)
		return s, err
	case f.passwordCmd != "":
		return secret.FromCommand(ctx, f.passwordCmd)
	}
	return secret.New(f.password), nil
}

// loadMatch reads a value of --certificate-matches: a PEM file, of which the
// first certificate counts, or sha256:HEX, colons allowed.
func loadMatch(v string) (*session.Match, error) {
	if digits, ok := strings.CutPrefix(strings.ToLower(v), "sha256:"); ok {
		digits = strings.ReplaceAll(digits, ":", "")
		if raw, err := hex.DecodeString(digits); err != nil || len(raw) != sha256.Size {
			return nil, errors.New("a SHA-256 has 64 hex digits")
		}
		return &session.Match{SHA256: digits, Source: "--certificate-matches"}, nil
	}
	text, err := os.ReadFile(v)
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
