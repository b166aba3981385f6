package session

import (
	"context"
	"fmt"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// idleStep measures how long the server takes to begin to push news. It runs
// last: news of the mailbox must not change what the steps before it count on.
var idleStep = Step{
	Name:       report.StepIdle,
	Doc:        "IDLE and DONE, RFC 2177",
	Needs:      Authenticated,
	Capability: imap.CapIdle,
	Explain: func(*Config) Explanation {
		return Explanation{Sends: []Sent{{Text: "IDLE", Answer: "+ idling"}, {Text: "DONE", Untagged: true}}}
	},
	Run: runIdle,
}

// runIdle ends the IDLE as soon as it has begun. What the server takes to end it is in
// the step's time, as a mail client waits for that before its next command.
func runIdle(_ context.Context, s *Session, rec *Recorder) error {
	ending, err := s.conn.Idle(rec)
	if err == nil && ending > 0 {
		rec.Detail(fmt.Sprintf("ended %.3f s after DONE", ending.Seconds()))
	}
	return err
}
