package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"check_imap_session/internal/report"
)

var logoutStep = Step{
	Name:    report.StepLogout,
	Doc:     "LOGOUT, RFC 9051 section 6.1.3",
	Needs:   Greeted,
	Gives:   Greeted,
	Final:   true,
	Wanted:  always,
	Explain: sends("LOGOUT", "* BYE"),
	Run:     runLogout,
}

const (
	// logoutPatience is the most that a LOGOUT may take: a server that does
	// not answer it has done its work already.
	logoutPatience = 2 * time.Second
	// logoutReserve is kept of the time for the whole run, so that waiting for
	// an answer to LOGOUT never makes a good session run out of it.
	logoutReserve = 100 * time.Millisecond
)

// runLogout says goodbye. A server that closes without a word has understood.
func runLogout(ctx context.Context, s *Session, rec *Recorder) error {
	patience := logoutPatience
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end)-logoutReserve)
	}
	if patience <= 0 {
		rec.Skip("no time left")
		return nil
	}
	s.limitTo(patience)
	x, err := s.start(rec, s.newCommand("LOGOUT"))
	for err == nil && x.answer == nil {
		_, err = x.next()
	}
	var e *report.StepError
	switch {
	case err == nil:
		_, err = x.finish(rec)
		return err
	case errors.As(err, &e):
		return err
	case errors.Is(closed(err), report.ErrClosed) || broken(err):
		rec.End(time.Now())
		s.pending = false
		how := "closed without BYE"
		if s.bye != nil {
			how = "BYE and closed, without a tagged answer"
		}
		rec.Detail(how)
		return nil
	}
	return fmt.Errorf("no answer to LOGOUT: %w", err)
}
