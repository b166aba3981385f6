package session

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"check_imap_session/internal/guard"
	"check_imap_session/internal/report"
)

// turnTimeout is the most that a session waits for the login at another address.
const turnTimeout = 5 * time.Second

// logins keeps the sessions with several addresses from locking the account: they log in
// one after the other until one has logged in, and not at all once one was rejected.
type logins struct {
	turn chan struct{} // has one to take while nobody logs in; closed when that is no longer needed

	mu       sync.Mutex
	decided  bool   // turn is closed
	rejected string // the address that has rejected a login
}

func newLogins() *logins {
	l := &logins{turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// wait waits for the turn to log in. held says that it was got and has to be given back
// by done. After half of the time that is left a login elsewhere is not waited for any
// longer: an address that hangs must not take the time of the others.
func (l *logins) wait(ctx context.Context) (held bool) {
	timeout := turnTimeout
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end)/2)
	}
	limit := time.NewTimer(timeout)
	defer limit.Stop()
	select {
	case _, held = <-l.turn:
	case <-limit.C:
	case <-ctx.Done():
	}
	return held
}

// done says how the login at an address ended, and gives the turn back.
func (l *logins) done(address string, o guard.Outcome, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o == guard.Rejected && l.rejected == "" {
		l.rejected = address
	}
	switch {
	case l.decided:
	case o != guard.Open:
		l.decided = true
		close(l.turn)
	case held:
		l.turn <- struct{}{}
	}
}

// rejectedBy returns the address that has rejected a login, "" for none.
func (l *logins) rejectedBy() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rejected
}

// mayLogIn waits until it is this session's turn to log in, and fails where a login that
// was rejected forbids another one.
func (s *Session) mayLogIn(ctx context.Context, rec *Recorder) error {
	if l := s.cfg.logins; l != nil {
		began := time.Now()
		rec.Waiting("the login at another address")
		s.holdsTurn = l.wait(ctx)
		rec.Waiting("")
		s.waited = time.Since(began)
		if by := l.rejectedBy(); by != "" {
			return &report.LoginHeld{Address: by}
		}
	}
	g := s.cfg.Guard
	if g == nil {
		return nil
	}
	login := guard.Login{Host: s.cfg.Dial.Host, Port: s.cfg.Dial.Port, User: s.cfg.Username, Mechanism: cmp.Or(s.mechanism, "LOGIN")}
	held, err := g.Ask(ctx, login)
	if held != nil {
		rec.Fact("login_rejected_at", held.Rejected.UTC().Format(time.RFC3339))
		rec.Fact("login_next_try", held.Next.UTC().Format(time.RFC3339))
		return held
	}
	s.unguarded(rec, err)
	s.asked = &login
	return nil
}

// loginOver says how a login ended to the other addresses and to the next runs. e is nil
// when it went well.
func (s *Session) loginOver(ctx context.Context, step Step, rec *Recorder, e *report.StepError) {
	if step.Name != report.StepLogin {
		return
	}
	outcome := guard.Open
	switch {
	case e == nil && !s.preauth:
		outcome = guard.Accepted
	case e != nil && s.cfg.Rejected != nil && s.cfg.Rejected(e):
		outcome = guard.Rejected
	}
	if s.cfg.logins != nil {
		s.cfg.logins.done(s.cfg.Reach(), outcome, s.holdsTurn)
	}
	if s.asked != nil {
		s.unguarded(rec, s.cfg.Guard.Settle(ctx, *s.asked, outcome))
	}
}

// unguarded says that the file of the lockout guard cannot be used.
func (s *Session) unguarded(rec *Recorder, err error) {
	if err != nil {
		rec.Headline(fmt.Sprintf("lockout guard not used: %s: %v", s.cfg.Guard.Path, err))
	}
}

// waitedWords says how long the login at another address was waited for, which is in no
// step's time.
func (s *Session) waitedWords() string {
	if s.waited < time.Millisecond {
		return ""
	}
	return ", after " + report.Took(s.waited) + " of waiting for the first login"
}
