package auth

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"

	"github.com/emersion/go-sasl"
)

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
