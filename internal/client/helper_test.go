package client

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/wire"
)

// replay is a connection on which a server says what is in it, and then closes.
type replay struct {
	net.Conn
	server *strings.Reader
}

func (r replay) Read(p []byte) (int, error)       { return r.server.Read(p) }
func (r replay) Write(p []byte) (int, error)      { return len(p), nil }
func (r replay) SetDeadline(time.Time) error      { return nil }
func (r replay) SetReadDeadline(time.Time) error  { return nil }
func (r replay) SetWriteDeadline(time.Time) error { return nil }
func (r replay) Close() error                     { return nil }

// eachResponse calls f for every response in what a server says.
func eachResponse(text string, f func(*wire.Response)) {
	c := wire.New(replay{server: strings.NewReader(text)}, wire.Limits{}, nil)
	for {
		r, err := c.Response()
		if err != nil {
			return
		}
		f(r)
	}
}

// parsed returns what a parser makes of the first response.
func parsed[T any](t *testing.T, text string, parse func(*wire.Response) T) (out T) {
	t.Helper()
	count := 0
	eachResponse(text+"\r\n", func(r *wire.Response) {
		if count++; count == 1 {
			out = parse(r)
		}
	})
	if count != 1 {
		t.Fatalf("%q is %d responses, want 1", text, count)
	}
	return out
}

// fuzzParser runs a parser over all that a server may say: nothing may panic or
// hang, and each result is held to check.
func fuzzParser(f *testing.F, seeds []string, check func(*testing.T, *wire.Response)) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		eachResponse("* "+text+"\r\n", func(r *wire.Response) { check(t, r) })
	})
}

// timer is a Timer that keeps nothing but remarks.
type timer struct{ remarks []string }

func (t *timer) Begin()             {}
func (t *timer) Waiting(string)     {}
func (t *timer) End(time.Time)      {}
func (t *timer) Remark(text string) { t.remarks = append(t.remarks, text) }

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
