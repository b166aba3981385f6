package session

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"
)

var capabilityStep = Step{
	Name:   "capability",
	Doc:    "CAPABILITY, RFC 9051 section 6.1.1",
	Needs:  Greeted,
	Gives:  Greeted,
	Wanted: always,
	Run:    runCapability,
}

// runCapability asks for the capabilities unless the server has volunteered
// them at this point of the session.
func runCapability(_ context.Context, s *Session, rec *Recorder) error {
	if s.caps != nil {
		rec.Skip("the server volunteered its capabilities")
	} else {
		if _, err := s.do(rec, s.newCommand("CAPABILITY"), nil); err != nil {
			return err
		}
		if s.caps == nil {
			s.caps = imap.CapSet{}
			rec.Remark("the answer to CAPABILITY lists none")
		}
	}
	rec.Fact("capabilities", capWords(s.caps))
	return nil
}

func capWords(set imap.CapSet) []string {
	words := make([]string, 0, len(set))
	for c := range set {
		words = append(words, string(c))
	}
	slices.Sort(words)
	return words
}
