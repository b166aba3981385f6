package explain

import (
	"strings"
	"testing"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// TestFailure wants the line that does by hand what failed, and only that.
func TestFailure(t *testing.T) {
	const tls = " -servername imap.test -verify_return_error -verify_hostname imap.test"
	const opened = "openssl s_client -quiet -crlf -connect 192.0.2.7:993" + tls
	const reached = "curl -v --connect-to ::192.0.2.7:993 -u alice "
	none := func(*session.Config) {}
	for _, tt := range []struct {
		name      string
		change    func(*session.Config)
		mechanism string // that the session used
		step, of  string
		want      string
	}{
		{"connect", none, "", "connect", "", "telnet 192.0.2.7 993"},
		{"tls", none, "", "tls", "", "openssl s_client -showcerts -connect 192.0.2.7:993" + tls},
		{"greeting", none, "", "greeting", "", opened},
		{"greeting before STARTTLS", func(c *session.Config) { c.TLS = session.TLSStart }, "", "greeting", "", "telnet 192.0.2.7 993"},
		{"capability", none, "", "capability", "", opened + ", then a1 CAPABILITY"},
		{"login, nothing known", none, "", "login", "", opened + ", then a1 LOGIN \"alice\" \"PASSWORD\""},
		{"login by LOGIN", none, "LOGIN (the server offers it)", "login", "", opened + ", then a1 LOGIN \"alice\" \"PASSWORD\""},
		{"login by PLAIN", none, "PLAIN (the server offers it)", "login", "", opened + ", then a1 AUTHENTICATE PLAIN, then what this prints: printf '\\0alice\\0PASSWORD' | base64 -w0"},
		{"capability, CRAM-MD5 chosen", func(c *session.Config) { c.Auth = auth.CRAMMD5 }, "", "capability", "", opened + ", then a1 CAPABILITY"},
		{"login by CRAM-MD5", none, "CRAM-MD5", "login", "", opened + ", then a1 LOGIN \"alice\" \"PASSWORD\""},
		{"login, CRAM-MD5 chosen", func(c *session.Config) { c.Auth = auth.CRAMMD5 }, "LOGIN", "login", "",
			reached + "--login-options AUTH=CRAM-MD5 imaps://imap.test:993/"},
		{"select", none, "LOGIN", "select", "", opened + ", then a1 LOGIN \"alice\" \"PASSWORD\", then a2 EXAMINE \"INBOX\""},
		{"select behind CRAM-MD5", func(c *session.Config) { c.Auth = auth.CRAMMD5 }, "", "select", "",
			reached + "--login-options AUTH=CRAM-MD5 -X 'EXAMINE \"INBOX\"' imaps://imap.test:993/"},
		{"fetch of the second", func(c *session.Config) { c.Mailbox, c.Mailboxes = "", session.Mailboxes([]string{"a", "b"}) }, "LOGIN", "fetch", "b",
			opened + ", then a1 LOGIN \"alice\" \"PASSWORD\", then a2 EXAMINE \"b\", then a3 FETCH N (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])"},
	} {
		c := checkOf(func(c *session.Config) { c.Auth = auth.Auto; tt.change(c) })
		plan, err := session.Plan(c)
		if err != nil {
			t.Fatal(err)
		}
		r := &report.Report{Target: report.Target{Address: "192.0.2.7"}, Facts: []report.Fact{{Name: "mechanism", Value: tt.mechanism}}}
		at := -1
		for i, s := range plan {
			r.Steps = append(r.Steps, report.StepResult{Name: s.Name, Mailbox: s.Mailbox, Outcome: report.Passed})
			if at < 0 && s.Name == tt.step && s.Mailbox.Name == tt.of {
				at, r.Steps[i].Outcome = i, report.Failed
			}
		}
		Failure(r, c, plan[:1]) // that of another session
		Failure(r, c, plan)
		for i, s := range r.Steps {
			want := ""
			if i == at {
				want = tt.want
			}
			if s.ByHand != want {
				t.Errorf("%s, %s: got  %s\nwant %s", tt.name, s.Name, s.ByHand, want)
			}
		}
	}
}

// TestAnswers: each command has its answer, and one that goes on behind "+" has it there.
func TestAnswers(t *testing.T) {
	c := checkOf(func(c *session.Config) { c.Auth, c.Until = auth.Plain, "login" })
	plan, err := session.Plan(c)
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(Text(Check{Config: c, Plan: plan}), "each line\n\n")
	_, got, _ = strings.Cut(got, "a2 ")
	got, _, _ = strings.Cut(got, "a3 ")
	const want = `AUTHENTICATE PLAIN
      +
 5. what this prints: printf '\0alice\0PASSWORD' | base64 -w0
      a2 OK ...
 6. `
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
