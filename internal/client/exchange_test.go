package client

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// attached runs f against a script, before the greeting is read, on the virtual clock.
func attached(t *testing.T, script string, f func(*Conn, *timer, *imaptest.Record)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		nc, record := imaptest.Pipe(t, script, imaptest.Options{})
		c, tm := &Conn{}, &timer{}
		c.KeepTranscript(time.Now(), true, 0)
		c.Attach(context.Background(), nc)
		defer c.Close()
		f(c, tm, record)
	})
}

// converse is attached, with f behind the greeting.
func converse(t *testing.T, script string, f func(*Conn, *timer, *imaptest.Record)) {
	t.Helper()
	attached(t, script, func(c *Conn, tm *timer, record *imaptest.Record) {
		if _, err := c.Greeting(tm); err != nil {
			t.Fatal(err)
		}
		f(c, tm, record)
	})
}

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

func TestGreeting(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		other        bool // not IMAP
		remarks      int
	}{
		{"empty lines", "raw \"" + strings.Repeat(`\r\n`, 5) + "\"\nS: * OK hi\nhold", false, 0},
		{"too many", "raw \"" + strings.Repeat(`\r\n`, 6) + "\"\nS: * OK hi\nhold", true, 0},
		{"alert", "S: * OK [ALERT] down at noon\nhold", false, 1},
		{"another service", "S: 220 mail ESMTP\nhold", true, 0},
		{"tagged", "S: * X\nS: A1 OK hi\nhold", true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			attached(t, tt.script, func(c *Conn, tm *timer, _ *imaptest.Record) {
				c.HandshakeJustDone = true
				_, err := c.Greeting(tm)
				if c.HandshakeJustDone && !tt.other {
					t.Error("a line has been read, and the handshake is still the last that happened")
				}
				if other := errors.As(err, new(*report.NotIMAP)); other != tt.other || len(tm.remarks) != tt.remarks || c.CanSend() == tt.other {
					t.Errorf("%v, remarks %q, can send %v", err, tm.remarks, c.CanSend())
				}
			})
		})
	}
}

// TestCapabilitiesOfLogin holds which list is valid behind a login.
func TestCapabilitiesOfLogin(t *testing.T) {
	for _, tt := range []struct {
		name, answer  string
		listed, valid int // how many; -1 for not known
	}{
		{"none", "S: {tag} OK in", -1, 2},
		{"in the code", "S: {tag} OK [CAPABILITY IMAP4rev1 IDLE ID] in", 3, 3},
		{"before it", "S: * CAPABILITY IMAP4rev1\nS: {tag} OK in", 1, 1},
		{"of a refusal", "S: * CAPABILITY IMAP4rev1\nS: {tag} NO no", 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			converse(t, "S: * OK [CAPABILITY IMAP4rev1 LITERAL+] hi\nserve LOGIN\n"+tt.answer+"\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
				count := func(set imap.CapSet) int {
					if set == nil {
						return -1
					}
					return len(set)
				}
				listed, _ := c.Login(tm, "alice", "s3cret")
				if count(listed) != tt.listed || count(c.Capabilities) != tt.valid {
					t.Errorf("listed %v, valid %v, want %d and %d", listed, c.Capabilities, tt.listed, tt.valid)
				}
			})
		})
	}
	converse(t, "S: * OK [CAPABILITY IMAP4rev1] hi\nserve CAPABILITY\nS: {tag} OK none\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
		if err := c.Capability(tm); err != nil || c.Capabilities != nil {
			t.Errorf("an answer without a list: %v, %v, want nothing known", err, c.Capabilities)
		}
	})
}

// TestLongInitialResponse sends a token that makes the line too long behind the
// server's "+".
func TestLongInitialResponse(t *testing.T) {
	for size, want := range map[int]int{5000: 3, 7000: 2} { // words of the command line
		converse(t, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi\nserve", func(c *Conn, tm *timer, record *imaptest.Record) {
			token := secret.New(strings.Repeat("x", size))
			c.Authenticate(tm, auth.XOAuth2.Client(auth.Credentials{Username: "alice", Token: token}))
			synctest.Wait()
			line := record.Received()[0]
			if _, command, _ := strings.Cut(line, " "); len(strings.Fields(command)) != want {
				t.Errorf("token of %d bytes: sent %.60q, want %d words", size, line, want)
			}
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

// TestChallengeIsRedacted holds that the transcript shows no challenge and no
// response.
func TestChallengeIsRedacted(t *testing.T) {
	const challenge = "PDFAeD4=" // <1@x>
	converse(t, "greet\nserve AUTHENTICATE\nS: + "+challenge+"\nC: *\nS: {tag} OK in\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
		if _, err := c.Authenticate(tm, auth.CRAMMD5.Client(auth.Credentials{Username: "alice", Password: secret.New("s3cret")})); err != nil {
			t.Fatal(err)
		}
		lines := c.Transcript()
		for _, line := range lines {
			if strings.Contains(line.Text, challenge) {
				t.Errorf("shown: %q", line.Text)
			}
		}
		if len(lines) < 5 {
			t.Errorf("transcript %v, want the whole dialogue", lines)
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
