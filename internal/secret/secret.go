// Package secret holds passwords and tokens so that they cannot be printed by
// accident, loads them from where admins keep them, and masks them in text that
// was written by others.
//
// A loader returns a Secret; only Reveal gives its content back, and only the code
// that puts it on the wire should call it. Everything else prints `***`. What goes
// to the user is built without secrets in the first place; a Masker over foreign
// text (server answers, library errors, transcripts) is the second belt.
//
// The package reads no environment variables and keeps nothing: memory is not
// wiped, as Go cannot promise that.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const stars = "***"

// Secret is a password or a token. It prints as `***` with every fmt verb, in JSON,
// as text and in slog, empty or not; `%p`, for which fmt asks no method, shows an
// address. The zero value is no secret.
//
// The content sits behind a pointer because fmt prints the unexported fields of a
// struct, and those of the structs in them, without calling their methods. So two
// Secrets are == only when one is a copy of the other; to compare contents, Reveal.
type Secret struct {
	content *string
}

// New returns s as a Secret, unchanged; the empty string is the zero Secret.
func New(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Reveal returns the content, empty for the zero Secret. What it returns is no
// longer protected.
func (s Secret) Reveal() string {
	if s.content == nil {
		return ""
	}
	return *s.content
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.content == nil }

// String returns `***`.
func (Secret) String() string { return stars }

// GoString returns `***`.
func (Secret) GoString() string { return stars }

// Format writes `***` for every verb, width and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stars) }

// MarshalJSON returns `"***"`.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + stars + `"`), nil }

// MarshalText returns `***`.
func (Secret) MarshalText() ([]byte, error) { return []byte(stars), nil }

// LogValue returns `***`.
func (Secret) LogValue() slog.Value { return slog.StringValue(stars) }
