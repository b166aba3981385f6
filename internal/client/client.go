// Package client is the IMAP conversation: commands and their literals, the
// exchange that waits for a tagged reply, what a server may say at any time
// (capabilities, EXISTS, BYE, warnings), the SASL exchange, mailbox names and
// search criteria, and parsers that accept what real servers send. It speaks
// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051), one command at a time, each
// awaited by the goroutine that sent it. It does not decide which commands to
// send, judges nothing and has no words for the user; that is session's part.
//
// Order of use: Attach, Greeting, then commands, with Upgrade where TLS
// begins; Close at the end. Close may be called from the goroutine that speaks,
// Transcript from any.
//
// The words are go-imap's, wherever its types lose nothing: capabilities and
// what they imply, status responses and their codes, attributes, number sets.
// Its client is not used; docs/dev/architecture.md says why.
package client

import (
	"context"
	"net"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// closeTimeout is how long Close waits for a server to take the end of TLS.
const closeTimeout = 30 * time.Millisecond

// Conn is one conversation; the zero value is not attached to a connection yet. The
// exported fields are what the server has said of the session; callers read them.
type Conn struct {
	Capabilities imap.CapSet   // as listed; nil when not known at this point
	GreetingText string        // without its response code
	Bye          *report.Reply // the last untagged BYE; nil for none
	Exists       uint32        // messages in the open mailbox
	Expunged     bool          // a message was expunged since the mailbox was opened
	// Notices are the last untagged lines that may explain a failure, since the
	// last command was sent; LastText is the last untagged OK that is only a text.
	Notices  []string
	LastText string
	// Clear says that TLS is still to come: until then, somebody on the way may have
	// changed what the server says.
	Clear bool
	// HandshakeJustDone says that nothing has been read since the TLS handshake:
	// an alert is then about the handshake.
	HandshakeJustDone bool

	transcript *wire.Transcript
	wire       *wire.Conn  // nil before Attach
	tcp        net.Conn    // the connection below TLS
	stop       func() bool // stops the interruption at the context's end
	deadline   time.Time   // that of the run; zero for none
	until      time.Time   // when reads and writes give up at present; zero for never
	began      int64       // bytes that had come when the last answer was complete
	warnings   []string    // those of Notices that are an untagged NO, BAD or ALERT
	overlong   string      // what was in a list that is too long to be kept; "" for none
	tags       int         // commands sent
	byeAt      time.Time   // when Bye came
	awaiting   bool        // an answer is outstanding, so no further command can be sent
}

// Timer is told when a command's time begins and ends, and what is being waited
// for meanwhile. It is told at once, and not with the result, so that a command
// that is never answered has a time too.
type Timer interface {
	Begin()              // the first byte is about to be sent
	Waiting(what string) // "the answer to LOGIN"; "" for nothing
	End(at time.Time)    // when the last byte of the answer arrived
	Remark(text string)  // the server warns of something
}

// KeepTranscript makes the Conn keep a transcript whose times count from start, of max
// bytes, where 0 means wire's own bound. content lets it show what mails and folder
// lists say. It is called before Attach.
func (c *Conn) KeepTranscript(start time.Time, content bool, max int) {
	c.transcript = wire.NewTranscript(start, content)
	c.transcript.Max = max
}

// Mark adds a line of ours to the transcript.
func (c *Conn) Mark(text string) { c.transcript.Add("-", text) }

// Transcript returns its lines so far; nil when none is kept.
func (c *Conn) Transcript() []report.Line { return c.transcript.Lines() }

// Attach makes nc the connection, interrupted when ctx ends.
func (c *Conn) Attach(ctx context.Context, nc net.Conn) {
	c.tcp = nc
	c.wire = wire.New(nc, wire.Limits{}, c.transcript)
	if t, ok := ctx.Deadline(); ok {
		c.deadline = t
		c.limit(t)
	}
	c.stop = context.AfterFunc(ctx, c.wire.Interrupt)
}

// Upgrade replaces the connection by what handshake makes of it, and drops all
// that was learnt without TLS. See RFC 9051 section 6.2.1.
func (c *Conn) Upgrade(handshake func(net.Conn) (net.Conn, error)) error {
	c.awaiting = true // nothing can be sent on a half-made connection
	if err := c.wire.Upgrade(handshake); err != nil {
		return err
	}
	c.awaiting, c.HandshakeJustDone, c.Clear = false, true, false
	c.Capabilities, c.Bye, c.Exists, c.Expunged = nil, nil, 0, false
	c.Notices, c.warnings, c.LastText = nil, nil, ""
	c.limit(c.deadline) // a BYE without TLS has brought it nearer
	return nil
}

// Arrived returns what has come of the answer to the last command, or of the
// greeting; nil when nothing has.
func (c *Conn) Arrived() *report.Arrived {
	if c.wire == nil || c.wire.Received() == c.began {
		return nil
	}
	u := c.wire.Unfinished()
	return &report.Arrived{Bytes: c.wire.Received() - c.began, Line: u.Line, Literal: u.Literal, Size: u.Size}
}

// Close ends the connection, if there is one. A server that leaves a command
// unanswered is not told the end of TLS either.
func (c *Conn) Close() {
	if c.wire == nil {
		return
	}
	c.stop()
	defer time.AfterFunc(closeTimeout, func() { c.tcp.Close() }).Stop()
	if c.awaiting {
		c.tcp.Close()
		return
	}
	c.wire.Close()
}

// limit sets when reads and writes give up; the zero time means never.
func (c *Conn) limit(t time.Time) {
	c.until = t
	c.wire.SetDeadline(t)
}

// LimitTo brings that moment nearer: at most d from now.
func (c *Conn) LimitTo(d time.Duration) {
	if t := time.Now().Add(d); c.until.IsZero() || t.Before(c.until) {
		c.limit(t)
	}
}

// Allow raises the limit on all data by n bytes, for a command whose answer is
// known to be large.
func (c *Conn) Allow(n int64) { c.wire.Allow(n) }

// CanSend says whether another command may be sent: no answer is outstanding,
// and the server has not ended the session.
func (c *Conn) CanSend() bool {
	return c.wire != nil && !c.awaiting && c.Ended() == nil
}

// Ended returns why no command can be answered any more: report.ErrBye after a
// BYE, else the first read error. It is nil while the session goes on.
func (c *Conn) Ended() error {
	if c.Bye != nil {
		return report.ErrBye
	}
	return c.wire.Err()
}
