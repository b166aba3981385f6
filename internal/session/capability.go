package session

import (
	"context"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

var capabilityStep = Step{
	Name:    report.StepCapability,
	Doc:     "CAPABILITY, RFC 9051 section 6.1.1",
	Needs:   Greeted,
	Wanted:  always,
	Explain: explainCapability("where the server has not volunteered its capabilities"),
	Run:     runCapability,
}

// capabilityAfterLoginStep asks again when something is expected of the list, or
// a later step depends on it, and the answer to the login did not bring one.
var capabilityAfterLoginStep = Step{
	Name:    report.StepCapability,
	Doc:     "CAPABILITY after login, RFC 9051 section 6.1.1",
	Needs:   Authenticated,
	Wanted:  func(c *Config) bool { return c.Expect.capabilities() || c.relist },
	When:    "capabilities are expected, or a later step depends on them",
	Explain: explainCapability("where the answer to the login has not volunteered them"),
	Run:     runCapabilityAfterLogin,
}

func explainCapability(when string) func(*Config) Explanation {
	return func(c *Config) Explanation {
		return Explanation{
			Sends:   []Sent{{Text: "CAPABILITY", When: when, Answer: "* CAPABILITY IMAP4rev1 ..."}},
			Expects: append(expectsAll("offered, before or after login:", c.Expect.Capabilities), expectsAll("not offered:", c.Expect.Forbidden)...),
		}
	}
}

// runCapability asks for the capabilities unless the server has volunteered
// them at this point of the session.
func runCapability(_ context.Context, s *Session, rec *Recorder) error {
	if s.conn.Capabilities != nil {
		rec.Skip("not needed, the greeting named them")
	} else {
		if err := s.conn.Capability(rec); err != nil {
			return err
		}
		if s.conn.Capabilities == nil {
			rec.Remark("the answer to CAPABILITY lists none")
		}
	}
	s.before = s.conn.Capabilities
	rec.Fact("capabilities", capabilityWords(s.before))
	if !s.planned(capabilityAfterLoginStep) {
		s.expectCapabilities(rec, s.before)
	}
	return nil
}

func runCapabilityAfterLogin(_ context.Context, s *Session, rec *Recorder) error {
	switch {
	case s.preauth || s.after != nil:
		rec.Skip("not needed, the answer to the login named them")
	default:
		if err := s.conn.Capability(rec); err != nil {
			return err
		}
		s.after = s.conn.Capabilities
		rec.Fact("capabilities_after_login", capabilityWords(s.after))
	}
	s.expectCapabilities(rec, s.before, s.after)
	return nil
}

// capabilityWords returns capabilities in upper case, sorted.
func capabilityWords(set imap.CapSet) []string {
	words := make([]string, 0, len(set))
	for c := range set {
		words = append(words, strings.ToUpper(string(c)))
	}
	slices.Sort(words)
	return words
}
