package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
)

// TestExchange holds what a command makes of the lines before its tagged reply.
func TestExchange(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         error
		remarks      []string
		canSend      bool
	}{
		{"OK", "S: {tag} OK done", nil, nil, true},
		{"NO", "S: {tag} NO no", report.ErrNo, nil, true},
		{"BAD", "S: {tag} BAD no", report.ErrBad, nil, true},
		{"BYE for a tagged reply", "S: {tag} BYE no", report.ErrBye, nil, true},
		{"PREAUTH for a tagged reply", "S: {tag} PREAUTH no", report.ErrProtocol, nil, false},
		{"empty line", "raw \"\\r\\n \\r\\n\"\nS: {tag} OK done", nil, nil, true},
		{"not IMAP", "S: nonsense", report.ErrProtocol, nil, false},
		{"another tag", "S: A99zzzz OK done", report.ErrProtocol, nil, false},
		{"warnings", "S: * NO disk\nS: * OK [ALERT] full\nS: * OK text\nS: {tag} OK [ALERT] soon", nil,
			[]string{"the server says: " + report.Foreign("disk"), "the server says: " + report.Foreign("[ALERT] full"),
				"the server says: " + report.Foreign("[ALERT] soon")}, true},
		{"warnings of a failure", "S: * NO disk\nS: {tag} NO no", report.ErrNo, nil, true},
		{"BYE", "S: * BYE down\nS: {tag} OK done", nil, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			converse(t, "greet\nserve NOOP\n"+tt.answer+"\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
				c.HandshakeJustDone = true
				if err := c.Noop(tm); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if !slices.Equal(tm.remarks, tt.remarks) || c.CanSend() != tt.canSend || c.HandshakeJustDone {
					t.Errorf("remarks %q, want %q; can send %v, want %v; handshake just done %v", tm.remarks, tt.remarks, c.CanSend(), tt.canSend, c.HandshakeJustDone)
				}
			})
		})
	}
}

// TestNothingAfterBye sends nothing to a server that has ended the session.
func TestNothingAfterBye(t *testing.T) {
	converse(t, "greet\nserve NOOP\nS: * BYE down\nS: {tag} OK done\nserve", func(c *Conn, tm *timer, record *imaptest.Record) {
		_ = c.Noop(tm)
		err := c.Noop(tm)
		var e *report.StepError
		if !errors.As(err, &e) || !errors.Is(err, report.ErrBye) || e.Reply == nil || e.Reply.Text != "down" {
			t.Errorf("got %v, want the BYE", err)
		}
		if got := record.Received(); len(got) != 1 {
			t.Errorf("the server got %q", got)
		}
	})
}

// TestNotices keeps no words of the command before.
func TestNotices(t *testing.T) {
	converse(t, "greet\nserve NOOP\nS: * NO a\nS: * OK b\nS: {tag} NO c\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
		c.Noop(tm)
		if !slices.Equal(c.Notices, []string{"a"}) || c.LastText != "b" {
			t.Errorf("notices %q, last text %q", c.Notices, c.LastText)
		}
		if err := c.Noop(tm); err != nil || len(c.Notices) > 0 || c.LastText != "" || len(tm.remarks) > 0 {
			t.Errorf("%v; notices %q, last text %q, remarks %q: want none", err, c.Notices, c.LastText, tm.remarks)
		}
	})
}

// TestEndOfWaiting holds how long a silent server is waited for.
func TestEndOfWaiting(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		limits       []time.Duration
		want         time.Duration
	}{
		{"behind BYE", "S: * BYE down\nhold", []time.Duration{time.Minute}, byeTimeout},
		{"limit", "hold", []time.Duration{2 * time.Second}, 2 * time.Second},
		{"never moved away", "hold", []time.Duration{2 * time.Second, time.Minute}, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			converse(t, "greet\nserve NOOP\n"+tt.answer, func(c *Conn, tm *timer, _ *imaptest.Record) {
				for _, d := range tt.limits {
					c.LimitTo(d)
				}
				start := time.Now()
				if err := c.Noop(tm); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != tt.want {
					t.Errorf("%v after %v, want a deadline after %v", err, time.Since(start), tt.want)
				}
			})
		})
	}
}

// TestOpenForgetsExpunges holds that an expunge before SELECT is not about the
// mailbox it opens.
func TestOpenForgetsExpunges(t *testing.T) {
	converse(t, "greet\nserve NOOP\nS: * 1 EXPUNGE\nS: {tag} OK done\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
		if c.Noop(tm); !c.Expunged {
			t.Fatal("not expunged")
		}
		if _, err := c.Open(tm, "EXAMINE", "INBOX", func(MailboxItem) {}); err != nil || c.Expunged || c.Exists != 42 {
			t.Errorf("%v, expunged %v, %d messages", err, c.Expunged, c.Exists)
		}
	})
}

// failing is a connection that the other side has ended in some way.
type failing struct {
	replay
	err error
}

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestLogoutClosed tells a server that closes without a tagged reply from one
// that does not answer.
func TestLogoutClosed(t *testing.T) {
	for _, tt := range []struct {
		err    error
		closed bool
	}{
		{io.EOF, true},
		{io.ErrUnexpectedEOF, true},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, true},
		{&net.OpError{Op: "read", Err: net.ErrClosed}, true},
		{os.ErrDeadlineExceeded, false},
	} {
		c := &Conn{}
		c.Attach(context.Background(), failing{err: tt.err})
		if closed, err := c.Logout(&timer{}); closed != tt.closed || (err == nil) != tt.closed {
			t.Errorf("%v: got closed %v, %v, want %v", tt.err, closed, err, tt.closed)
		}
		c.Close()
	}
}

// refusing is a server that asks for one literal and refuses the next: it answers NO
// and closes while the client sends.
type refusing struct {
	replay
	said *bytes.Buffer
	tag  string
}

func (r *refusing) Read(p []byte) (int, error) { return r.said.Read(p) }

func (r *refusing) Write(p []byte) (int, error) {
	if r.tag == "" {
		r.tag, _, _ = strings.Cut(string(p), " ")
		r.said.WriteString("+ go\r\n")
		return len(p), nil
	}
	r.said.WriteString(r.tag + " NO full\r\n")
	return 0, syscall.EPIPE
}

// TestRefusedWhileSending takes the reply for the reason that the command could not be
// sent, not the end of the connection behind it.
func TestRefusedWhileSending(t *testing.T) {
	c := &Conn{}
	c.Attach(context.Background(), &refusing{said: &bytes.Buffer{}})
	defer c.Close()
	if _, err := c.Login(&timer{}, "ü", "ü"); !errors.Is(err, report.ErrNo) {
		t.Errorf("got %v, want the NO", err)
	}
}
