// Package wire is the connection under an IMAP conversation: it cuts what the
// server sends into responses (lines with their literals), holds one deadline
// and hard limits over all of it, stamps every response with the moment its
// last byte arrived, and keeps a transcript that is redacted where it is
// written. It knows the framing of IMAP (RFC 9051 section 2.2 and 4.3), not its
// commands, and it starts no goroutine.
//
// Order of use: New, Send and Response as often as needed, Upgrade once after
// STARTTLS. Interrupt may be called from any goroutine at any time; all else
// belongs to one goroutine.
package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"check_imap_session/internal/report"
)

// Limits bound what a server can make us read and keep.
type Limits struct {
	Total int64 // bytes in all; 0 means DefaultLimits
	Line  int   // bytes of one response without its literals
	Depth int   // open parentheses at one moment
	Keep  int   // bytes kept of one literal, and Line of all in a response; the rest is read and dropped
}

// DefaultLimits are far above what any healthy server needs.
var DefaultLimits = Limits{Total: 16 << 20, Line: 1 << 20, Depth: 512, Keep: 64 << 10}

// overLimit is the error of a server that sent more than Limits allow.
func overLimit(what string, limit int64) error {
	return fmt.Errorf("%w: %s over the limit of %d", report.ErrTooLarge, what, limit)
}

const (
	// lonelyLF is how long a line that ends in a bare LF, from a server that
	// ended earlier lines with CRLF, waits for more before it counts as ended.
	lonelyLF = 250 * time.Millisecond
	// innerLF is the same for a bare LF with more text behind it, which may be
	// a text with an LF in it, or two lines.
	innerLF = time.Second
)

// Conn is one connection to a server.
type Conn struct {
	nc  net.Conn
	lim Limits
	tr  *Transcript

	buf  []byte // buf[r:w] is read and not yet used
	r, w int
	at   time.Time // when the last bytes arrived
	got  int64     // bytes read in all
	err  error     // first read error; reading stops there

	crlf  lineEnd
	inner []byte // what stood behind a bare LF inside the last line

	unfinished Unfinished

	mu          sync.Mutex // guards nc's deadline against Interrupt
	deadline    time.Time
	interrupted bool
}

// lineEnd is how this server ends its lines, learnt from its first one.
type lineEnd int

const (
	endUnknown lineEnd = iota
	endCRLF
	endLF
)

// New returns a Conn over nc. The transcript may be nil: then none is kept.
func New(nc net.Conn, lim Limits, tr *Transcript) *Conn {
	if lim.Total == 0 {
		lim = DefaultLimits
	}
	return &Conn{nc: nc, lim: lim, tr: tr, buf: make([]byte, 4<<10)}
}

// SetDeadline sets the moment at which reads and writes give up. The zero time
// means never. It has no effect after Interrupt.
func (c *Conn) SetDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	if !c.interrupted {
		c.nc.SetDeadline(t)
	}
}

// Interrupt makes every read and write, current and later, fail at once with a
// timeout error. It may be called from any goroutine.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interrupted = true
	c.nc.SetDeadline(time.Unix(1, 0))
}

// setReadTimeout sets a read deadline of its own, d from now, below the overall one.
// It returns false when the overall one is nearer: then waiting for less than
// that is no use.
func (c *Conn) setReadTimeout(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := time.Now().Add(d)
	if c.interrupted || (!c.deadline.IsZero() && t.After(c.deadline)) {
		return false
	}
	c.nc.SetReadDeadline(t)
	return true
}

// resetReadTimeout puts the overall read deadline back. It returns true after
// Interrupt: then a timeout was not the server's silence.
func (c *Conn) resetReadTimeout() (interrupted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.interrupted {
		c.nc.SetReadDeadline(c.deadline)
	}
	return c.interrupted
}

// Close closes the connection. Under TLS it says so to the server.
func (c *Conn) Close() error { return c.nc.Close() }

// Err returns the first error of a read, nil while there was none.
func (c *Conn) Err() error { return c.err }

// LastRead returns when the last bytes arrived; the zero time before any did.
func (c *Conn) LastRead() time.Time { return c.at }

// Received returns how many bytes were read so far, after decryption.
func (c *Conn) Received() int64 { return c.got }

// Allow raises the limit on all data by n bytes, for a command whose answer is
// known to be large.
func (c *Conn) Allow(n int64) { c.lim.Total += n }

// Upgrade replaces the connection by what up makes of it, a TLS connection.
// When the server has already sent something behind its answer to STARTTLS it
// returns report.ErrInjected and leaves everything as it is: whoever sent that
// wanted it to be read as if it had come under TLS (CVE-2011-0411 and its kin).
func (c *Conn) Upgrade(up func(net.Conn) (net.Conn, error)) error {
	if c.r < c.w || len(c.inner) > 0 {
		return report.ErrInjected
	}
	nc, err := up(c.nc)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.nc = nc
	c.mu.Unlock()
	return nil
}

// Send writes data. The transcript shows the text in its place.
func (c *Conn) Send(data []byte, shown string) error {
	c.tr.Add("C", shown)
	_, err := c.nc.Write(data)
	return err
}

// fill reads once. It makes room first and returns a report.ErrTooLarge when a line
// or the whole input is over its limit.
func (c *Conn) fill() error {
	if c.err != nil {
		return c.err
	}
	if c.r > 0 {
		copy(c.buf, c.buf[c.r:c.w])
		c.w -= c.r
		c.r = 0
	}
	if c.w == len(c.buf) {
		if c.w >= c.lim.Line {
			return c.fail(overLimit("line", int64(c.lim.Line)))
		}
		c.buf = append(c.buf, make([]byte, len(c.buf))...)
	}
	if c.got >= c.lim.Total {
		return c.fail(overLimit("data in all", c.lim.Total))
	}
	n, err := c.nc.Read(c.buf[c.w:])
	if n > 0 {
		c.at = time.Now() // not when a read fails: the time belongs to bytes
		c.w += n
		c.got += int64(n)
		return nil // an error that came with data comes again
	}
	return err
}

// fail makes err the error of every later read.
func (c *Conn) fail(err error) error {
	if c.err == nil {
		c.err = err
	}
	return err
}

// fillFor reads once, but waits at most d. It returns os.ErrDeadlineExceeded
// when nothing came in that time and there is time left for other things.
func (c *Conn) fillFor(d time.Duration) error {
	if !c.setReadTimeout(d) {
		return c.fillOrFail()
	}
	err := c.fill()
	interrupted := c.resetReadTimeout()
	if err != nil && (interrupted || !errors.Is(err, os.ErrDeadlineExceeded)) {
		c.fail(err)
	}
	return err
}

func (c *Conn) fillOrFail() error {
	if err := c.fill(); err != nil {
		return c.fail(err)
	}
	return nil
}

// Peek returns what has arrived of the next line, at least one byte, without
// using it up. It waits until whole returns true for it, or until nothing more has
// come for d; d of 0 means to wait for the first bytes only.
func (c *Conn) Peek(d time.Duration, whole func([]byte) bool) ([]byte, error) {
	for c.r == c.w {
		if err := c.fillOrFail(); err != nil {
			return nil, err
		}
	}
	for d > 0 && !whole(c.Pending()) && c.w-c.r < len(c.buf) {
		if c.fillFor(d) != nil {
			break
		}
	}
	return c.Pending(), nil
}

// line returns the next line without its end. The slice is valid until the
// next read.
//
// A server that ends its first line with CRLF is held to it: a bare LF, like a
// bare CR, is then a character of the text, so that a text with "LF tag OK" in
// it is not mistaken for the answer. Only when the server falls silent behind
// a bare LF, or closes, is it taken for the end of a line after all.
func (c *Conn) line() ([]byte, error) {
	scanned := 0
	if len(c.inner) > 0 && c.r == c.w {
		switch err := c.fillFor(innerLF); {
		case errors.Is(err, os.ErrDeadlineExceeded) && c.err == nil:
			c.unread(append(c.inner, '\n'))
			c.crlf = endLF
		case err != nil:
			return nil, err
		}
	}
	c.inner = nil
	for {
		if line, ok := c.cut(&scanned); ok {
			return line, nil
		}
		if !bytes.HasSuffix(c.Pending(), []byte("\n")) {
			if err := c.fillOrFail(); err != nil {
				return nil, err
			}
			continue
		}
		switch err := c.fillFor(lonelyLF); {
		case errors.Is(err, os.ErrDeadlineExceeded) && c.err == nil, errors.Is(err, io.EOF):
			c.crlf = endLF
			scanned = 0
		case err != nil:
			return nil, err
		}
	}
}

// cut takes a whole line from the buffer, when there is one.
func (c *Conn) cut(scanned *int) ([]byte, bool) {
	for {
		pending := c.Pending()
		i := bytes.IndexByte(pending[*scanned:], '\n')
		if i < 0 {
			*scanned = len(pending)
			return nil, false
		}
		i += *scanned
		*scanned = i + 1
		end := i
		if i > 0 && pending[i-1] == '\r' {
			end--
			if c.crlf == endUnknown {
				c.crlf = endCRLF
			}
		} else if c.crlf == endCRLF {
			continue
		} else {
			c.crlf = endLF
		}
		line := pending[:end]
		c.r += i + 1
		if lf := bytes.IndexByte(line, '\n'); lf >= 0 {
			c.inner = bytes.Clone(line[lf+1:])
		}
		return line, true
	}
}

// unread puts data in front of what is still to be read.
func (c *Conn) unread(data []byte) {
	rest := slices.Concat(data, c.Pending())
	if len(rest) > len(c.buf) {
		c.buf = make([]byte, len(rest))
	}
	c.r, c.w = 0, copy(c.buf, rest)
}
