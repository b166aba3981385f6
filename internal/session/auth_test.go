package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// b64 is text as it stands in a SASL exchange.
func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestChoice holds what is chosen, why, and what is not possible.
func TestChoice(t *testing.T) {
	token := func(b *rig) { b.cfg.Password, b.cfg.Token = secret.Secret{}, secret.New("a-token") }
	for _, tt := range []struct {
		name   string
		mode   TLSMode
		caps   string
		change func(*rig)
		want   string // the fact
		err    error
		text   string // in the error
	}{
		{"auto", TLSImplicit, "IMAP4rev1", nil, "LOGIN", nil, ""},
		{"auto, LOGIN disabled", TLSImplicit, "LOGINDISABLED AUTH=PLAIN", nil, "PLAIN (the server forbids LOGIN)", nil, ""},
		{"auto, nothing left", TLSImplicit, "LOGINDISABLED AUTH=XOAUTH2", nil, "none: the server says LOGINDISABLED", report.ErrLoginDisabled, "it offers XOAUTH2"},
		{"auto, clear", TLSNone, "IMAP4rev1", func(b *rig) { b.cfg.AllowPlaintext = false }, "none: the connection is not encrypted", report.ErrPlaintextRefused, ""},
		{"token", TLSImplicit, "AUTH=XOAUTH2 AUTH=OAUTHBEARER", token, "OAUTHBEARER (there is a token, and the server offers it)", nil, ""},
		{"token, LOGIN disabled", TLSImplicit, "AUTH=XOAUTH2 LOGINDISABLED", token, "XOAUTH2 (there is a token, and the server offers it)", nil, ""},
		{"token, lower case", TLSImplicit, "auth=xoauth2", token, "XOAUTH2 (there is a token, and the server offers it)", nil, ""},
		{"token, not offered", TLSImplicit, "AUTH=PLAIN AUTH=GSSAPI", token, "none: there is a token, and the server offers neither OAUTHBEARER nor XOAUTH2", report.ErrNoMechanism, "it offers GSSAPI PLAIN"},
		{"token, clear", TLSNone, "AUTH=XOAUTH2", func(b *rig) { token(b); b.cfg.AllowPlaintext = false }, "none: the connection is not encrypted", report.ErrPlaintextRefused, ""},
		{"another user", TLSImplicit, "AUTH=PLAIN", func(b *rig) { b.cfg.Authzid = "bob" }, "PLAIN (to act as another user, and the server offers it)", nil, ""},
		{"another user, not offered", TLSImplicit, "AUTH=CRAM-MD5", func(b *rig) { b.cfg.Authzid = "bob" }, "none: to act as another user takes PLAIN, which the server does not offer", report.ErrNoMechanism, "it offers CRAM-MD5"},
		{"another user with a token", TLSImplicit, "AUTH=XOAUTH2 AUTH=OAUTHBEARER", func(b *rig) { token(b); b.cfg.Authzid = "bob" }, "OAUTHBEARER (to act as another user, and the server offers it)", nil, ""},
		{"cram in clear", TLSNone, "AUTH=CRAM-MD5 LOGINDISABLED", func(b *rig) { b.cfg.Auth, b.cfg.AllowPlaintext = "cram-md5", false }, "CRAM-MD5 (asked for)", nil, ""},
		{"plain in clear", TLSNone, "AUTH=PLAIN", func(b *rig) { b.cfg.Auth, b.cfg.AllowPlaintext = "plain", false }, "none: the connection is not encrypted", report.ErrPlaintextRefused, ""},
		{"not offered", TLSImplicit, "AUTH=PLAIN AUTH=LOGIN", func(b *rig) { b.cfg.Auth = "scram-sha-256" }, "none: the server does not offer SCRAM-SHA-256", report.ErrNoMechanism, "it offers LOGIN PLAIN"},
		{"none offered", TLSImplicit, "IMAP4rev1", func(b *rig) { b.cfg.Auth = "plain" }, "none: the server does not offer PLAIN", report.ErrNoMechanism, "it offers no SASL mechanism"},
		{"LOGIN only", TLSImplicit, "LOGINDISABLED AUTH=PLAIN", func(b *rig) { b.cfg.Auth = "login" }, "none: the server says LOGINDISABLED", report.ErrLoginDisabled, "it offers PLAIN"},
		{"plain is not LOGIN", TLSImplicit, "LOGINDISABLED AUTH=PLAIN", func(b *rig) { b.cfg.Auth = "plain" }, "PLAIN (asked for)", nil, ""},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, tt.mode)
			if tt.change != nil {
				tt.change(b)
			}
			r := b.run(t, "S: * OK [CAPABILITY "+tt.caps+"] ready\nserve")
			if got := r.Fact("mechanism"); got != tt.want {
				t.Errorf("mechanism %q, want %q", got, tt.want)
			}
			e := r.Failure()
			if tt.err == nil && e == nil {
				return
			}
			if e == nil || tt.err == nil || !errors.Is(e.Err, tt.err) || !strings.Contains(e.Error(), tt.text) {
				t.Errorf("failure %v, want %v with %q", e, tt.err, tt.text)
			}
			for _, verb := range b.verbs() {
				if verb == "LOGIN" || verb == "AUTHENTICATE" {
					t.Errorf("commands %q, want no attempt", b.verbs())
				}
			}
		})
	}
}

// TestExchanges holds the lines of each mechanism, and its endings.
func TestExchanges(t *testing.T) {
	const fail = "S: {tag} NO [AUTHENTICATIONFAILED] no\nserve"
	xoauth2 := b64("user=alice\x01auth=Bearer a-token\x01\x01")
	for _, tt := range []struct {
		name, auth, caps, script string
		want                     error  // nil: logged in
		said                     string // among the server's words
		answer                   string // the client's line to the first challenge; "-" is not looked at
	}{
		{"cram-md5", "cram-md5", "SASL-IR",
			"C: {tag} AUTHENTICATE CRAM-MD5\nS: + " + b64("<1896.697170952@postoffice.reston.mci.net>") + "\nC: *\nS: {tag} OK in\nserve", nil, "", b64("alice e2574923e8a56abdc67483599206de90")},
		{"xoauth2 at once", "xoauth2", "SASL-IR",
			"C: {tag} AUTHENTICATE XOAUTH2 " + xoauth2 + "\nS: {tag} OK in\nserve", nil, "", "-"},
		{"xoauth2 at once, IMAP4rev2 alone", "xoauth2", "IMAP4rev2",
			"C: {tag} AUTHENTICATE XOAUTH2 " + xoauth2 + "\nS: {tag} OK in\nserve", nil, "", "-"},
		{"xoauth2 asked, both revisions", "xoauth2", "IMAP4rev1 IMAP4rev2",
			"C: {tag} AUTHENTICATE XOAUTH2\nS: +\nC: " + xoauth2 + "\nS: {tag} OK in\nserve", nil, "", "-"},
		{"xoauth2 asked", "xoauth2", "",
			"C: {tag} AUTHENTICATE XOAUTH2\nS: +\nC: " + xoauth2 + "\nS: {tag} OK in\nserve", nil, "", "-"},
		{"xoauth2 asked in words", "xoauth2", "",
			"C: {tag} AUTHENTICATE XOAUTH2\nS: + go ahead\nC: " + xoauth2 + "\nS: {tag} OK in\nserve", nil, "", "-"},
		{"xoauth2 refused", "xoauth2", "SASL-IR",
			"C: {tag} AUTHENTICATE XOAUTH2 *\nS: + " + b64(`{"status":"400","scope":"https://mail.google.com/"}`) + "\nC: *\n" + fail,
			report.ErrNo, "status 400, scope https://mail.google.com/", ""},
		{"oauthbearer refused", "oauthbearer", "SASL-IR",
			"C: {tag} AUTHENTICATE OAUTHBEARER *\nS: + " + b64(`{"status":"invalid_token"}`) + "\nC: *\n" + fail,
			report.ErrNo, "status invalid_token", "AQ=="},
		{"external at once", "external", "SASL-IR", "C: {tag} AUTHENTICATE EXTERNAL " + b64("alice") + "\nS: {tag} OK in\nserve", nil, "", "-"},
		{"scram without proof", "scram-sha-256", "SASL-IR",
			"C: {tag} AUTHENTICATE SCRAM-SHA-256 *\nS: {tag} OK in\nserve", report.ErrServerProof, "", "-"},
		{"scram with nonsense", "scram-sha-256", "SASL-IR",
			"C: {tag} AUTHENTICATE SCRAM-SHA-256 *\nS: + " + b64("r=other,s=AAAA,i=4096") + "\nC: *\nS: {tag} BAD cancelled\nserve", report.ErrProtocol, "", "*"},
		{"scram refused", "scram-sha-256", "SASL-IR",
			"C: {tag} AUTHENTICATE SCRAM-SHA-256 *\nS: + " + b64("e=unknown-user") + "\nC: *\n" + fail, report.ErrNo, "unknown-user", ""},
		{"no base64", "cram-md5", "", "C: {tag} AUTHENTICATE CRAM-MD5\nS: + <1@x>\nC: *\nS: {tag} BAD cancelled\nserve", report.ErrProtocol, "", "*"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSImplicit)
			b.cfg.Auth, b.cfg.Token = auth.Mode(tt.auth), secret.New("a-token")
			r := b.run(t, "S: * OK [CAPABILITY AUTH="+strings.ToUpper(tt.auth)+" "+tt.caps+"] ready\n"+tt.script)
			if sent := b.record.Received(); tt.answer != "-" && (len(sent) < 2 || sent[1] != tt.answer) {
				t.Errorf("sent %q, want %q second", sent, tt.answer)
			}
			e := r.Failure()
			switch {
			case tt.want == nil && e != nil:
				t.Errorf("failed: %v %v", e, e.Said)
			case tt.want != nil && (e == nil || !errors.Is(e.Err, tt.want)):
				t.Errorf("failure %v, want %v", e, tt.want)
			case tt.said != "" && !strings.Contains(strings.Join(e.Said, "|"), tt.said):
				t.Errorf("said %q, want %q", e.Said, tt.said)
			case e != nil && e.Mechanism != strings.ToUpper(tt.auth):
				t.Errorf("mechanism %q", e.Mechanism)
			}
		})
	}
}

// TestGivenToken says how long a token that was not fetched is good for.
func TestGivenToken(t *testing.T) {
	for _, tt := range []struct {
		in   time.Duration // its expiry; 0 for a token that does not say
		want string
	}{
		{0, "given, its lifetime is not known"},
		{time.Hour, "given, good for 3600 s"},
		{-4 * time.Minute, "given, expired 240 s ago"}, // the server's clock may be behind ours
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, TLSImplicit)
			b.cfg.Auth, b.cfg.Token = auth.XOAuth2, secret.New("a-token")
			if tt.in != 0 {
				claims := fmt.Sprintf(`{"exp":%d}`, time.Now().Add(tt.in).Unix())
				b.cfg.Token = secret.New("e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln")
			}
			r := b.run(t, "S: * OK [CAPABILITY AUTH=XOAUTH2 SASL-IR] ready\nserve")
			if got := r.Fact("token"); got != tt.want {
				t.Errorf("expires in %v: token %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// TestCapabilitiesAfterLogin writes down the list that a login brings, and no other.
func TestCapabilitiesAfterLogin(t *testing.T) {
	for answer, want := range map[string]string{
		"S: {tag} OK [CAPABILITY IMAP4rev1 IDLE] in": "[IDLE IMAP4REV1]",
		"S: {tag} OK in": "<nil>",
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, TLSNone).run(t, "greet\nserve LOGIN\n"+answer+"\nserve")
			if got := fmt.Sprint(r.Fact("capabilities_after_login")); got != want {
				t.Errorf("%s: got %s, want %s", answer, got, want)
			}
		})
	}
}
