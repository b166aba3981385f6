package session

import (
	"testing"
	"testing/synctest"

	"check_imap_session/internal/report"
)

// TestCapabilityNames holds that the case of a capability has no meaning, and
// that facts have it in upper case.
func TestCapabilityNames(t *testing.T) {
	expect := func(offered, forbidden string) func(*Config) {
		return func(c *Config) { c.Expect.Capabilities, c.Expect.Forbidden = []string{offered}, []string{forbidden} }
	}
	for _, x := range []trial{
		{name: "offered", caps: "imap4rev1 Idle", change: expect("IMAP4REV1", "imap4rev2"), script: "greet\nserve", want: []string{"capabilities=[IDLE IMAP4REV1]"}},
		{name: "missing", caps: "IMAP4rev1", change: expect("imap4rev2", "x"), script: "greet\nserve", fault: "imap4rev2 is missing"},
		{name: "forbidden", caps: "IMAP4rev1 IMAP4rev2", change: expect("imap4rev1", "imap4REV2"), script: "greet\nserve", fault: "imap4REV2 is offered"},
	} {
		x.run(t)
	}
}

// TestNoLogoutWithoutGreeting sends nothing to a server that does not greet with
// OK.
func TestNoLogoutWithoutGreeting(t *testing.T) {
	for _, greeting := range []string{"* NO busy", "* BAD busy", "* BYE busy"} {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, TLSNone)
			r := b.run(t, "S: "+greeting+"\nserve")
			if e := r.Failure(); e == nil || e.Step != report.StepGreeting || len(b.record.Received()) > 0 {
				t.Errorf("%s: failure %v, sent %q, want a failure and nothing sent", greeting, e, b.record.Received())
			}
		})
	}
}
