// Package auth holds the ways to prove who one is to a server: the SASL
// mechanisms (RFC 4422) as go-sasl clients, under the names of --auth. It does
// not choose between them (session does, it knows what the server offers) and
// sends nothing itself.
package auth

import (
	"strings"

	"github.com/emersion/go-sasl"

	"check_imap_session/internal/secret"
)

// Mode is a value of --auth.
type Mode string

// The modes. Auto stands for LOGIN, or AUTHENTICATE PLAIN where the server
// forbids LOGIN; Login is the IMAP command, all others but None are SASL
// mechanisms.
const (
	Auto  Mode = "auto"
	Login Mode = "login"
	Plain Mode = "plain"
	None  Mode = "none"
)

// Mechanism returns the name of the mode's SASL mechanism, "PLAIN"; empty for
// the modes that are none.
func (m Mode) Mechanism() string {
	switch m {
	case Auto, Login, None:
		return ""
	}
	return strings.ToUpper(string(m))
}

// Cleartext says whether the mode hands the secret itself to the server, so
// that without TLS everybody on the way reads it.
func (m Mode) Cleartext() bool { return m == Auto || m == Login || m == Plain }

// Credentials are what a mechanism works with.
type Credentials struct {
	Username string
	Password secret.Secret
}

// Client returns the client of a mode's mechanism, or nil when it has none.
func (m Mode) Client(c Credentials) sasl.Client {
	if m == Plain {
		return sasl.NewPlainClient("", c.Username, c.Password.Reveal())
	}
	return nil
}
