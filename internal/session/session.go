package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/wire"
)

// Session is the state that steps share.
type Session struct {
	cfg        Config
	plan       []Step
	level      Level
	transcript *wire.Transcript

	addrs []netip.Addr // where to connect, from dns or literal
	conn  *wire.Conn   // nil before connect
	raw   net.Conn     // the TCP connection under conn
	stop  func() bool  // stops the interruption of conn at the context's end
	until time.Time    // when reads and writes give up at present; zero for never

	tls     *tls.ConnectionState // nil without TLS
	fresh   bool                 // the TLS handshake is over and nothing has been read since
	pending bool                 // a command's answer is outstanding: nothing else can be said

	greeting string      // text of the greeting
	preauth  bool        // greeted with PREAUTH: no login is possible or needed
	caps     imap.CapSet // nil when not known at this point
	before   imap.CapSet // the list that held before login
	after    imap.CapSet // the list that login or CAPABILITY brought after it; nil when none did

	token     secret.Secret // the access token to log in with
	cached    bool          // it came from the cache, so the server may know better
	mechanism string        // of the login under way; "" for LOGIN

	bye      *report.Reply // the last untagged BYE
	said     []string      // untagged lines worth quoting, since the last command was sent
	warned   []string      // untagged NO, BAD and ALERT among them
	chat     string        // the last untagged OK that is no more than a text, since then
	tagged   int           // commands sent
	messages uint32        // EXISTS
	expunged bool          // a message went away since SELECT
	counted  []string      // metrics that STATUS brought
}

// planned says whether a step is in the plan; name and level tell those of one
// name apart.
func (s *Session) planned(step Step) bool {
	return slices.ContainsFunc(s.plan, func(p Step) bool { return p.Name == step.Name && p.Needs == step.Needs })
}

// use makes nc the session's connection, interrupted when ctx ends.
func (s *Session) use(ctx context.Context, nc net.Conn) {
	s.raw = nc
	s.conn = wire.New(nc, s.cfg.Limits, s.transcript)
	if t, ok := ctx.Deadline(); ok {
		s.limit(t)
	}
	s.stop = context.AfterFunc(ctx, s.conn.Interrupt)
}

// close ends the connection, if there is one. A server that does not take the
// end of TLS is not waited for.
func (s *Session) close() {
	if s.conn != nil {
		s.stop()
		defer time.AfterFunc(grace, func() { s.raw.Close() }).Stop()
		if s.level >= Connected && s.pending {
			s.raw.Close() // no manners towards a server that does not answer
			return
		}
		s.conn.Close()
	}
}

// speakable says whether another command may be sent: there is a connection,
// it has been greeted on, and no answer is outstanding on it.
func (s *Session) speakable() bool {
	return s.conn != nil && s.level >= Greeted && !s.pending && s.bye == nil && s.conn.Err() == nil
}

// cause returns why a context ended.
func cause(ctx context.Context) error {
	switch err := context.Cause(ctx); {
	case errors.Is(err, report.ErrInterrupted):
		return report.ErrInterrupted
	default:
		return report.ErrTimeout
	}
}

// fault makes a StepError of any error a step returned. What the connection
// says comes before what a reader made of it.
func (s *Session) fault(ctx context.Context, step Step, rec *Recorder, err error) *report.StepError {
	var e *report.StepError
	if !errors.As(err, &e) {
		e = &report.StepError{Err: closed(err)}
	}
	e.Step, e.About = step.Name, step.About
	e.Waiting = rec.waiting
	e.Greeting = s.greeting
	e.Encrypted = s.tls != nil
	switch {
	case step.Name == report.StepLogin:
		e.Mechanism = s.mechanism
	case step.About == report.AboutMailbox:
		e.Mailbox = s.cfg.Mailbox
	}
	if e.Said == nil {
		e.Said = s.said
	}
	stopped := errors.Is(e.Err, os.ErrDeadlineExceeded) || errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled)
	gone := stopped || errors.Is(e.Err, report.ErrClosed) || broken(e.Err)
	switch {
	case ctx.Err() != nil && (gone || isIO(e.Err)):
		e.Err = cause(ctx)
	case gone && s.bye != nil:
		e.Err, e.Reply = fmt.Errorf("%w (%w)", report.ErrBye, e.Err), s.bye
	case stopped:
		e.Err = report.ErrTimeout
	}
	if errors.Is(e.Err, report.ErrTimeout) && len(e.Said) == 0 && s.chat != "" {
		e.Said = []string{s.chat} // "Waiting for authentication process to respond.." (Dovecot)
	}
	if s.fresh && isAlert(e.Err) {
		e.Step, e.About = tlsStep.Name, tlsStep.About
	}
	return e
}

// closed puts the condition in front of the errors by which package net says
// that a connection has ended.
func closed(err error) error {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, io.ErrClosedPipe} {
		if errors.Is(err, end) {
			return fmt.Errorf("%w: %w", report.ErrClosed, err)
		}
	}
	return err
}

// broken reports a connection that the other side reset.
func broken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

func isIO(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

// isAlert reports a TLS alert of the server: crypto/tls wraps it as "remote error".
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// forget drops what was learnt before TLS. See RFC 9051 section 6.2.1.
func (s *Session) forget() { s.caps = nil }

// limit sets when reads and writes give up; the zero time means never.
func (s *Session) limit(t time.Time) {
	s.until = t
	s.conn.SetDeadline(t)
}

// limitTo brings the limit nearer: at most d from now.
func (s *Session) limitTo(d time.Duration) {
	if t := time.Now().Add(d); s.until.IsZero() || t.Before(s.until) {
		s.limit(t)
	}
}
