package client

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// byeTimeout is how long a server that has said BYE is given to answer the
// command under way or to close.
const byeTimeout = time.Second

// exchange is a command that has been sent and not answered.
type exchange struct {
	c          *Conn
	t          Timer
	tag        string
	each       func(*wire.Response) // sees every untagged response; may be nil
	onUnparsed func()               // for lines that are not IMAP; nil makes them a failure
	content    *content             // set by FETCH; nil for every other command
	challenge  string               // what stood behind the last "+"
	reply      *report.Reply        // the tagged reply, once it came
	answered   time.Time            // when it came
}

// run sends a command whose answer is its tagged reply.
func (c *Conn) run(t Timer, cmd *command) error {
	_, err := c.do(t, cmd, nil)
	return err
}

// do sends a command and waits for its answer. Its time runs from the first byte
// sent to the last byte of the tagged line. A NO or BAD is an error with the
// reply in it.
func (c *Conn) do(t Timer, cmd *command, each func(*wire.Response)) (*report.Reply, error) {
	x, err := c.start(t, cmd)
	if err != nil {
		return nil, err
	}
	x.each = each
	return x.complete()
}

// complete waits for the tagged reply.
func (x *exchange) complete() (*report.Reply, error) {
	if err := x.await(); err != nil {
		return nil, err
	}
	return x.finish()
}

// await reads until the tagged reply has come.
func (x *exchange) await() error {
	for x.reply == nil {
		if _, err := x.next(); err != nil {
			return err
		}
	}
	return nil
}

// start sends a command, literals included.
func (c *Conn) start(t Timer, cmd *command) (*exchange, error) {
	if c.Bye != nil {
		return nil, &report.StepError{Err: report.ErrBye, Reply: c.Bye}
	}
	c.Notices, c.warnings, c.LastText, c.overlong = nil, nil, "", ""
	c.transcript.Mail("")
	c.tags++
	x := &exchange{c: c, t: t, tag: newTag(c.tags)}
	t.Begin()
	t.Waiting("the answer to " + cmd.name)
	c.awaiting = true
	first := &cmd.chunks[0]
	*first = chunk{x.tag + " " + first.data, x.tag + " " + first.shown}
	cmd.last().add("\r\n", "")
	for i, ch := range cmd.chunks {
		if err := x.send(ch.data, ch.shown); err != nil {
			return nil, err
		}
		for more := i == len(cmd.chunks)-1; !more && x.reply == nil; {
			var err error
			if more, err = x.next(); err != nil {
				return nil, err
			}
		}
		if x.reply != nil { // what is left is not wanted
			return x, nil
		}
	}
	return x, nil
}

// newTag returns a tag that nobody can know before the command is sent, so that
// a reply sent ahead of its command answers nothing.
func newTag(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	b := []byte("A" + strconv.Itoa(n))
	for range 4 {
		b = append(b, letters[rand.IntN(len(letters))])
	}
	return string(b)
}

// send writes data. When that fails the server may have said why before it
// closed, so what it sent is read first.
func (x *exchange) send(data, shown string) error {
	err := x.c.wire.Send([]byte(data), shown)
	if err == nil {
		return nil
	}
	for x.reply == nil {
		switch _, rerr := x.next(); {
		case IsAlert(rerr): // a client certificate that TLS 1.3 refuses, say
			return rerr
		case rerr != nil:
			return err
		}
	}
	return nil
}

// IsAlert reports a TLS alert of the server, which crypto/tls wraps as "remote
// error".
func IsAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// next reads one response and takes it in. more is true when the server asks
// to go on ("+").
func (x *exchange) next() (more bool, err error) {
	c := x.c
	if c.Bye != nil {
		c.LimitTo(byeTimeout)
	}
	r, err := c.wire.Response()
	if err != nil {
		x.content.failed(c)
		if c.Bye != nil {
			x.t.End(c.byeAt) // the wait for more was ours
		}
		return false, err
	}
	c.HandshakeJustDone = false
	switch {
	case r.Tag == "*" && x.content.begun():
		x.content.untagged(c, r)
		x.each(r)
	case r.Tag == "*":
		c.untagged(r)
		if x.each != nil {
			x.each(r)
		}
		if x.content != nil && wire.IsFetch(r.Words(2)) {
			x.content.begin(c, x.tag)
		}
	case r.Tag == "+":
		x.challenge = strings.TrimSpace(string(r.Line[1:]))
		return true, nil
	case strings.EqualFold(r.Tag, x.tag):
		reply, ok := parseReply(r)
		if !ok || imap.StatusResponseType(reply.Status) == imap.StatusResponseTypePreAuth {
			return false, unparsed(r)
		}
		x.reply, x.answered = kept(reply), r.At
		c.takeCode(reply)
	case len(strings.TrimSpace(string(r.Line))) == 0:
		// An empty line between responses does no harm.
	case x.onUnparsed != nil:
		x.onUnparsed()
		x.content.begin(c, x.tag)
	default:
		return false, unparsed(r)
	}
	return false, nil
}

// unparsed is the error of a line that makes no sense here.
func unparsed(r *wire.Response) error {
	return &report.StepError{Err: report.ErrProtocol, Line: keptText(string(r.Line))}
}

// finish takes the reply as the end of the command's time and as its result.
func (x *exchange) finish() (*report.Reply, error) {
	x.c.awaiting, x.c.began = false, x.c.wire.Received()
	x.t.End(x.answered)
	x.t.Waiting("")
	switch imap.StatusResponseType(x.reply.Status) {
	case imap.StatusResponseTypeOK:
		x.c.warn(x.t, x.reply)
		return x.reply, nil
	case imap.StatusResponseTypeNo:
		return x.reply, &report.StepError{Err: report.ErrNo, Reply: x.reply}
	case imap.StatusResponseTypeBad:
		return x.reply, &report.StepError{Err: report.ErrBad, Reply: x.reply}
	}
	return x.reply, &report.StepError{Err: report.ErrBye, Reply: x.reply}
}

// warn makes remarks of what the server warned of while all went well, and of a list
// that is too long. RFC 9051 section 7.1 wants an ALERT shown, and has untagged NO as a
// warning; with REFERRAL the server would rather have us elsewhere (RFC 2221 section
// 4.1).
func (c *Conn) warn(t Timer, reply *report.Reply) {
	if imap.ResponseCode(reply.Code) == imap.ResponseCodeAlert || reply.Code == "REFERRAL" {
		c.warnings = append(c.warnings, reply.String())
	}
	c.remarkOverlong(t)
	for _, line := range c.warnings {
		t.Remark(c.says() + report.Foreign(line))
	}
}

// says begins a remark on the server's words.
func (c *Conn) says() string {
	if c.Clear {
		return "the server says, before TLS: "
	}
	return "the server says: "
}
