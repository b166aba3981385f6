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
	Final:   true,
	Wanted:  always,
	Explain: sends("LOGOUT", "* BYE"),
	Run:     runLogout,
}

const (
	// logoutTimeout is the most that a LOGOUT may take: a server that does
	// not answer it has done its work already.
	logoutTimeout = 2 * time.Second
	// logoutReserve is kept of the time for the whole run, so that waiting for
	// an answer to LOGOUT never makes a good session run out of it.
	logoutReserve = 100 * time.Millisecond
)

// runLogout ends the session. A server that closes without a tagged answer has
// done what was asked.
func runLogout(ctx context.Context, s *Session, rec *Recorder) error {
	timeout := logoutTimeout
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end)-logoutReserve)
	}
	if timeout <= 0 {
		rec.Skip("no time left")
		return nil
	}
	s.conn.LimitTo(timeout)
	closed, err := s.conn.Logout(rec)
	switch {
	case closed && s.conn.Bye != nil:
		rec.Detail("BYE and closed, without a tagged answer")
	case closed:
		rec.Detail("closed without BYE")
	case err != nil && !errors.As(err, new(*report.StepError)):
		return fmt.Errorf("no answer to LOGOUT: %w", err)
	}
	return err
}
