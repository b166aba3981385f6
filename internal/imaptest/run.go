package imaptest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

// grace is how long a stopped connection may still read what had arrived
// before the stop. A client that has closed needs none of it.
const grace = 100 * time.Millisecond

// Options say how a script is run. The zero value serves without TLS.
type Options struct {
	// TLS is for "tls", for STARTTLS in serve, and for ImplicitTLS. Nil:
	// "tls" is an error before anything runs, STARTTLS is refused.
	TLS *tls.Config
	// TLSConfigs are for "tls NAME".
	TLSConfigs map[string]*tls.Config
	// Capabilities are announced by greet and serve. Empty: IMAP4rev1
	// SASL-IR LITERAL+ AUTH=PLAIN.
	Capabilities string
	// ImplicitTLS asks for a handshake before the script starts.
	ImplicitTLS bool
	// Record receives the client's lines. Nil: Run keeps none; Listen,
	// Serve and Pipe make their own.
	Record *Record
}

func (o Options) config(name string) *tls.Config {
	if name == "" {
		return o.TLS
	}
	return o.TLSConfigs[name]
}

// Mismatch says that the client did not do what the script says.
type Mismatch struct {
	Line int    // in the script, from 1
	Text string // the instruction
	Got  string // what the client did instead
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("script line %d: %q: %s", m.Line, m.Text, m.Got)
}

// talk is one connection on which a script runs.
type talk struct {
	ctx    context.Context
	o      Options
	raw    net.Conn      // as given to Run
	conn   net.Conn      // raw, or the TLS connection over it
	r      *bufio.Reader // reads conn
	tag    string        // of the last command
	chunk  int           // bytes a write, 0: no limit
	pause  time.Duration // between chunks
	delays map[string]time.Duration
	added  mail // by APPEND, until UID EXPUNGE; zero when there is none
	over   bool // serve has answered LOGOUT
}

// Run runs the script on one connection and closes it. The error is a *Mismatch
// when the client did not follow the script; any other is of the connection
// (the client closed, refused the certificate, ctx ended) or of the options.
// When ctx ends, waits end at once and reads shortly after.
func (s *Script) Run(ctx context.Context, c net.Conn, o Options) error {
	defer c.Close()
	if err := s.check(o); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Now().Add(grace)) })
	defer stop()
	t := &talk{
		ctx: ctx, o: o,
		raw: c, conn: c, r: bufio.NewReader(c), delays: map[string]time.Duration{},
	}
	if o.ImplicitTLS {
		if err := t.handshake(o.TLS); err != nil {
			t.cut()
			return fmt.Errorf("implicit TLS: %w", err)
		}
	}
	for _, st := range s.steps {
		err := st.run(t)
		if m, ok := err.(*Mismatch); ok {
			m.Line, m.Text = st.line, st.text
			t.close()
			return m
		}
		if err != nil {
			t.cut()
			return fmt.Errorf("script line %d: %q: %w", st.line, st.text, err)
		}
		if st.last || t.over {
			return nil
		}
	}
	return t.close()
}

// wait sleeps, but not longer than the context lasts.
func (t *talk) wait(d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
}

// handshake puts TLS over the connection. Bytes that the client sent too early
// and that are already read belong to it.
func (t *talk) handshake(config *tls.Config) error {
	if _, ok := t.raw.(interface{ CloseWrite() error }); !ok {
		// No half-close, so most likely a net.Pipe. It has no buffer: a TLS 1.3
		// ticket, sent when the client may be sending too, would block both.
		config = config.Clone()
		config.SessionTicketsDisabled = true
	}
	c := tls.Server(&readAhead{Conn: t.conn, r: t.r}, config)
	if err := c.HandshakeContext(t.ctx); err != nil {
		t.o.Record = nil // what may follow is no IMAP
		return fmt.Errorf("TLS handshake: %w", err)
	}
	t.conn, t.r = c, bufio.NewReader(c)
	return nil
}

// readAhead is a connection of which some bytes are already in a buffer.
type readAhead struct {
	net.Conn
	r *bufio.Reader
}

func (c *readAhead) Read(b []byte) (int, error) { return c.r.Read(b) }

// line reads one line and records it. A last line without end is recorded too.
func (t *talk) line() (string, error) {
	s, err := t.r.ReadString('\n')
	text, ok := strings.CutSuffix(s, "\r\n")
	if s != "" {
		t.o.Record.add(text)
	}
	if err == nil && !ok {
		err = &Mismatch{Got: fmt.Sprintf("got %q, which does not end in CRLF", s)}
	}
	return text, err
}

// expect reads a line and matches it. With tagged its first word becomes the
// tag, and the pattern is for the rest.
func (t *talk) expect(pattern string, tagged bool) error {
	line, err := t.line()
	if err != nil {
		return err
	}
	text := line
	if tagged {
		var ok bool
		if t.tag, text, ok = strings.Cut(line, " "); !ok || t.tag == "" {
			return &Mismatch{Got: fmt.Sprintf("got %q, which is no tag and command", line)}
		}
		pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	}
	if !glob(pattern, text) {
		return &Mismatch{Got: fmt.Sprintf("got %q", line)}
	}
	return nil
}
