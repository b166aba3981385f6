package auth

import (
	"testing"

	"check_imap_session/internal/secret"
)

// TestMechanisms holds the messages of each mechanism to its RFC.
func TestMechanisms(t *testing.T) {
	c := Credentials{Username: "user@example.com", Password: secret.New("tanstaaftanstaaf"), Token: secret.New("vF9dft4qmT"), Host: "server.example.com", Port: 143, Nonce: "nonce"}
	for _, tt := range []struct {
		mode              Mode
		user, authzid     string
		mechanism, ir     string // "none": no initial response
		challenge, answer string
		explains          string
		final             bool // the rest of the exchange has a test of its own
	}{
		{mode: Plain, mechanism: "PLAIN", ir: "\x00user@example.com\x00tanstaaftanstaaf"},
		// RFC 4616 section 4
		{mode: Plain, user: "Kurt", authzid: "Ursel", mechanism: "PLAIN", ir: "Ursel\x00Kurt\x00tanstaaftanstaaf"},
		{mode: SCRAMSHA256, user: "Kurt", authzid: "a,b=c", mechanism: "SCRAM-SHA-256", ir: "n,a=a=2Cb=3Dc,n=Kurt,r=nonce", final: true},
		{mode: OAuthBearer, user: "Kurt", authzid: "Ursel", mechanism: "OAUTHBEARER", ir: "n,a=Ursel,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmT\x01\x01",
			challenge: "{}", answer: "\x01"},
		// RFC 2195 section 2
		{mode: CRAMMD5, user: "tim", mechanism: "CRAM-MD5", ir: "none",
			challenge: "<1896.697170952@postoffice.reston.mci.net>", answer: "tim b913a602c7eda7a495b4e6e7334d3890"},
		// Google's documentation of XOAUTH2
		{mode: XOAuth2, mechanism: "XOAUTH2", ir: "user=user@example.com\x01auth=Bearer vF9dft4qmT\x01\x01",
			challenge: `{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}`, answer: "",
			explains: "status 401, scope https://mail.google.com/"},
		// RFC 7628 section 4.1 and 4.3
		{mode: OAuthBearer, mechanism: "OAUTHBEARER", ir: "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmT\x01\x01",
			challenge: `{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-config"}`, answer: "\x01",
			explains: "status invalid_token, scope example_scope"},
		{mode: OAuthBearer, user: "a,b=c", mechanism: "OAUTHBEARER", ir: "n,a=a=2Cb=3Dc,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmT\x01\x01",
			challenge: "not JSON", answer: "\x01", explains: "not JSON"},
		{mode: XOAuth2, mechanism: "XOAUTH2", ir: "user=user@example.com\x01auth=Bearer vF9dft4qmT\x01\x01",
			challenge: `{"status":400}`, answer: "", explains: "status 400"},
		{mode: External, mechanism: "EXTERNAL", ir: "user@example.com"},
		{mode: External, user: "-", mechanism: "EXTERNAL", ir: ""},
	} {
		t.Run(string(tt.mode), func(t *testing.T) {
			c := c
			switch tt.user {
			case "":
			case "-":
				c.Username = ""
			default:
				c.Username = tt.user
			}
			c.Authzid = tt.authzid
			m := tt.mode.Client(c)
			name, ir, err := m.Start()
			if name != tt.mechanism || err != nil || (ir == nil) != (tt.ir == "none") || ir != nil && string(ir) != tt.ir {
				t.Errorf("Start: %q %q %v, want %q %q", name, ir, err, tt.mechanism, tt.ir)
			}
			if tt.final {
				return
			}
			if tt.challenge != "" {
				answer, err := m.Next([]byte(tt.challenge))
				if string(answer) != tt.answer || answer == nil || err != nil {
					t.Errorf("Next: %q %v, want %q", answer, err, tt.answer)
				}
			}
			if m.Explanation() != tt.explains || m.Verify() != nil {
				t.Errorf("explanation %q, %v, want %q", m.Explanation(), m.Verify(), tt.explains)
			}
			if answer, err := m.Next([]byte("more")); err == nil {
				t.Errorf("one challenge too many was answered: %q", answer)
			}
		})
	}
}

// TestModes: every mode but auto, login and none is a mechanism, and what each
// works with.
func TestModes(t *testing.T) {
	for _, tt := range []struct {
		mode                     Mode
		mechanism                string
		password, token, inClear bool
		authzid                  bool
	}{
		{Auto, "", true, true, true, true},
		{Login, "", true, false, true, false},
		{Plain, "PLAIN", true, false, true, true},
		{CRAMMD5, "CRAM-MD5", true, false, false, false},
		{SCRAMSHA1, "SCRAM-SHA-1", true, false, false, true},
		{SCRAMSHA256, "SCRAM-SHA-256", true, false, false, true},
		{SCRAMSHA256Plus, "SCRAM-SHA-256-PLUS", true, false, false, true},
		{XOAuth2, "XOAUTH2", false, true, true, false},
		{OAuthBearer, "OAUTHBEARER", false, true, true, true},
		{External, "EXTERNAL", false, false, false, false},
		{None, "", false, false, false, false},
	} {
		got := []any{tt.mode.Mechanism(), tt.mode.TakesPassword(), tt.mode.TakesToken(), tt.mode.Cleartext(), tt.mode.TakesAuthzid()}
		for i, want := range []any{tt.mechanism, tt.password, tt.token, tt.inClear, tt.authzid} {
			if got[i] != want {
				t.Errorf("%s: value %d is %v, want %v", tt.mode, i, got[i], want)
			}
		}
		if (tt.mode.Client(Credentials{}) != nil) != (tt.mechanism != "") {
			t.Errorf("%s: has a client %v", tt.mode, tt.mechanism == "")
		}
	}
}
