package imaptest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/imaptest"
)

const session = `
	# a whole session by hand
	greet
	C: {tag} LOGIN * "pass word"
	S: {tag} OK [CAPABILITY IMAP4rev1] in
	C: {tag} AUTHENTICATE X
	raw "+ \r\n"
	C: aGVsbG8=
	S: {tag} NO never
	C: {tag} LOGOUT
	repeat 3 S: * LIST () "/" box{i}
	S: * BYE
	S: {tag} OK
`

func talkSession(c *client) {
	c.tb.Helper()
	equal(c.tb, "greeting", c.line(), "* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ AUTH=PLAIN] ready")
	equal(c.tb, "login", joined(c.command(`a1 login joe "pass word"`)), "a1 OK [CAPABILITY IMAP4rev1] in")
	c.send("a2 AUTHENTICATE X\r\n")
	equal(c.tb, "challenge", c.line(), "+ ")
	equal(c.tb, "response", joined(func() []string { c.send("aGVsbG8=\r\n"); return c.until("a2") }()), "a2 NO never")
	equal(c.tb, "logout", joined(c.command("a3 LOGOUT")),
		"* LIST () \"/\" box1\n* LIST () \"/\" box2\n* LIST () \"/\" box3\n* BYE\na3 OK")
	if _, err := c.r.ReadByte(); err != io.EOF {
		c.tb.Errorf("after the script: got %v, want EOF", err)
	}
	c.Close()
}

const sessionLines = "a1 login joe \"pass word\"\na2 AUTHENTICATE X\naGVsbG8=\na3 LOGOUT"

func TestSessionTCP(t *testing.T) {
	s := imaptest.Serve(t, session, imaptest.Options{})
	talkSession(dial(t, s))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	equal(t, "received", joined(s.Received()), sessionLines)
}

func TestSessionPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c, rec := imaptest.Pipe(t, session, imaptest.Options{})
		talkSession(newClient(t, c))
		equal(t, "received", joined(rec.Received()), sessionLines)
		equal(t, "time taken", time.Since(start), 0)
	})
}

// A net.Pipe has neither a buffer nor a half-close.
func TestSessionNetPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, err := imaptest.Parse(session)
		if err != nil {
			t.Fatal(err)
		}
		near, far := net.Pipe()
		done := make(chan error)
		go func() { done <- script.Run(t.Context(), far, imaptest.Options{}) }()
		talkSession(newClient(t, near))
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestExactTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, rec := imaptest.Pipe(t, `
			wait 50ms
			greet
			delay LOGIN 300ms
			delay fetch 2s
			serve LOGOUT
			chunk 4 10ms
			S: {tag} OK bye
		`, imaptest.Options{})
		cl := newClient(t, c)
		start := time.Now()
		at := func(what string, want time.Duration) {
			t.Helper()
			equal(t, what, time.Since(start), want)
		}
		cl.line()
		at("greeting", 50*time.Millisecond)
		cl.command("a LOGIN x y")
		at("login", 350*time.Millisecond)
		cl.command("b NOOP")
		at("noop", 350*time.Millisecond)
		cl.command("c UID FETCH 1042 FLAGS")
		at("fetch", 2350*time.Millisecond)
		cl.command("d LOGOUT") // 10 bytes and CRLF: three chunks, two pauses
		at("logout", 2370*time.Millisecond)
		c.Close()
		equal(t, "fetch line", rec.Received()[2], "c UID FETCH 1042 FLAGS")
	})
}

// counter counts lines and keeps the last bytes, without keeping them all.
type counter struct {
	lines int
	tail  string
}

func (c *counter) Write(b []byte) (int, error) {
	c.lines += bytes.Count(b, []byte("\n"))
	c.tail += string(b)
	c.tail = c.tail[max(0, len(c.tail)-40):]
	return len(b), nil
}

// TestManyRows sends 100,000 rows in less than a second. It tries again when it takes
// longer, as the machine may be busy.
func TestManyRows(t *testing.T) {
	s := imaptest.Serve(t, `
		repeat 100000 S: * LIST (\HasNoChildren) "/" "folder {i}"
		S: * BYE
	`, imaptest.Options{})
	best := time.Hour
	for try := 0; try < 5 && best > time.Second; try++ {
		c := dial(t, s)
		start := time.Now()
		var got counter
		if _, err := io.Copy(&got, c); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
		c.Close()
		equal(t, "rows", got.lines, 100_001)
		equal(t, "last rows", strings.HasSuffix(got.tail, "\"folder 100000\"\r\n* BYE\r\n"), true)
	}
	t.Logf("100,000 rows took %v", best)
	if best > time.Second {
		t.Errorf("100,000 rows: got %v, want less than a second", best)
	}
}

func TestMismatch(t *testing.T) {
	tests := []struct {
		name, script, send, want string
	}{
		{"other verb", "C: {tag} LOGIN *", "a NOOP\r\n", `script line 1: "C: {tag} LOGIN *": got "a NOOP"`},
		{"more words", "\n#\nC: {tag} NOOP", "a NOOP x\r\n", `script line 3: "C: {tag} NOOP": got "a NOOP x"`},
		{"case of data", "C: AbC", "abc\r\n", `script line 1: "C: AbC": got "abc"`},
		{"no tag", "C: {tag} *", "NOOP\r\n", `script line 1: "C: {tag} *": got "NOOP", which is no tag and command`},
		{"bare LF", "C: *", "a NOOP\n", `script line 1: "C: *": got "a NOOP\n", which does not end in CRLF`},
		{"no tag yet", "S: {tag} OK", "", `script line 1: "S: {tag} OK": no command with a tag was read yet`},
		{"none", "C: {tag} lo*t", "a LOGOUT\r\n", ""},
		{"client gone", "C: {tag} LOGIN *", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := imaptest.Listen(tt.script, imaptest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c := dial(t, s)
			c.send(tt.send)
			c.Conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
			got := ""
			if err := s.Close(); err != nil {
				got = err.Error()
			}
			equal(t, "mismatch", got, tt.want)
		})
	}
}

// Each way to end, seen by a client that sends NOOP and reads.
var ends = []struct {
	script string
	want   error
}{
	{"close", io.EOF},
	{"cut", io.EOF},
	{"reset", syscall.ECONNRESET},
	{"hold", context.DeadlineExceeded},
	{"freeze", context.DeadlineExceeded},
	{"wait 1h", context.DeadlineExceeded},
	{"forever 10ms raw \" \"", context.DeadlineExceeded},
}

func checkEnd(t *testing.T, c *client, want error) {
	t.Helper()
	c.send("a NOOP\r\n")
	c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err := io.Copy(io.Discard, c.r)
	if err == nil {
		err = io.EOF
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		err = context.DeadlineExceeded
	}
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	c.Close()
}

func TestEndsTCP(t *testing.T) {
	for _, tt := range ends {
		t.Run(tt.script, func(t *testing.T) {
			t.Parallel()
			s := imaptest.Serve(t, "C: {tag} NOOP\n"+tt.script, imaptest.Options{})
			checkEnd(t, dial(t, s), tt.want)
			s.Close()
			equal(t, "received", joined(s.Received()), "a NOOP")
		})
	}
}

func TestEndsPipe(t *testing.T) {
	for _, tt := range ends {
		t.Run(tt.script, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, rec := imaptest.Pipe(t, "C: {tag} NOOP\n"+tt.script, imaptest.Options{})
				checkEnd(t, newClient(t, c), tt.want)
				equal(t, "received", joined(rec.Received()), "a NOOP")
			})
		})
	}
}
