// Package auth holds the ways to prove who one is to a server: the SASL
// mechanisms (RFC 4422) under the names of --auth, and where OAuth 2.0 access
// tokens come from (RFC 6749). It does not choose between mechanisms (session
// does, it knows what the server offers) and speaks no IMAP.
//
// A mechanism is used in this order: Mode.Client, Start, Next for every
// challenge, and when the server says that it went well, Verify.
package auth

import (
	"strings"

	"github.com/emersion/go-sasl"

	"check_imap_session/internal/secret"
)

// Mode is a value of --auth.
type Mode string

// The modes. Auto stands for a choice by what the server offers and the user
// has; Login is the IMAP command, all others but None are SASL mechanisms.
const (
	Auto            Mode = "auto"
	Login           Mode = "login"
	Plain           Mode = "plain"
	CRAMMD5         Mode = "cram-md5"
	SCRAMSHA1       Mode = "scram-sha-1"
	SCRAMSHA256     Mode = "scram-sha-256"
	SCRAMSHA256Plus Mode = "scram-sha-256-plus"
	XOAuth2         Mode = "xoauth2"
	OAuthBearer     Mode = "oauthbearer"
	External        Mode = "external"
	None            Mode = "none"
)

// Mechanism returns the name of the mode's SASL mechanism, "SCRAM-SHA-256";
// empty for the modes that are none.
func (m Mode) Mechanism() string {
	switch m {
	case Auto, Login, None:
		return ""
	}
	return strings.ToUpper(string(m))
}

// TakesPassword says whether the mode may work with a password.
func (m Mode) TakesPassword() bool {
	switch m {
	case Auto, Login, Plain, CRAMMD5, SCRAMSHA1, SCRAMSHA256, SCRAMSHA256Plus:
		return true
	}
	return false
}

// TakesToken says whether the mode may work with an OAuth 2.0 access token.
func (m Mode) TakesToken() bool { return m == Auto || m == XOAuth2 || m == OAuthBearer }

// Cleartext says whether the mode hands the secret itself to the server, so
// that without TLS everybody on the way reads it. A token is such a secret.
func (m Mode) Cleartext() bool {
	switch m {
	case Auto, Login, Plain, XOAuth2, OAuthBearer:
		return true
	}
	return false
}

// IsStatic says whether the mechanism sends the same every time, so that a person
// can type it.
func (m Mode) IsStatic() bool { return m.Cleartext() || m == External }

// Credentials are what a mechanism works with.
type Credentials struct {
	// Username is the account; "" only for EXTERNAL, where the certificate names it.
	Username string
	Password secret.Secret
	Token    secret.Secret
	// Host and Port are those of the server, for OAUTHBEARER.
	Host string
	Port uint16
	// Binding ties SCRAM-SHA-256-PLUS to the TLS session; other mechanisms ignore it.
	Binding Binding
	// Exposed says that others may read the exchange and the user has not accepted
	// that. SCRAM then refuses what makes the password cheap to guess.
	Exposed bool
	// Nonce takes the place of SCRAM's random nonce; "" means a random one.
	Nonce string
}

// Client is a mechanism under way.
type Client interface {
	sasl.Client
	// Explanation is what the server said, inside the exchange, of why it fails:
	// "status 401, scope https://mail.google.com/". Foreign text; "" when nothing.
	Explanation() string
	// Remark is what made the password cheap to guess for somebody who reads the
	// exchange; "" when nothing did.
	Remark() string
	// Verify is asked once the server has called the exchange a success. Its
	// error says why it is none.
	Verify() error
}

// Client returns the client of a mode's mechanism, or nil when it has none.
func (m Mode) Client(c Credentials) Client {
	switch m {
	case Plain:
		return oneWay{sasl.NewPlainClient("", c.Username, c.Password.Reveal())}
	case CRAMMD5:
		return oneWay{&cramMD5{c}}
	case SCRAMSHA1, SCRAMSHA256, SCRAMSHA256Plus:
		return newSCRAM(m, c)
	case XOAuth2:
		return newXOAuth2(c)
	case OAuthBearer:
		return newOAuthBearer(c)
	case External:
		// The response is the identity to act as, empty for the one the certificate
		// stands for. See RFC 4422 appendix A.
		return oneWay{sasl.NewExternalClient(c.Username)}
	}
	return nil
}

// oneWay makes a Client of a mechanism in which only the client proves anything.
type oneWay struct{ sasl.Client }

// Explanation returns nothing: such a server has no place to explain itself.
func (oneWay) Explanation() string { return "" }

// Remark returns nothing: the server chooses no parameters.
func (oneWay) Remark() string { return "" }

// Verify returns nil.
func (oneWay) Verify() error { return nil }
