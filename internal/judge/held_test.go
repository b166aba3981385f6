package judge

import (
	"testing"
	"time"

	"check_imap_session/internal/report"
)

// TestRejected counts what locks an account: a login that the server has answered, with a
// no to what was shown.
func TestRejected(t *testing.T) {
	said := func(step, code string) *report.StepError {
		return &report.StepError{Step: step, Err: report.ErrNo, Reply: &report.Reply{Status: "NO", Code: code}}
	}
	for _, tt := range []struct {
		name string
		e    *report.StepError
		want bool
	}{
		{"a wrong password", said("login", "AUTHENTICATIONFAILED"), true},
		{"no reason", said("login", ""), true},
		{"an expired password", said("login", "EXPIRED"), true},
		{"the server is busy", said("login", "UNAVAILABLE"), false},
		{"another step", said("list", "AUTHENTICATIONFAILED"), false},
		{"the server did not prove itself", &report.StepError{Step: "login", Err: report.ErrServerProof}, false},
		{"not tried", &report.StepError{Step: "login", Err: &report.LoginHeld{}}, false},
	} {
		if got := Rejected(tt.e); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestHeldPhrase has times of the day in UTC, with their date where a day or more lies
// between them.
func TestHeldPhrase(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("", 3600)) // in UTC the day before
	for _, tt := range []struct {
		name      string
		held      report.LoginHeld
		mechanism string
		want      string
	}{
		{"in this run", report.LoginHeld{Address: "192.0.2.2"}, "", "not tried: 192.0.2.2 has rejected it already"},
		{"an hour", report.LoginHeld{Rejected: at, Next: at.Add(time.Hour)}, "", "not tried: rejected at 23:30, next try at 00:30 (lockout guard)"},
		{"less than a day", report.LoginHeld{Rejected: at, Next: at.Add(24*time.Hour - 1)}, "", "not tried: rejected at 23:30, next try at 23:29 (lockout guard)"},
		{"a day", report.LoginHeld{Rejected: at, Next: at.Add(24 * time.Hour)}, "", "not tried: rejected at 2026-02-28 23:30, next try at 2026-03-01 23:30 (lockout guard)"},
		{"password in a file", report.LoginHeld{Rejected: at, Next: at.Add(time.Hour), File: true}, "PLAIN", "not tried: rejected at 23:30, next try at 00:30 or when the password changes (lockout guard)"},
		{"token in a file", report.LoginHeld{Rejected: at, Next: at.Add(time.Hour), File: true}, "XOAUTH2", "not tried: rejected at 23:30, next try at 00:30 or when the token changes (lockout guard)"},
		{"key in a file", report.LoginHeld{Rejected: at, Next: at.Add(time.Hour), File: true}, "EXTERNAL", "not tried: rejected at 23:30, next try at 00:30 or when the client certificate changes (lockout guard)"},
	} {
		if got := heldPhrase(&report.StepError{Err: &tt.held, Mechanism: tt.mechanism}); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
