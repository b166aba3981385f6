package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

func TestDeadline(t *testing.T) {
	tests := []struct {
		name string
		set  []time.Duration // one after the other, from the start; 0 takes it back
		want time.Duration   // when the read fails
	}{
		{"one", []time.Duration{3 * time.Second}, 3 * time.Second},
		{"moved on", []time.Duration{3 * time.Second, 5 * time.Second}, 5 * time.Second},
		{"moved back", []time.Duration{5 * time.Second, 3 * time.Second}, 3 * time.Second},
		{"past", []time.Duration{-time.Second}, 0},
		{"taken back, set again", []time.Duration{time.Second, 0, 4 * time.Second}, 4 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c := speak(t, nil, event{0, "* OK h"})
				for _, d := range tt.set {
					if d == 0 {
						c.SetDeadline(time.Time{})
						continue
					}
					c.SetDeadline(start.Add(d))
				}
				if _, err := c.Response(); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("got %v, want a deadline", err)
				}
				if got := time.Since(start); got != tt.want {
					t.Errorf("failed after %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestInterrupt(t *testing.T) {
	tests := []struct {
		name string
		said string // before the silence in which the interrupt comes
		do   func(c *wire.Conn) error
	}{
		{"before a response", "", response},
		{"inside a line", "* OK h", response},
		{"inside a literal", "* X {5}\r\nhe", response},
		{"behind a lone LF", "* OK hi\r\n* OK a\n", twice(response)},
		{"behind an inner LF", "* OK hi\r\n* OK a\nT1 OK no\r\n", twice(twice(response))},
		{"while peeking", "", func(c *wire.Conn) error { _, err := c.Peek(0, nil); return err }},
		{"while writing", "", func(c *wire.Conn) error { return c.Send(make([]byte, 1<<20), "much") }},
		{"behind a peek", "* OK", func(c *wire.Conn) error {
			c.Peek(time.Second, func([]byte) bool { return false })
			return response(c)
		}},
	}
	const moment = 100 * time.Millisecond
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				near, far := net.Pipe()
				defer near.Close()
				defer far.Close()
				go io.WriteString(far, tt.said)
				c := wire.New(near, wire.Limits{}, nil)
				c.SetDeadline(start.Add(time.Minute))
				time.AfterFunc(moment, c.Interrupt)
				if err := tt.do(c); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("got %v, want a timeout", err)
				}
				if got := time.Since(start); got != moment {
					t.Errorf("failed after %v, want %v", got, moment)
				}
				c.SetDeadline(start.Add(time.Hour))
				if err := response(c); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("read after SetDeadline: got %v, want a timeout", err)
				}
				if err := c.Send([]byte("x"), "x"); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("write after SetDeadline: got %v, want a timeout", err)
				}
				if got := time.Since(start); got != moment {
					t.Errorf("later calls failed after %v, want %v", got, moment)
				}
			})
		})
	}
}

func response(c *wire.Conn) error { _, err := c.Response(); return err }

func twice(do func(*wire.Conn) error) func(*wire.Conn) error {
	return func(c *wire.Conn) error {
		if err := do(c); err != nil {
			return err
		}
		return do(c)
	}
}

func TestPeek(t *testing.T) {
	line := func(b []byte) bool { return bytes.IndexByte(b, '\n') >= 0 }
	const s = time.Second
	tests := []struct {
		name   string
		d      time.Duration
		events []event
		want   string
		after  time.Duration
	}{
		{"first bytes", 0, []event{{s, "22"}, {s, "0 hi\r\n"}}, "22", s},
		{"whole at once", s, []event{{s, "220 hi\r\n"}}, "220 hi\r\n", s},
		{"whole in pieces", s, []event{{s, "2"}, {s / 2, "20"}, {s / 2, " hi\r\n"}}, "220 hi\r\n", 2 * s},
		{"never whole", s, []event{{s, "220"}, {s / 2, " hi"}}, "220 hi", 2*s + s/2},
		{"nothing", s, nil, "", 10 * s},
		{"deadline", time.Minute, []event{{s, "220"}}, "220", 10 * s},
		{"no end of it", s, []event{{s, string(make([]byte, 10000))}}, string(make([]byte, 4096)), s},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c := speak(t, nil, tt.events...)
				c.SetDeadline(start.Add(10 * s))
				got, err := c.Peek(tt.d, line)
				if string(got) != tt.want || (err != nil) != (tt.want == "") {
					t.Errorf("got %.80q, %v, want %.80q", got, err, tt.want)
				}
				if got := time.Since(start); got != tt.after {
					t.Errorf("returned after %v, want %v", got, tt.after)
				}
			})
		})
	}
	t.Run("uses nothing up", func(t *testing.T) {
		c := conn("* OK", " hi\r\n")
		if got, err := c.Peek(0, nil); string(got) != "* OK" || err != nil {
			t.Errorf("got %q, %v, want \"* OK\"", got, err)
		}
		if got, err := all(c); err != nil || len(got) != 1 || got[0] != "* OK hi" {
			t.Errorf("after it: got %q, %v, want the whole line", got, err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		if got, err := conn().Peek(time.Second, line); err != io.EOF {
			t.Errorf("got %q, %v, want EOF", got, err)
		}
	})
}

func TestUpgrade(t *testing.T) {
	refused := errors.New("refused")
	tests := []struct {
		name string
		sent string // the first line of it is read before
		up   error
		want error
	}{
		{"clean", "T1 OK begin\r\n", nil, nil},
		{"early line", "T1 OK begin\r\n* OK injected\r\n", nil, report.ErrInjected},
		{"early byte", "T1 OK begin\r\n\x16", nil, report.ErrInjected},
		{"early line behind an inner LF", "* OK hi\r\nT1 OK begin\n* OK injected\r\n", nil, report.ErrInjected},
		{"early LF", "T1 OK begin\n\r\n", nil, report.ErrInjected},
		{"handshake fails", "T1 OK begin\r\n", refused, refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := conn(tt.sent)
			for {
				r, err := c.Response()
				if err != nil {
					t.Fatal(err)
				}
				if r.Tag == "T1" {
					break
				}
			}
			called := false
			err := c.Upgrade(func(net.Conn) (net.Conn, error) {
				called = true
				return &feed{pieces: []string{"* OK under TLS\r\n"}}, tt.up
			})
			if err != tt.want || called == (tt.want == report.ErrInjected) {
				t.Fatalf("%q: got %v, handshake %t, want %v", tt.sent, err, called, tt.want)
			}
			if err == nil {
				if got, err := all(c); err != nil || len(got) != 1 || got[0] != "* OK under TLS" {
					t.Errorf("%q: read %q, %v, want the line under TLS", tt.sent, got, err)
				}
			}
		})
	}
}

func TestSendErrors(t *testing.T) {
	tests := []struct {
		name string
		end  string // of the server's script
		want error
	}{
		{"healthy", "hold", nil},
		{"not read", "freeze", os.ErrDeadlineExceeded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, _ := imaptest.Pipe(t, "greet\n"+tt.end, imaptest.Options{})
				c := wire.New(nc, wire.Limits{}, nil)
				defer c.Close()
				c.SetDeadline(time.Now().Add(time.Second))
				if err := c.Send(bytes.Repeat([]byte("x"), 1<<20), "much"); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				// What the server has said can still be read.
				if _, err := c.Response(); tt.want == nil && err != nil {
					t.Errorf("response: %v", err)
				}
			})
		})
	}
	t.Run("closed", func(t *testing.T) {
		near, far := net.Pipe()
		far.Close()
		tr := wire.NewTranscript(time.Now(), false)
		c := wire.New(near, wire.Limits{}, tr)
		if err := c.Send([]byte("T1 NOOP\r\n"), "T1 NOOP"); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v, want a closed pipe", err)
		}
		if got := lines(tr); len(got) != 1 || got[0] != "C: T1 NOOP" {
			t.Errorf("transcript: got %q, want what was tried", got)
		}
	})
}

// The ends of a connection come back as they are, once what came before is read.
func TestReadErrors(t *testing.T) {
	tests := []struct {
		name, end string
		want      error
	}{
		{"close", "close", io.EOF},
		{"half a line", "raw \"* OK ha\"\nclose", io.EOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, _ := imaptest.Pipe(t, "greet\nS: * BYE full\n"+tt.end, imaptest.Options{})
				c := wire.New(nc, wire.Limits{}, nil)
				defer c.Close()
				for _, want := range []string{"OK", "BYE"} {
					if r, err := c.Response(); err != nil || r.Words(1)[0] != want {
						t.Fatalf("got %v, %v, want %s", r, err, want)
					}
				}
				for range 2 {
					if _, err := c.Response(); !errors.Is(err, tt.want) || !errors.Is(c.Err(), tt.want) {
						t.Errorf("got %v, Err %v, want %v", err, c.Err(), tt.want)
					}
				}
			})
		})
	}
}
