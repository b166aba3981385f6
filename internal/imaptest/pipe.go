package imaptest

import (
	"context"
	"errors"
	"net"
	"testing"
)

// Pipe runs the script on one connection in memory and returns its client end.
// It works inside a testing/synctest bubble, where it takes no time but what
// the script says.
//
// Unlike net.Pipe it has a buffer of 64 KiB each way, as a socket has: a client
// that refuses a certificate can send its alert while the server is still
// sending, which blocks both ends of a net.Pipe. Its errors are those of TCP,
// its addresses are those of a TCP connection to 127.0.0.1.
//
// The client's Close ends the script and waits for it; after it the record is
// complete. At the end of the test the client is closed, and a mismatch is an
// error of the test.
func Pipe(tb testing.TB, script string, o Options) (net.Conn, *Record) {
	tb.Helper()
	s, err := Parse(script)
	if err == nil {
		err = s.check(o)
	}
	if err != nil {
		tb.Fatal(err)
	}
	if o.Record == nil {
		o.Record = &Record{}
	}
	port := 143
	if o.ImplicitTLS {
		port = 993
	}
	near, far := newPipe(port)
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{end: near, cancel: cancel, done: make(chan struct{})}
	var result error
	go func() {
		defer close(c.done)
		result = s.Run(ctx, far, o)
	}()
	tb.Cleanup(func() {
		c.Close()
		var m *Mismatch
		if errors.As(result, &m) {
			tb.Errorf("imap server: %v", m)
		}
	})
	return c, o.Record
}

// NewPipe returns both ends of such a connection, without a script. Port is that
// of the server.
func NewPipe(port int) (client, server net.Conn) { return newPipe(port) }

// client is the end that a test holds.
type client struct {
	*end
	cancel context.CancelFunc
	done   chan struct{}
}

func (c *client) Close() error {
	err := c.end.Close()
	c.cancel()
	<-c.done
	return err
}
