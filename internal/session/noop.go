package session

import (
	"context"

	"check_imap_session/internal/report"
)

// noopStep sends NOOP, which does nothing: its time is that of the network and of
// the front end alone, because no mailbox is open yet.
var noopStep = Step{
	Name:    report.StepNoop,
	Doc:     "NOOP, RFC 9051 section 6.1.2",
	Needs:   Greeted,
	Explain: sends("NOOP", ""),
	Run:     runNoop,
}

func runNoop(_ context.Context, s *Session, rec *Recorder) error {
	return s.conn.Noop(rec)
}
