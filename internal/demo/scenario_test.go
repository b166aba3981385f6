package demo

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The first scenario is what a bare --demo runs; names and docs go into --help.
func TestScenariosAreDocumented(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	for _, sc := range Scenarios() {
		if !name.MatchString(sc.Name) || seen[sc.Name] {
			t.Errorf("scenario %q: the name is malformed or taken", sc.Name)
		}
		seen[sc.Name] = true
		if sc.Doc == "" || len(sc.Doc) > 70 || strings.ContainsAny(sc.Doc, "\n|") {
			t.Errorf("scenario %q: got doc %q, want one line of at most 70 bytes", sc.Name, sc.Doc)
		}
	}
	if got := Scenarios()[0].Name; got != "healthy" {
		t.Errorf("first scenario: got %q, want healthy", got)
	}
	if _, ok := Find("no-such"); ok {
		t.Error("Find(no-such): got a scenario, want none")
	}
}

// Each scenario passes until the step where it differs, and says there what
// its row promises. A scenario without a row here fails the test.
func TestScenarioDiffersWhereItSays(t *testing.T) {
	const (
		login   = `LOGIN demo demo`
		examine = `EXAMINE INBOX`
		fetch   = `FETCH 42 (FLAGS INTERNALDATE)`
	)
	tests := map[string]struct {
		greeting string // prefix; empty: an OK greeting
		passes   []string
		differs  string // empty: nothing does
		answer   string // prefix of the tagged answer to differs
	}{
		"healthy":              {passes: []string{login, `LIST "" "*"`, examine, fetch}},
		"slow-login":           {passes: []string{login, examine, fetch}},
		"auth-failed":          {differs: login, answer: "a NO [AUTHENTICATIONFAILED] Authentication failed."},
		"account-disabled":     {differs: login, answer: "a NO [CONTACTADMIN] Login disabled for this user"},
		"mailbox-missing":      {passes: []string{login, `LIST "" "*"`}, differs: examine, answer: "a NO [NONEXISTENT] No such mailbox"},
		"certificate-expiring": {passes: []string{login, examine, fetch}},
		"certificate-expired":  {},                                 // TestCertificateEnds
		"hang-at-fetch":        {passes: []string{login, examine}}, // TestFetchHangs
		"bye":                  {greeting: "* BYE [UNAVAILABLE] Server is shutting down"},
		"over-quota":           {passes: []string{login}, differs: examine, answer: "a NO [OVERQUOTA] Not enough disk quota"},
		"wrong-service":        {greeting: "220 mail.example.com ESMTP", differs: "CAPABILITY", answer: "500 5.5.2 "},
	}
	for _, sc := range Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			test, ok := tests[sc.Name]
			if !ok {
				t.Fatalf("scenario %s has no row in this test", sc.Name)
			}
			if sc.certificateLeft < 0 {
				t.Skip("no session without a valid certificate")
			}
			if sc.loginTakes > 0 {
				sc.loginTakes = time.Millisecond
			}
			c := connect(t, start(t, sc, Options{}))
			greeting := test.greeting
			if greeting == "" {
				greeting = "* OK [CAPABILITY IMAP4rev1 "
			}
			c.want(c.line(), greeting)
			for _, command := range test.passes {
				c.want(last(c.command(command)), "a OK ")
			}
			switch {
			case test.differs != "" && strings.HasPrefix(test.answer, "a "):
				c.want(last(c.command(test.differs)), test.answer)
			case test.differs != "":
				c.send("a " + test.differs)
				c.want(c.line(), test.answer)
			}
		})
	}
}

// After a refusal the session goes on, and LOGOUT is answered as RFC 9051
// section 6.1.3 wants it.
func TestLogoutAfterRefusal(t *testing.T) {
	for _, name := range []string{"healthy", "auth-failed", "mailbox-missing", "over-quota"} {
		t.Run(name, func(t *testing.T) {
			c := greeted(t, name)
			c.command("LOGIN demo demo")
			c.command("EXAMINE INBOX")
			got := c.command("LOGOUT")
			if want := []string{"* BYE Logging out", "a OK LOGOUT completed"}; !slices.Equal(got, want) {
				t.Errorf("LOGOUT: got %q, want %q", got, want)
			}
			c.wantEnd("LOGOUT")
		})
	}
}

// AUTHENTICATE PLAIN is refused in the same words as LOGIN.
func TestAuthenticatePlain(t *testing.T) {
	tests := []struct{ name, want string }{
		{"healthy", "a OK [CAPABILITY "},
		{"auth-failed", "a NO [AUTHENTICATIONFAILED] "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := greeted(t, test.name)
			c.want(last(c.command("AUTHENTICATE PLAIN AGRlbW8AZGVtbw==")), test.want)
		})
	}
}

// The scenario refuses a greeting and closes: nothing follows the BYE.
func TestByeCloses(t *testing.T) {
	c := greeted(t, "bye")
	c.wantEnd("BYE")
}

// SMTP ends with its own 221 and no IMAP behind it.
func TestWrongServiceQuits(t *testing.T) {
	c := greeted(t, "wrong-service")
	c.send("QUIT")
	c.want(c.line(), "221 ")
	c.wantEnd("221")
}

func TestMissingMailboxIsNotListed(t *testing.T) {
	c := greeted(t, "mailbox-missing")
	c.command("LOGIN demo demo")
	for _, line := range c.command(`LIST "" "*"`) {
		if strings.HasSuffix(line, " INBOX") {
			t.Errorf("LIST: got %q, want no INBOX", line)
		}
	}
}

// The hang swallows LOGOUT too, and ends with the client's close.
func TestFetchHangs(t *testing.T) {
	c := greeted(t, "hang-at-fetch")
	c.command("LOGIN demo demo")
	c.command("EXAMINE INBOX")
	c.send("a FETCH 42 (FLAGS)")
	c.send("b LOGOUT")
	if err := c.conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.wantEnd("FETCH")
}

// Days are counted as the plugin counts them: whole, rounded down.
func TestCertificateEnds(t *testing.T) {
	tests := []struct {
		name    string
		days    int
		expired bool
	}{
		{name: "healthy", days: 61},
		{name: "certificate-expiring", days: 5},
		{name: "certificate-expired", expired: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, find(t, test.name), Options{})
			conn, err := tls.Dial("tcp", s.Addr.String(), &tls.Config{RootCAs: s.Roots, ServerName: s.ServerName})
			if test.expired {
				var invalid x509.CertificateInvalidError
				if !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
					t.Fatalf("handshake: got %v, want an expired certificate", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			left := time.Until(conn.ConnectionState().PeerCertificates[0].NotAfter)
			if got := int(left / day); got != test.days {
				t.Errorf("days left: got %d, want %d", got, test.days)
			}
		})
	}
}
