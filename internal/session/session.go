package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/guard"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// Session is the state that steps share.
type Session struct {
	cfg   Config
	plan  []Step
	level Level
	conn  *client.Conn // attached by connect

	addrs []netip.Addr         // where to connect, from dns or literal
	tls   *tls.ConnectionState // nil without TLS
	// verifyLater says what the verification of the certificate would have said,
	// which takes time that the session need not wait for; nil when that is known.
	verifyLater func(context.Context)

	preauth bool        // greeted with PREAUTH: no login is possible or needed
	before  imap.CapSet // the list that held before login
	after   imap.CapSet // the list that login or CAPABILITY brought after it; nil when none did

	token     secret.Secret // the access token to log in with
	cached    bool          // it came from the cache, so the server may know better
	mechanism string        // of the login under way; "" for LOGIN

	waited    time.Duration // for the login at another address
	holdsTurn bool          // to log in, see logins
	asked     *guard.Login  // of Config.Guard, which has let it through; nil before that

	mailbox report.Mailbox // the one of several whose steps run; zero for none
	counted []string       // metrics that STATUS brought
	// found are the mailboxes that LIST has just found, nil for none; statuses are the
	// numbers that it, or STATUS, told of them.
	found    []report.Mailbox
	statuses map[string]client.StatusData
	near     []nearest // rows of LIST that come close to the mailboxes
}

// planned says whether a step is in the plan; name and level tell those of one
// name apart.
func (s *Session) planned(step Step) bool {
	return slices.ContainsFunc(s.plan, func(p Step) bool { return p.Name == step.Name && p.Needs == step.Needs })
}

// named returns the name of the mailbox that the session is about, for a sentence.
func (s *Session) named() string {
	if s.mailbox.Listed {
		return s.mailbox.Shown()
	}
	return s.cfg.Mailbox
}

// canSend says whether another command may be sent: the server has greeted, and
// no answer is outstanding.
func (s *Session) canSend() bool { return s.level >= Greeted && s.conn.CanSend() }

// cause returns why a context ended.
func cause(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), report.ErrInterrupted) {
		return report.ErrInterrupted
	}
	return report.ErrTimeout
}

// fault makes a StepError of any error a step returned.
func (s *Session) fault(ctx context.Context, step Step, rec *Recorder, err error) *report.StepError {
	var e *report.StepError
	if !errors.As(err, &e) {
		e = &report.StepError{Err: closed(err)}
	}
	e.Step, e.About, e.Among = step.Name, step.About, step.Mailbox
	e.Waiting = rec.waiting
	e.Greeting = s.conn.GreetingText
	e.Encrypted = s.tls != nil
	e.Setup = s.cfg.setup()
	switch {
	case step.Name == report.StepLogin:
		e.Mechanism = s.mechanism
	case step.Own != nil:
		e.Mailbox = step.Own(&s.cfg)
	case step.About == report.AboutMailbox:
		e.Mailbox, e.Near = s.named(), s.nearTo(s.cfg.Mailbox)
	}
	if e.Said == nil {
		e.Said = s.conn.Notices
	}
	s.settleEnd(ctx, e)
	if errors.Is(e.Err, report.ErrTimeout) {
		e.Arrived = s.conn.Arrived()
		if len(e.Said) == 0 && s.conn.LastText != "" {
			e.Said = []string{s.conn.LastText} // "Waiting for authentication process to respond.." (Dovecot)
		}
	}
	if s.conn.HandshakeJustDone && client.IsAlert(e.Err) {
		e.Step, e.About = tlsStep.Name, tlsStep.About
	}
	return e
}

// settleEnd puts why the session ended in place of the error that a reader or writer
// made of it: the end of the context, or a BYE.
func (s *Session) settleEnd(ctx context.Context, e *report.StepError) {
	stopped := ranOut(e.Err)
	ended := stopped || errors.Is(e.Err, report.ErrClosed) || client.Reset(e.Err)
	var lookup *report.LookupError
	switch {
	case errors.As(e.Err, &lookup) && ctx.Err() != nil:
		e.Err = &report.LookupError{Question: lookup.Question, Err: cause(ctx)}
	case ended && s.conn.Bye != nil && cause(ctx) != report.ErrInterrupted: // also where the time ran out behind it
		e.Err, e.Reply = fmt.Errorf("%w (%w)", report.ErrBye, e.Err), s.conn.Bye
	case ctx.Err() != nil && (ended || errors.As(e.Err, new(*net.OpError))):
		e.Err = cause(ctx)
	case stopped:
		e.Err = report.ErrTimeout
	}
}

// ranOut says whether an error is that of a deadline or of a context that ended.
func ranOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// closed puts the condition in front of the errors by which package net says
// that a connection has ended.
func closed(err error) error {
	if client.Closed(err) {
		return fmt.Errorf("%w: %w", report.ErrClosed, err)
	}
	return err
}
