package session

import (
	"context"

	"check_imap_session/internal/report"
)

// noopStep measures the way to the server and back through all that stands in
// front of it, without the mail store: it runs before a mailbox is opened.
var noopStep = Step{
	Name:    report.StepNoop,
	Doc:     "NOOP, RFC 9051 section 6.1.2",
	Needs:   Greeted,
	Gives:   Greeted,
	Explain: sends("NOOP", ""),
	Run:     runNoop,
}

func runNoop(_ context.Context, s *Session, rec *Recorder) error {
	_, err := s.do(rec, s.newCommand("NOOP"), nil)
	return err
}
