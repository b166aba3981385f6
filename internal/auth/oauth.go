package auth

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
)

// bearer is what XOAUTH2 and OAUTHBEARER have in common: one response with the
// token in it. A server that refuses the token sends a challenge with the reason and
// waits for a response before the NO.
type bearer struct {
	mode      Mode
	response  string
	ack       []byte // the response to the refusal
	explains  string
	explained bool
}

// newXOAuth2 returns XOAUTH2. The response to a refusal is an empty line. See
// Google's "OAuth 2.0 mechanism", developers.google.com/gmail/imap/xoauth2-protocol.
func newXOAuth2(c Credentials) Client {
	return &bearer{mode: XOAuth2, ack: []byte{},
		response: "user=" + c.Username + "\x01auth=Bearer " + c.Token.Reveal() + "\x01\x01"}
}

// newOAuthBearer returns OAUTHBEARER. The response to a refusal is one byte 01.
// See RFC 7628 sections 3.1 and 3.2.3.
func newOAuthBearer(c Credentials) Client {
	b := "n,a=" + saslname(cmp.Or(c.Authzid, c.Username)) + ",\x01"
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

// explanation puts the server's JSON into words: the status, and the scope that the
// token needs. A challenge that is not JSON is returned as it is.
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
