// Package auth has what a login needs: the SASL mechanisms (RFC 4422) under the
// names of --auth, and the sources of OAuth 2.0 access tokens (RFC 6749). It does not
// speak IMAP, and session chooses the mechanism, as that depends on what the server
// offers.
//
// A mechanism is used in this order: Mode.Client, Start, Next for every challenge,
// and Verify when the server has reported success.
package auth

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"strings"

	"github.com/emersion/go-sasl"

	"check_imap_session/internal/secret"
)

// Mode is a value of --auth.
type Mode string

// The modes. With Auto, the choice depends on what the server offers and which
// secret there is; Login is the IMAP command. The others, except None, are SASL
// mechanisms.
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

// Mechanism returns the name of the mode's SASL mechanism, such as "SCRAM-SHA-256",
// and "" for a mode that is not a SASL mechanism.
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

// TakesAuthzid says whether the mode may log in as one user and act as another. See
// RFC 4616 section 2, RFC 5802 section 5.1 and RFC 7628 section 3.1.
func (m Mode) TakesAuthzid() bool {
	switch m {
	case Auto, Plain, SCRAMSHA1, SCRAMSHA256, SCRAMSHA256Plus, OAuthBearer:
		return true
	}
	return false
}

// Cleartext says whether the mode sends the secret itself, a password or a token, so
// that without TLS everybody on the way can read it.
func (m Mode) Cleartext() bool {
	switch m {
	case Auto, Login, Plain, XOAuth2, OAuthBearer:
		return true
	}
	return false
}

// IsStatic says whether the mechanism always sends the same text, so that a person
// can type it.
func (m Mode) IsStatic() bool { return m.Cleartext() || m == External }

// Credentials are the input of a mechanism.
type Credentials struct {
	// Username is the account; "" only for EXTERNAL, where the certificate names it.
	Username string
	// Authzid is the user to act as, in place of Username; "" for the same one. Only
	// modes that TakesAuthzid names send it.
	Authzid  string
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
	// Nonce is SCRAM's nonce, for tests; "" means a random one.
	Nonce string
}

// Client is one authentication exchange.
type Client interface {
	sasl.Client
	// Explanation is the reason for a failure that the server gave inside the
	// exchange, such as "status 401, scope https://mail.google.com/"; "" when it gave
	// none. It is foreign text.
	Explanation() string
	// Remark is what made the password cheap to guess for somebody who reads the
	// exchange; "" when nothing did.
	Remark() string
	// Verify is called when the server has reported success. An error says why that
	// is not to be trusted.
	Verify() error
}

// Client returns a new exchange, nil for a mode that is not a SASL mechanism.
func (m Mode) Client(c Credentials) Client {
	switch m {
	case Plain:
		return oneWay{sasl.NewPlainClient(c.Authzid, c.Username, c.Password.Reveal())}
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

// oneWay makes a Client of a mechanism in which only the client authenticates.
type oneWay struct{ sasl.Client }

// Explanation returns nothing: these mechanisms have no field for it.
func (oneWay) Explanation() string { return "" }

// Remark returns nothing: the server chooses no parameters.
func (oneWay) Remark() string { return "" }

// Verify returns nil.
func (oneWay) Verify() error { return nil }

// cramMD5 is CRAM-MD5: the response is the name and a digest of the server's
// challenge. See RFC 2195 section 2.
type cramMD5 struct{ c Credentials }

// Start returns no initial response: the mechanism has none.
func (*cramMD5) Start() (string, []byte, error) { return CRAMMD5.Mechanism(), nil, nil }

func (m *cramMD5) Next(challenge []byte) ([]byte, error) {
	if len(challenge) == 0 || m.c.Password.IsZero() {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	mac := hmac.New(md5.New, []byte(m.c.Password.Reveal()))
	mac.Write(challenge)
	m.c = Credentials{Username: m.c.Username} // one challenge, one answer
	return []byte(m.c.Username + " " + hex.EncodeToString(mac.Sum(nil))), nil
}
