package session

import (
	"context"
	"fmt"
	"time"

	"check_imap_session/internal/report"
)

// idleStep measures how long the server takes to begin to push news. It runs
// last: news of the mailbox must not change what the steps before it count on.
var idleStep = Step{
	Name:       report.StepIdle,
	Doc:        "IDLE up to the continuation, RFC 2177",
	Needs:      Authenticated,
	Gives:      Authenticated,
	Capability: "IDLE",
	Explain: func(Config) Explanation {
		return Explanation{Sends: []Sent{{Text: "IDLE", Answer: "+ idling"}, {Text: "DONE", Untagged: true}}}
	},
	Run: runIdle,
}

// runIdle ends the IDLE as soon as it has begun. Its time ends with the
// server's "+"; a server that then does not end the IDLE has failed too.
func runIdle(_ context.Context, s *Session, rec *Recorder) error {
	x, err := s.start(rec, s.newCommand("IDLE"))
	if err != nil {
		return err
	}
	for more := false; !more && x.answer == nil; {
		if more, err = x.next(); err != nil {
			return err
		}
	}
	if x.answer != nil { // refused, or over before it began
		_, err = x.finish(rec)
		return err
	}
	idling := s.conn.LastRead()
	rec.Waiting("the answer to DONE")
	if err := x.send([]byte("DONE\r\n"), "DONE"); err != nil {
		return err
	}
	for x.answer == nil {
		if _, err := x.next(); err != nil {
			return err
		}
	}
	ended := time.Since(idling)
	_, err = x.finish(rec)
	rec.End(idling)
	rec.Detail(fmt.Sprintf("ended %.3f s after DONE", ended.Seconds()))
	return err
}
