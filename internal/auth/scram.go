package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"

	"check_imap_session/internal/report"
)

// maxIterations limits the work that a server can ask for to about a second of one
// core. Servers ask for 4096 to 600,000.
const maxIterations = 5_000_000

const (
	// minIterations is what RFC 5802 section 5.1 and RFC 7677 section 4 want of
	// servers. With fewer, an exchange that somebody reads makes the password cheap
	// to guess.
	minIterations = 4096
	// minSalt is in bytes. With a shorter salt, guesses can be computed beforehand.
	// See RFC 8018 section 4.1.
	minSalt = 8
)

// scram is SCRAM with SHA-1 (RFC 5802) or SHA-256 (RFC 7677), with channel
// binding as SCRAM-SHA-256-PLUS.
//
// The password is used as it is, without SASLprep (RFC 4013). Dovecot and Cyrus SASL
// do the same, so a password like "x²" works with them only this way. For a server
// that does use SASLprep, nothing changes in printable ASCII and in letters as
// keyboards make them (NFC).
type scram struct {
	mode      Mode
	c         Credentials
	hash      func() hash.Hash
	gs2       string // the GS2 header: channel binding and authorization identity
	bare      string // the first message without the header
	nonce     string
	signature []byte // that the server must send; nil until the proof is made
	stage     stage
	explains  string
	remark    string
}

// stage is the state of an exchange.
type stage int

const (
	wantsChallenge stage = iota
	wantsSignature
	verified
)

func newSCRAM(m Mode, c Credentials) *scram {
	s := &scram{mode: m, c: c, hash: sha256.New, gs2: "n,", nonce: c.Nonce}
	switch m {
	case SCRAMSHA1:
		s.hash = sha1.New
	case SCRAMSHA256Plus:
		s.gs2 = "p=" + c.Binding.Type + ","
	}
	if c.Authzid != "" {
		s.gs2 += "a=" + saslname(c.Authzid)
	}
	s.gs2 += ","
	if s.nonce == "" {
		s.nonce = rand.Text()
	}
	s.bare = "n=" + saslname(c.Username) + ",r=" + s.nonce
	return s
}

func (s *scram) Start() (string, []byte, error) {
	if s.mode == SCRAMSHA256Plus && s.c.Binding.Type == "" {
		return s.mode.Mechanism(), nil, ErrNoBinding
	}
	return s.mode.Mechanism(), []byte(s.gs2 + s.bare), nil
}

func (s *scram) Next(challenge []byte) ([]byte, error) {
	switch s.stage {
	case wantsChallenge:
		return s.proof(string(challenge))
	case wantsSignature:
		return []byte{}, s.check(string(challenge))
	}
	return nil, sasl.ErrUnexpectedServerChallenge
}

func (s *scram) Explanation() string { return s.explains }

func (s *scram) Remark() string { return s.remark }

// Verify refuses a success without the server's signature: it may come from somebody
// who does not know the password.
func (s *scram) Verify() error {
	if s.stage != verified {
		return report.ErrServerProof
	}
	return nil
}

// proof answers the server's first message. See RFC 5802 sections 3 and 5.1.
func (s *scram) proof(serverFirst string) ([]byte, error) {
	if text, ok := strings.CutPrefix(serverFirst, "e="); ok {
		return s.explain(text), nil
	}
	nonce, salt, iterations, err := s.parse(serverFirst)
	if err != nil {
		return nil, err
	}
	switch {
	case iterations < minIterations:
		s.remark = fmt.Sprintf("the server asks for %d SCRAM iterations, %d is the least that is safe", iterations, minIterations)
	case len(salt) < minSalt:
		s.remark = fmt.Sprintf("the server's SCRAM salt has %d bytes, %d is the least that is safe", len(salt), minSalt)
	}
	if s.remark != "" && s.c.Exposed {
		return nil, fmt.Errorf("%w: %s", report.ErrPlaintextRefused, s.remark)
	}
	binding := append([]byte(s.gs2), s.c.Binding.Data...)
	if s.mode != SCRAMSHA256Plus {
		binding = []byte(s.gs2)
	}
	final := "c=" + base64.StdEncoding.EncodeToString(binding) + ",r=" + nonce
	message := s.bare + "," + serverFirst + "," + final

	salted, err := pbkdf2.Key(s.hash, s.c.Password.Reveal(), salt, iterations, s.hash().Size())
	if err != nil {
		return nil, err
	}
	clientKey := s.mac(salted, "Client Key")
	h := s.hash()
	h.Write(clientKey)
	proof := s.mac(h.Sum(nil), message)
	subtle.XORBytes(proof, proof, clientKey)
	s.signature = s.mac(s.mac(salted, "Server Key"), message)
	s.stage = wantsSignature
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// parse reads "r=NONCE,s=SALT,i=ITERATIONS" and perhaps extensions.
func (s *scram) parse(serverFirst string) (nonce string, salt []byte, iterations int, err error) {
	if strings.HasPrefix(serverFirst, "m=") {
		return "", nil, 0, errors.New("SCRAM: the server demands an extension that we do not know")
	}
	first, rest, _ := strings.Cut(serverFirst, ",")
	second, rest, _ := strings.Cut(rest, ",")
	third, _, _ := strings.Cut(rest, ",")
	nonce, hasNonce := strings.CutPrefix(first, "r=")
	salt64, hasSalt := strings.CutPrefix(second, "s=")
	count, hasCount := strings.CutPrefix(third, "i=")
	if !hasNonce || !hasSalt || !hasCount {
		return "", nil, 0, errors.New("SCRAM: the challenge is not understood")
	}
	if !strings.HasPrefix(nonce, s.nonce) || len(nonce) == len(s.nonce) {
		return "", nil, 0, errors.New("SCRAM: the server's nonce does not begin with ours")
	}
	salt, err = base64.StdEncoding.DecodeString(salt64)
	if err != nil || len(salt) == 0 {
		return "", nil, 0, errors.New("SCRAM: the salt is not understood")
	}
	iterations, err = strconv.Atoi(count)
	if err != nil || iterations < 1 || iterations > maxIterations {
		return "", nil, 0, fmt.Errorf("SCRAM: the server asks for %.20q iterations", count)
	}
	return nonce, salt, iterations, nil
}

// check verifies the server's signature.
func (s *scram) check(serverFinal string) error {
	if text, ok := strings.CutPrefix(serverFinal, "e="); ok {
		s.explain(text) // the NO follows
		return nil
	}
	text, ok := strings.CutPrefix(serverFinal, "v=")
	text, _, _ = strings.Cut(text, ",")
	got, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return errors.New("SCRAM: the server's last message is not understood")
	}
	if subtle.ConstantTimeCompare(got, s.signature) != 1 || len(got) == 0 {
		return report.ErrServerProof
	}
	s.stage = verified
	return nil
}

// explain keeps the server's reason, such as "invalid-proof". The tagged NO comes
// after an empty response. See RFC 5802 section 7.
func (s *scram) explain(text string) []byte {
	text, _, _ = strings.Cut(text, ",")
	s.explains, s.stage = text, wantsSignature
	s.signature = nil
	return []byte{}
}

func (s *scram) mac(key []byte, text string) []byte {
	h := hmac.New(s.hash, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
