package client

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"check_imap_session/internal/report"
)

// Noop sends NOOP. See RFC 9051 section 6.1.2.
func (c *Conn) Noop(t Timer) error { return c.run(t, c.newCommand("NOOP")) }

// StartTLS sends STARTTLS; the handshake follows by Upgrade. See RFC 9051 section
// 6.2.1.
func (c *Conn) StartTLS(t Timer) (*report.Reply, error) {
	return c.do(t, c.newCommand("STARTTLS"), nil)
}

// Idle sends IDLE and ends it as soon as it has begun. ending is how long the server
// took to answer DONE. See RFC 2177.
func (c *Conn) Idle(t Timer) (ending time.Duration, err error) {
	x, err := c.start(t, c.newCommand("IDLE"))
	if err != nil {
		return 0, err
	}
	for more := false; !more && x.reply == nil; {
		if more, err = x.next(); err != nil {
			return 0, err
		}
	}
	if x.reply != nil { // refused, or over before it began
		_, err = x.finish()
		return 0, err
	}
	idling := c.wire.LastRead()
	t.Waiting("the answer to DONE")
	if err := x.send("DONE\r\n", "DONE"); err != nil {
		return 0, err
	}
	_, err = x.complete()
	return x.answered.Sub(idling), err
}

// Logout sends LOGOUT. Many servers close without the tagged reply, which is no
// failure: closed says so. Nor is a tagged BYE. See RFC 9051 section 6.1.3.
func (c *Conn) Logout(t Timer) (closed bool, err error) {
	x, err := c.start(t, c.newCommand("LOGOUT"))
	if err == nil {
		err = x.await()
	}
	switch {
	case err == nil:
		if _, err = x.finish(); errors.Is(err, report.ErrBye) {
			err = nil
		}
	case Closed(err) || Reset(err):
		t.End(time.Now())
		c.awaiting = false
		return true, nil
	}
	return false, err
}

// Closed reports a connection that the other side closed, or that we did.
func Closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

// Reset reports a connection that the other side reset.
func Reset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}
