package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"hash"
	"strings"
	"testing"

	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// TestSCRAMVectors holds SCRAM to the examples of RFC 5802 section 5 and RFC 7677
// section 3.
func TestSCRAMVectors(t *testing.T) {
	for _, tt := range []struct {
		mode                                              Mode
		nonce, first, serverFirst, final, serverSignature string
	}{
		{SCRAMSHA1, "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{SCRAMSHA256, "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	} {
		t.Run(string(tt.mode), func(t *testing.T) {
			c := tt.mode.Client(Credentials{Username: "user", Password: secret.New("pencil"), Nonce: tt.nonce})
			name, ir, err := c.Start()
			if name != tt.mode.Mechanism() || string(ir) != tt.first || err != nil {
				t.Fatalf("Start: %q %q %v, want %q", name, ir, err, tt.first)
			}
			final, err := c.Next([]byte(tt.serverFirst))
			if string(final) != tt.final || err != nil {
				t.Fatalf("Next: %q %v, want %q", final, err, tt.final)
			}
			if err := c.Verify(); !errors.Is(err, report.ErrServerProof) {
				t.Errorf("Verify before the server's signature: %v, want ErrServerProof", err)
			}
			last, err := c.Next([]byte(tt.serverSignature))
			if last == nil || len(last) != 0 || err != nil {
				t.Errorf("Next: %q %v, want an empty response", last, err)
			}
			if err := c.Verify(); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if more, err := c.Next(nil); err == nil {
				t.Errorf("one challenge too many was answered: %q", more)
			}
		})
	}
}

// TestSCRAMBadServer goes through what a server can do wrong.
func TestSCRAMBadServer(t *testing.T) {
	const ok = "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"
	for _, tt := range []struct {
		name, first, final string
		proof              bool   // the failure is that of the proof
		explains           string // no failure of ours: the server explains its own
	}{
		{name: "other nonce", first: "r=xyzdef,s=QSXCR+Q6sek8bf92,i=4096"},
		{name: "no nonce of its own", first: "r=abc,s=QSXCR+Q6sek8bf92,i=4096"},
		{name: "no salt", first: "r=abcdef,s=,i=4096"},
		{name: "bad salt", first: "r=abcdef,s=!,i=4096"},
		{name: "no iterations", first: "r=abcdef,s=QSXCR+Q6sek8bf92,i=0"},
		{name: "endless iterations", first: "r=abcdef,s=QSXCR+Q6sek8bf92,i=4294967295"},
		{name: "demands an extension", first: "m=x,r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"},
		{name: "nonsense", first: "hello"},
		{name: "empty", first: ""},
		{name: "wrong signature", first: ok, final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", proof: true},
		{name: "empty signature", first: ok, final: "v=", proof: true},
		{name: "no signature", first: ok, final: "x=1"},
		{name: "error", first: ok, final: "e=invalid-proof", explains: "invalid-proof"},
		{name: "early error", first: "e=unknown-user", explains: "unknown-user"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := SCRAMSHA256.Client(Credentials{Username: "user", Password: secret.New("pencil"), Nonce: "abc"})
			_, err := c.Next([]byte(tt.first))
			if err == nil && tt.final != "" {
				_, err = c.Next([]byte(tt.final))
			}
			if got := c.Explanation(); got != tt.explains {
				t.Errorf("explanation %q, want %q", got, tt.explains)
			}
			if tt.explains == "" && err == nil || tt.explains != "" && err != nil || errors.Is(err, report.ErrServerProof) != tt.proof {
				t.Errorf("error %v", err)
			}
			if err := c.Verify(); err == nil {
				t.Error("Verify is content")
			}
		})
	}
}

// TestSCRAMNoErrorThenSuccess: a server that has said "e=" cannot go on with an
// empty signature.
func TestSCRAMNoErrorThenSuccess(t *testing.T) {
	c := SCRAMSHA256.Client(Credentials{Username: "user", Password: secret.New("pencil"), Nonce: "abc"})
	for _, challenge := range []string{"r=abcdef,s=QSXCR+Q6sek8bf92,i=1", "e=other-error", "v="} {
		c.Next([]byte(challenge))
	}
	if err := c.Verify(); !errors.Is(err, report.ErrServerProof) {
		t.Errorf("Verify: %v, want ErrServerProof", err)
	}
}

// scramServer is the other side, made from RFC 5802 without a look at ours.
type scramServer struct {
	hash     func() hash.Hash
	password string
	binding  Binding // "" means none is wanted
	gs2      string
	first    string // bare message of the client, a comma, our first message
	nonce    string
}

func (s *scramServer) mac(key, text []byte) []byte {
	h := hmac.New(s.hash, key)
	h.Write(text)
	return h.Sum(nil)
}

func (s *scramServer) challenge(clientFirst string) string {
	parts := strings.SplitN(clientFirst, ",", 3)
	s.gs2 = parts[0] + "," + parts[1] + ","
	s.nonce = parts[2][strings.Index(parts[2], ",r=")+3:] + "server"
	challenge := "r=" + s.nonce + ",s=" + base64.StdEncoding.EncodeToString([]byte("salty")) + ",i=5000"
	s.first = parts[2] + "," + challenge
	return challenge
}

// signature returns the server's last message, or "" when the client's proof or
// its channel binding is wrong.
func (s *scramServer) signature(clientFinal string) string {
	without, proof64, _ := strings.Cut(clientFinal, ",p=")
	proof, _ := base64.StdEncoding.DecodeString(proof64)
	want := s.gs2
	if s.binding.Type != "" {
		want = "p=" + s.binding.Type + ",," + string(s.binding.Data)
	}
	if without != "c="+base64.StdEncoding.EncodeToString([]byte(want))+",r="+s.nonce {
		return ""
	}
	salted, _ := pbkdf2.Key(s.hash, s.password, []byte("salty"), 5000, s.hash().Size())
	clientKey := s.mac(salted, []byte("Client Key"))
	h := s.hash()
	h.Write(clientKey)
	message := []byte(s.first + "," + without)
	key := make([]byte, len(clientKey))
	subtle.XORBytes(key, proof, s.mac(h.Sum(nil), message))
	if !bytes.Equal(key, clientKey) {
		return ""
	}
	return "v=" + base64.StdEncoding.EncodeToString(s.mac(s.mac(salted, []byte("Server Key")), message))
}

// TestSCRAMAgainstServer logs in with names and passwords that need care.
func TestSCRAMAgainstServer(t *testing.T) {
	for _, mode := range []Mode{SCRAMSHA1, SCRAMSHA256} {
		for _, a := range []struct{ user, password string }{
			{"alice", "secret"}, {"a,b=c", "x,y=z"}, {`NTDOMAIN\u\alias`, "pässwörd-密码"}, {"u", "x²"},
		} {
			srv := &scramServer{hash: sha256.New, password: a.password}
			if mode == SCRAMSHA1 {
				srv.hash = sha1.New
			}
			c := mode.Client(Credentials{Username: a.user, Password: secret.New(a.password)})
			_, first, _ := c.Start()
			if want := "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(a.user) + ","; !strings.Contains(string(first), want) {
				t.Errorf("first message %q, want %q in it", first, want)
			}
			final, err := c.Next([]byte(srv.challenge(string(first))))
			if err != nil {
				t.Fatal(err)
			}
			v := srv.signature(string(final))
			if v == "" {
				t.Fatalf("%s %q: the server does not take the proof", mode, a.user)
			}
			if _, err := c.Next([]byte(v)); err != nil || c.Verify() != nil {
				t.Errorf("%s %q: %v %v", mode, a.user, err, c.Verify())
			}
		}
	}
}
