package auth

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
)

// bearer is what XOAUTH2 and OAUTHBEARER have in common: one response with the
// token in it, and when the server does not like it, a challenge that says why
// and wants an answer before it says NO.
type bearer struct {
	mode      Mode
	response  string
	ack       []byte // the answer to the explanation
	explains  string
	explained bool
}

// newXOAuth2 returns XOAUTH2. An explanation is answered by an empty line. See
// Google's "OAuth 2.0 mechanism", developers.google.com/gmail/imap/xoauth2-protocol.
func newXOAuth2(c Credentials) Client {
	return &bearer{mode: XOAuth2, ack: []byte{},
		response: "user=" + c.Username + "\x01auth=Bearer " + c.Token.Reveal() + "\x01\x01"}
}

// newOAuthBearer returns OAUTHBEARER. An explanation is answered by one byte 01.
// See RFC 7628 sections 3.1 and 3.2.3.
func newOAuthBearer(c Credentials) Client {
	b := "n,a=" + saslname(c.Username) + ",\x01"
	if c.Host != "" {
		b += "host=" + c.Host + "\x01"
	}
	if c.Port != 0 {
		b += "port=" + strconv.Itoa(int(c.Port)) + "\x01"
	}
	return &bearer{mode: OAuthBearer, ack: []byte{1}, response: b + "auth=Bearer " + c.Token.Reveal() + "\x01\x01"}
}

func (b *bearer) Start() (string, []byte, error) {
	return b.mode.Mechanism(), []byte(b.response), nil
}

func (b *bearer) Next(challenge []byte) ([]byte, error) {
	if b.explained {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	b.explained = true
	b.explains = explanation(challenge)
	return b.ack, nil
}

func (b *bearer) Explanation() string { return b.explains }

// Remark returns nothing: there is no password.
func (*bearer) Remark() string { return "" }

// Verify returns nil: the server proves nothing in this mechanism.
func (*bearer) Verify() error { return nil }

// explanation puts the server's JSON into words: its status and its scope, which
// is what the token should have been for. What is no JSON is shown as it is.
func explanation(challenge []byte) string {
	var fields map[string]any
	if err := json.Unmarshal(challenge, &fields); err != nil {
		return strings.TrimSpace(string(challenge))
	}
	var words []string
	for _, name := range []string{"status", "scope", "error", "error_description"} {
		if v, ok := fields[name]; ok && v != nil && v != "" {
			words = append(words, fmt.Sprintf("%s %v", name, v))
		}
	}
	return strings.Join(words, ", ")
}

// saslname escapes a name for a GS2 header and for SCRAM. See RFC 5802 section 5.1.
func saslname(name string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(name)
}
