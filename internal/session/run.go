package session

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// grace is how long Run waits, after its context has ended, for the step that
// is under way to notice. Reads and writes are interrupted and notice at once;
// it is for what cannot be interrupted.
const grace = 30 * time.Millisecond

// Run runs a plan until it is through, a step fails, or ctx ends, whose cause
// then is the failure: report.ErrTimeout or report.ErrInterrupted. The Report
// is never nil and nothing fails outside it.
func Run(ctx context.Context, cfg Config, plan []Step) *report.Report {
	cfg = cfg.withRoots()
	j := newJournal(&cfg, plan)
	s := &Session{cfg: cfg, plan: plan, token: cfg.Token, conn: &client.Conn{}}
	s.conn.Clear = cfg.TLS == TLSStart
	if cfg.Transcript {
		s.conn.KeepTranscript(j.started, cfg.Content, cfg.transcriptMax)
	}
	done := make(chan struct{})
	go func() {
		defer close(done) // after the connection has closed: RunAll limits both by limiting sessions
		s.sequence(ctx, plan, j)
		j.end()
		s.conn.Close()
		if s.verifyLater != nil {
			s.verifyLater(ctx)
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		select {
		case <-done:
		case <-time.After(grace):
		}
	}
	return j.finish(ctx, s)
}

// sequence runs the steps one after the other. After a failure only final steps are
// tried, but for a failure of one mailbox of several.
func (s *Session) sequence(ctx context.Context, plan []Step, j *journal) {
	failed, cfg := false, s.cfg
	var left report.Mailbox // one of several whose other steps are left out
	for i := 0; i < len(plan); i++ {
		step := plan[i]
		if failed && !(step.Final && s.canSend()) || step.Mailbox.Label != "" && step.Mailbox == left {
			continue
		}
		s.enter(cfg, step.Mailbox)
		rec := j.begin(i)
		s.conn.Mark(step.Mailbox.Of(step.Name))
		if err := s.runStep(ctx, step, rec); err != nil {
			e := s.fault(ctx, step, rec, err)
			rec.fail(e)
			s.loginOver(ctx, step, rec, e)
			if left = step.Mailbox; !s.goesOn(step) {
				failed = true
			}
			continue
		}
		rec.pass()
		s.loginOver(ctx, step, rec, nil)
		s.level = max(s.level, step.Gives)
		if s.found != nil {
			cfg.Mailboxes, s.found = s.found, nil
			plan, _ = Plan(cfg) // its error would have shown before
			s.plan = plan
			j.replan(&cfg, plan, i+1)
		}
	}
}

// runStep runs one step, or skips it where the server does not offer what it needs. A
// panic becomes an error: our own bug must not look like the server's fault. Where it
// happened is a fact, for the bug report.
func (s *Session) runStep(ctx context.Context, step Step, rec *Recorder) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", report.ErrInternal, p)
			rec.Fact("panic", strings.Split(string(debug.Stack()), "\n"))
		}
	}()
	if needed := step.Capability; needed != "" && !s.conn.Offers(needed) {
		rec.Fault(report.ErrNotOffered, "capability %s is missing", needed)
		rec.Skip("the server does not offer " + string(needed))
		return nil
	}
	return step.Run(ctx, s, rec)
}
