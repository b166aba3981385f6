package imaptest_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"check_imap_session/internal/imaptest"
)

// client is a small IMAP client that fails the test on any error.
type client struct {
	tb testing.TB
	net.Conn
	r *bufio.Reader
}

func newClient(tb testing.TB, c net.Conn) *client {
	return &client{tb: tb, Conn: c, r: bufio.NewReader(c)}
}

func dial(tb testing.TB, s *imaptest.Server) *client {
	tb.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return newClient(tb, c)
}

func (c *client) send(s string) {
	c.tb.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		c.tb.Fatalf("send %q: %v", s, err)
	}
}

func (c *client) line() string {
	c.tb.Helper()
	s, err := c.r.ReadString('\n')
	if err != nil {
		c.tb.Fatalf("read a line: got %q, %v", s, err)
	}
	return strings.TrimSuffix(s, "\r\n")
}

// until reads lines up to the tagged one.
func (c *client) until(tag string) []string {
	c.tb.Helper()
	var lines []string
	for {
		s := c.line()
		lines = append(lines, s)
		if strings.HasPrefix(s, tag+" ") {
			return lines
		}
	}
}

// command sends a command and returns all lines of its answer.
func (c *client) command(s string) []string {
	c.tb.Helper()
	c.send(s + "\r\n")
	tag, _, _ := strings.Cut(s, " ")
	return c.until(tag)
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func joined(lines []string) string { return strings.Join(lines, "\n") }
