package wire_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"check_imap_session/internal/wire"
)

// feed is a server that has said everything already: each Read returns the
// next piece, or size bytes of it at most, and io.EOF after the last. It never
// waits, so it needs no bubble.
type feed struct {
	net.Conn
	pieces []string
	size   int // of one read; 0 means a whole piece

	silence int // every so many reads nothing comes, if the reader waits with a deadline; 0 means never
	reads   int
	waiting bool
}

func (f *feed) Read(b []byte) (int, error) {
	f.reads++
	if f.waiting && f.silence > 0 && f.reads%f.silence == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	for len(f.pieces) > 0 && f.pieces[0] == "" {
		f.pieces = f.pieces[1:]
	}
	if len(f.pieces) == 0 {
		return 0, io.EOF
	}
	n := len(f.pieces[0])
	if f.size > 0 {
		n = min(n, f.size)
	}
	n = copy(b, f.pieces[0][:n])
	f.pieces[0] = f.pieces[0][n:]
	return n, nil
}

func (f *feed) SetReadDeadline(t time.Time) error { f.waiting = !t.IsZero(); return nil }
func (f *feed) SetDeadline(t time.Time) error     { return f.SetReadDeadline(t) }
func (f *feed) Write(b []byte) (int, error)       { return len(b), nil }
func (f *feed) Close() error                      { return nil }

// conn returns a Conn to a server that says these pieces.
func conn(pieces ...string) *wire.Conn { return cutUp(0, pieces...) }

// cutUp is conn, but each read returns size bytes at most; 0 means no limit.
func cutUp(size int, pieces ...string) *wire.Conn {
	return wire.New(&feed{pieces: pieces, size: size}, wire.Limits{}, nil)
}

// one reads the only response of a server that says text.
func one(tb testing.TB, text string) *wire.Response {
	tb.Helper()
	r, err := conn(text).Response()
	if err != nil {
		tb.Fatalf("response to %.80q: %v", text, err)
	}
	return r
}

// all reads responses until an error and returns their lines and that error,
// of which io.EOF is the good one and becomes nil.
func all(c *wire.Conn) (lines []string, err error) {
	for {
		r, err := c.Response()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, string(r.Line))
	}
}

// event is something that a server in a bubble does.
type event struct {
	after time.Duration // since the event before
	send  string
}

// speak returns a Conn to a server that does these things in the bubble's
// time, then keeps silent until the client closes or the test ends.
func speak(t *testing.T, tr *wire.Transcript, events ...event) *wire.Conn {
	t.Helper()
	near, far := net.Pipe()
	c := wire.New(near, wire.Limits{}, tr)
	done := make(chan struct{})
	go func() {
		for _, e := range events {
			select {
			case <-time.After(e.after):
			case <-done:
				return
			}
			if _, err := io.WriteString(far, e.send); err != nil {
				return
			}
		}
		io.Copy(io.Discard, far)
	}()
	t.Cleanup(func() { close(done); near.Close(); far.Close() })
	return c
}
