package imaptest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

const defaultCapabilities = "IMAP4rev1 SASL-IR LITERAL+ AUTH=PLAIN"

// capabilities are those of this moment: what only makes sense before TLS is
// gone after it.
func (t *talk) capabilities() string {
	all := t.o.Capabilities
	if all == "" {
		all = defaultCapabilities
	}
	if _, secure := t.conn.(*tls.Conn); !secure {
		return all
	}
	var kept []string
	for _, c := range strings.Fields(all) {
		if !strings.EqualFold(c, "STARTTLS") && !strings.EqualFold(c, "LOGINDISABLED") {
			kept = append(kept, c)
		}
	}
	return strings.Join(kept, " ")
}

func (t *talk) greet(text string) error {
	if text == "" {
		text = "[CAPABILITY " + t.capabilities() + "] ready"
	}
	return t.sendTemplate("* OK " + text + "\r\n")
}

// fill puts the tag into a template.
func (t *talk) fill(template string) (string, error) {
	if t.tag == "" && strings.Contains(template, "{tag}") {
		return "", &Mismatch{Got: "no command with a tag was read yet"}
	}
	return strings.ReplaceAll(template, "{tag}", t.tag), nil
}

func (t *talk) sendTemplate(template string) error {
	s, err := t.fill(template)
	if err != nil {
		return err
	}
	return t.send(s)
}

func (t *talk) send(s string) error {
	_, err := io.WriteString(t, s)
	return err
}

// sendBelow sends past TLS, for what is no record or is one that does not decrypt.
func (t *talk) sendBelow(template string) error {
	s, err := t.fill(template)
	if err != nil {
		return err
	}
	_, err = io.WriteString(t.raw, s)
	return err
}

// Write writes in chunks when the script says so.
func (t *talk) Write(b []byte) (int, error) {
	if t.chunk == 0 {
		return t.conn.Write(b)
	}
	for done := 0; done < len(b); {
		if done > 0 {
			if err := t.wait(t.pause); err != nil {
				return done, err
			}
		}
		n, err := t.conn.Write(b[done:min(done+t.chunk, len(b))])
		done += n
		if err != nil {
			return done, err
		}
	}
	return len(b), nil
}

func (t *talk) repeat(n int, template string) error {
	s, err := t.fill(template)
	if err != nil {
		return err
	}
	parts := strings.Split(s, "{i}")
	w := bufio.NewWriterSize(t, 64<<10)
	for i := 1; i <= n; i++ {
		num := strconv.Itoa(i)
		for j, p := range parts {
			if j > 0 {
				w.WriteString(num)
			}
			// The writer keeps its first error; asking here ends a long
			// repeat when the client has gone.
			if _, err := w.WriteString(p); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

func (t *talk) forever(pause time.Duration, template string) error {
	s, err := t.fill(template)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	t.ctx = ctx
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		t.drain()
		cancel()
		t.raw.Close() // also for a client that only sent FIN: sending would go on
	}()
	for err == nil {
		if err = t.send(s); err == nil {
			err = t.wait(pause)
		}
	}
	t.raw.Close()
	<-drained
	return nil
}

// drain reads and records until the client closes or the connection is
// stopped. Lines that are no lines do not matter any more.
func (t *talk) drain() {
	for {
		var bare *Mismatch
		if _, err := t.line(); err != nil && !errors.As(err, &bare) {
			return
		}
	}
}

func (t *talk) hold() error {
	t.drain()
	return t.raw.Close()
}

func (t *talk) freeze() error {
	<-t.ctx.Done()
	return t.cut()
}

func (t *talk) close() error {
	if c, ok := t.conn.(*tls.Conn); ok && t.ctx.Err() == nil {
		c.CloseWrite()
	}
	return t.cut()
}

// cut sends FIN and waits for the client's. Closing with unread bytes would
// send RST instead, and the client might lose our last lines.
func (t *talk) cut() error {
	if c, ok := t.raw.(interface{ CloseWrite() error }); ok {
		c.CloseWrite()
		t.drain()
	}
	return t.raw.Close()
}

func (t *talk) reset() error {
	if c, ok := t.raw.(interface{ SetLinger(int) error }); ok {
		c.SetLinger(0)
	}
	return t.raw.Close()
}
