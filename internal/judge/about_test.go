package judge

import (
	"testing"
	"time"

	"check_imap_session/internal/report"
)

// TestNewStep judges failures of steps that no row names: what they are about
// decides.
func TestNewStep(t *testing.T) {
	said := func(err error, status, code, text string) report.StepError {
		return report.StepError{Err: err, Reply: &report.Reply{Status: status, Code: code, Text: text}, Mailbox: "INBOX"}
	}
	timeout := report.StepError{Err: report.ErrTimeout}
	missing := said(report.ErrNo, "NO", "NONEXISTENT", "No.")
	gone := said(report.ErrNo, "NO", "", "Mailbox does not exist")
	denied := said(report.ErrNo, "NO", "", "Permission denied")
	exchange := said(report.ErrBad, "BAD", "", "User is authenticated but not connected.")
	const storeSlow, overloaded, itsWords = "is the mail store slow or locked?", "is the server overloaded?", "see the log of the server"
	for _, tt := range []struct {
		name         string
		about        report.About
		e            report.StepError
		kind, advice string
	}{
		{"slow mailbox", report.AboutMailbox, timeout, "timeout", storeSlow},
		{"slow store", report.AboutStore, timeout, "timeout", storeSlow},
		{"slow account", report.AboutAccount, timeout, "timeout", overloaded},
		{"slow network", report.AboutNetwork, timeout, "timeout", overloaded},
		{"missing mailbox, by code", report.AboutMailbox, missing, "mailbox_missing", missingMailbox},
		{"the same code of another step", report.AboutStore, missing, "rejected", itsWords},
		{"missing mailbox, in words", report.AboutMailbox, gone, "mailbox_missing", missingMailbox},
		{"the same words of another step", report.AboutStore, gone, "rejected", itsWords},
		{"no right to the mailbox", report.AboutMailbox, denied, "no_permission", "check the rights of the user (ACL)"},
		{"no right to the store", report.AboutStore, denied, "no_permission", "check the rights of the user (ACL)"},
		{"no right to anything else", report.AboutNetwork, denied, "rejected", itsWords},
		{"store behind the login", report.AboutStore, exchange, "unavailable", "login was right: is IMAP off for the mailbox, its name wrong, or a back end down?"},
		{"mailbox behind the login", report.AboutMailbox, exchange, "unavailable", "login was right: is IMAP off for the mailbox, its name wrong, or a back end down?"},
		{"nothing behind the login", report.AboutNetwork, exchange, "bad", "the server did not accept the command: see the transcript (-vvv)"},
	} {
		tt.e.Step, tt.e.About = "new", tt.about
		if got := rowFor(&tt.e); got.Kind != tt.kind || got.Advice != tt.advice {
			t.Errorf("%s: got %s, %q, want %s, %q", tt.name, got.Kind, got.Advice, tt.kind, tt.advice)
		}
	}
	refused := denied // the keys may be what is refused
	refused.Step, refused.About = report.StepSearch, report.AboutStore
	if got := rowFor(&refused); got.Kind != "rejected" {
		t.Errorf("permission denied at search: got %s, want rejected", got.Kind)
	}
}

// TestSlowAdvice looks for what made a run, or a step, too slow in what the step
// is about.
func TestSlowAdvice(t *testing.T) {
	for _, tt := range []struct {
		step   string
		about  report.About
		advice string
	}{
		{"new", report.AboutMailbox, "is the mail store slow or locked?"},
		{"new", report.AboutStore, "is the mail store slow or locked?"},
		{"new", report.AboutNetwork, ""},
		{report.StepDNS, report.AboutNetwork, "are the name servers of this machine slow? see /etc/resolv.conf"},
		{report.StepLogin, report.AboutAccount, "is its user database slow (LDAP, SQL, PAM)?"},
		{report.StepToken, report.AboutAccount, "is the token endpoint slow?"},
	} {
		r := measured(metric(report.Time, 3))
		r.Elapsed = 3 * time.Second
		r.Steps = []report.StepResult{{Name: tt.step, About: tt.about, Outcome: report.Passed, Elapsed: 2 * time.Second}}
		v := Judge(r, Policy{Rules: []Rule{{Metric: report.Time, Crit: rng(t, report.Time, "1")}}})
		if got := v.Findings[0].Advice; got != tt.advice {
			t.Errorf("time, most of it %s: got the advice %q, want %q", tt.step, got, tt.advice)
		}
	}
	for about, want := range map[report.About]string{report.AboutStore: "is the mail store slow or locked?", report.AboutNetwork: ""} {
		r := measured(metric("time_fetch", 3))
		r.Steps = []report.StepResult{{Name: report.StepFetch, About: about, Outcome: report.Passed, Elapsed: 3 * time.Second}}
		v := Judge(r, Policy{Rules: []Rule{{Metric: "time_fetch", Crit: rng(t, "time_fetch", "1")}}})
		if got := v.Findings[0].Advice; got != want {
			t.Errorf("time_fetch about %d: got the advice %q, want %q", about, got, want)
		}
	}
}
