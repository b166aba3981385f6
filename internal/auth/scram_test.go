package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	oracle "github.com/xdg-go/scram"

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

// TestSCRAMWeak: what makes the password cheap to guess is refused where others may
// read along, and is said elsewhere.
func TestSCRAMWeak(t *testing.T) {
	for _, tt := range []struct{ name, first, want string }{
		{"least", "r=abcdef,s=QUJDREVGR0g=,i=4096", ""},
		{"one iteration", "r=abcdef,s=QUJDREVGR0g=,i=1", "the server asks for 1 SCRAM iterations, 4096 is"},
		{"one less", "r=abcdef,s=QUJDREVGR0g=,i=4095", "the server asks for 4095 SCRAM iterations"},
		{"short salt", "r=abcdef,s=QUJDREVGRw==,i=4096", "the server's SCRAM salt has 7 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, exposed := range []bool{false, true} {
				c := SCRAMSHA256.Client(Credentials{Username: "user", Password: secret.New("pencil"), Nonce: "abc", Exposed: exposed})
				proof, err := c.Next([]byte(tt.first))
				if refused := exposed && tt.want != ""; errors.Is(err, report.ErrPlaintextRefused) != refused || (proof == nil) != refused {
					t.Errorf("exposed %v: %q, error %v, want refused %v", exposed, proof, err, refused)
				}
				if got := c.Remark(); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
					t.Errorf("exposed %v: remark %q, want %q", exposed, got, tt.want)
				}
			}
		})
	}
}

// TestSCRAMNoErrorThenSuccess: a server that has said "e=" cannot go on with an
// empty signature.
func TestSCRAMNoErrorThenSuccess(t *testing.T) {
	c := SCRAMSHA256.Client(Credentials{Username: "user", Password: secret.New("pencil"), Nonce: "abc"})
	for _, challenge := range []string{"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", "e=other-error", "v="} {
		c.Next([]byte(challenge))
	}
	if err := c.Verify(); !errors.Is(err, report.ErrServerProof) {
		t.Errorf("Verify: %v, want ErrServerProof", err)
	}
}

// scramLogin logs in to the server of another implementation, which has one user.
// It returns nil when both sides are content. binding is that of the server's TLS
// session, the zero one where it asks for none.
func scramLogin(t *testing.T, m Mode, c Credentials, user, password string, binding Binding) error {
	t.Helper()
	hash := oracle.SHA256
	if m == SCRAMSHA1 {
		hash = oracle.SHA1
	}
	known, err := hash.NewClientUnprepped(user, password, "")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := known.GetStoredCredentialsWithError(oracle.KeyFactors{Salt: "salty", Iters: 5000})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := hash.NewServer(func(name string) (oracle.StoredCredentials, error) {
		if name != user {
			return stored, fmt.Errorf("got user %q, want %q", name, user)
		}
		return stored, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	theirs := srv.NewConversation()
	if binding.Type != "" {
		theirs = srv.NewConversationWithChannelBindingRequired(oracle.ChannelBinding{Type: oracle.ChannelBindingType(binding.Type), Data: binding.Data})
	}
	ours := m.Client(c)
	name, said, err := ours.Start()
	if name != m.Mechanism() || err != nil {
		t.Fatalf("Start: %q %v", name, err)
	}
	for !theirs.Done() {
		challenge, err := theirs.Step(string(said))
		if err != nil {
			return err
		}
		if said, err = ours.Next([]byte(challenge)); err != nil {
			return err
		}
	}
	if theirs.AuthzID() != c.Authzid {
		return fmt.Errorf("the server is to act as %q, want %q", theirs.AuthzID(), c.Authzid)
	}
	if !theirs.Valid() {
		return errors.New("the server is not content")
	}
	return ours.Verify()
}

// TestSCRAMAgainstServer logs in with names and passwords that need care, and not
// with a wrong one.
func TestSCRAMAgainstServer(t *testing.T) {
	for _, mode := range []Mode{SCRAMSHA1, SCRAMSHA256} {
		for _, a := range []struct{ user, password string }{
			{"alice", "secret"}, {"a,b=c", "x,y=z"}, {`NTDOMAIN\u\alias`, "pässwörd-密码"}, {"u", "x²"},
		} {
			c := Credentials{Username: a.user, Password: secret.New(a.password)}
			if err := scramLogin(t, mode, c, a.user, a.password, Binding{}); err != nil {
				t.Errorf("%s %q: %v", mode, a.user, err)
			}
			acting := c
			acting.Authzid = "b,o=b"
			if err := scramLogin(t, mode, acting, a.user, a.password, Binding{}); err != nil {
				t.Errorf("%s %q, to act as another user: %v", mode, a.user, err)
			}
			if err := scramLogin(t, mode, c, a.user, a.password+"x", Binding{}); err == nil {
				t.Errorf("%s %q: the server takes a wrong password", mode, a.user)
			}
		}
	}
}
