package demo

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// find returns a scenario that the test relies on.
func find(t testing.TB, name string) Scenario {
	t.Helper()
	sc, ok := Find(name)
	if !ok {
		t.Fatalf("Find(%q): got nothing", name)
	}
	return sc
}

// start starts a server and sees to it that nothing is left of it.
func start(t testing.TB, sc Scenario, o Options) *Server {
	t.Helper()
	s, err := Start(context.Background(), sc, o)
	if err != nil {
		t.Fatalf("Start(%s, %+v): %v", sc.Name, o, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		wantNoneLeft(t)
	})
	return s
}

// wantNoneLeft fails when a goroutine of a server runs on. A goroutine may need
// a moment between its last act and its end, so it gets turns to run, not time.
func wantNoneLeft(t testing.TB) {
	t.Helper()
	buf := make([]byte, 1<<20)
	var stacks string
	for range 10_000 {
		stacks = string(buf[:runtime.Stack(buf, true)])
		if !strings.Contains(stacks, "go-imap/v2/imapserver.") && !strings.Contains(stacks, "demo.(*Server).run") {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("goroutines left after Close:\n%s", stacks)
}

// client speaks raw IMAP, so that a test sees what is on the wire.
type client struct {
	t    testing.TB
	conn *tls.Conn
	in   *bufio.Reader
}

// connect returns a client behind the handshake, verified as the plugin does.
func connect(t testing.TB, s *Server) *client {
	t.Helper()
	conn, err := tls.Dial("tcp", s.Addr.String(), &tls.Config{RootCAs: s.Roots, ServerName: s.ServerName})
	if err != nil {
		t.Fatalf("connect to %s as %s: %v", s.Addr, s.ServerName, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	// Not a part of any test: ends one that would hang.
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{t: t, conn: conn, in: bufio.NewReader(conn)}
}

// greeted starts the server of a scenario and returns a client that has read its
// first line.
func greeted(t testing.TB, name string) *client {
	t.Helper()
	c := connect(t, start(t, find(t, name), Options{}))
	c.line()
	return c
}

// line reads one line.
func (c *client) line() string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatalf("read line: %v after %q", err, line)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// send writes one line.
func (c *client) send(line string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(line + "\r\n")); err != nil {
		c.t.Fatalf("send %q: %v", line, err)
	}
}

// command sends a command and returns the lines of its answer, the tagged one last.
func (c *client) command(text string) []string {
	c.t.Helper()
	c.send("a " + text)
	var lines []string
	for {
		lines = append(lines, c.line())
		if strings.HasPrefix(lines[len(lines)-1], "a ") {
			return lines
		}
	}
}

// want fails unless a line has the prefix.
func (c *client) want(got, prefix string) {
	c.t.Helper()
	if !strings.HasPrefix(got, prefix) {
		c.t.Errorf("got %q, want it to begin with %q", got, prefix)
	}
}

// wantEnd fails unless the server closes behind what it said last.
func (c *client) wantEnd(after string) {
	c.t.Helper()
	if rest, err := io.ReadAll(c.in); err != nil || len(rest) > 0 {
		c.t.Errorf("after %s: got %q, %v, want the end", after, rest, err)
	}
}

// last returns the tagged line of an answer.
func last(lines []string) string { return lines[len(lines)-1] }
