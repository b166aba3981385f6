package client

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

const (
	// foreignLineTimeout is how long a service that is not an IMAP server may go
	// on with its first line after its first bytes.
	foreignLineTimeout = 300 * time.Millisecond
	// maxEmpty is how many empty lines may stand before the greeting.
	maxEmpty = 5
)

// Greeting waits for the greeting and returns it, whatever its status. Its error
// is a *report.NotIMAP in a StepError when something else answers. See RFC 9051
// section 7.1.
func (c *Conn) Greeting(t Timer) (*report.Reply, error) {
	t.Waiting("the greeting")
	c.awaiting = true
	for empty := 0; ; {
		first, err := c.wire.Peek(0, nil)
		if err != nil {
			return nil, err
		}
		if !mayGreet(first[0]) {
			return nil, c.otherService()
		}
		r, err := c.wire.Response()
		if err != nil {
			if pending := c.wire.Pending(); isBinary(pending) {
				return nil, &report.StepError{Err: &report.NotIMAP{Binary: len(pending)}}
			}
			return nil, err
		}
		c.HandshakeJustDone = false
		t.End(r.At)
		if len(bytes.TrimSpace(r.Line)) == 0 {
			if empty++; empty > maxEmpty {
				return nil, &report.StepError{Err: &report.NotIMAP{}}
			}
			continue
		}
		if r.Tag != "*" {
			return nil, foreign(keptText(string(r.Line)))
		}
		reply, ok := parseReply(r)
		if !ok {
			c.untagged(r) // some servers list their capabilities first
			continue
		}
		c.awaiting, c.began = false, c.wire.Received()
		c.greeted(t, reply)
		return kept(reply), nil
	}
}

// mayGreet says whether a greeting may begin with b.
func mayGreet(b byte) bool { return b == '*' || b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// greeted takes in what the greeting says.
func (c *Conn) greeted(t Timer, reply *report.Reply) {
	c.GreetingText = reply.Text
	c.takeCode(reply)
	switch imap.StatusResponseType(reply.Status) {
	case imap.StatusResponseTypeOK:
		c.warn(t, kept(reply))
	case imap.StatusResponseTypeBye:
		c.Bye = kept(reply)
	}
}

// otherService is foreign for a line that has not been read yet and may never end.
func (c *Conn) otherService() error {
	sent, _ := c.wire.Peek(foreignLineTimeout, func(b []byte) bool { return bytes.IndexByte(b, '\n') >= 0 })
	line, _, _ := strings.Cut(string(sent), "\n")
	e := foreign(strings.TrimRight(line, "\r"))
	if n := e.Err.(*report.NotIMAP); n.Service == "" && isBinary(sent) {
		n.Binary, n.Said, e.Line = len(sent), "", ""
		c.transcript.Add("S", fmt.Sprintf("{%d bytes}", len(sent)))
		return e
	}
	c.transcript.Add("S", fmt.Sprintf("%.200s", e.Line))
	return e
}

// foreign is the error of a first line that is not IMAP.
func foreign(line string) *report.StepError {
	n := identify(line)
	n.Said = line
	if n.Service == "TLS" {
		n.Said = ""
	}
	return &report.StepError{Err: n, Line: n.Said}
}

// isBinary says whether data are not text in any encoding: they have control
// characters that no text has.
func isBinary(data []byte) bool {
	return bytes.ContainsFunc(data, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' && r != '\x1b' })
}
