package imaptest

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
)

// Server runs a script for every connection to a port of 127.0.0.1, each from
// its start.
type Server struct {
	*Record

	script *Script
	o      Options
	ln     net.Listener
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	mismatch error
}

// Listen starts a server on a free port. The error is of the script, of the
// options, or of listening.
func Listen(script string, o Options) (*Server, error) {
	parsed, err := Parse(script)
	if err != nil {
		return nil, err
	}
	if err := parsed.check(o); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if o.Record == nil {
		o.Record = &Record{}
	}
	s := &Server{Record: o.Record, script: parsed, o: o, ln: ln}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(s.accept)
	return s, nil
}

// Serve is Listen for a test. At its end the server is closed, and a mismatch
// is an error of the test.
func Serve(tb testing.TB, script string, o Options) *Server {
	tb.Helper()
	s, err := Listen(script, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("imap server: %v", err)
		}
	})
	return s
}

func (s *Server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return // closed
		}
		s.wg.Go(func() { s.keep(s.script.Run(s.ctx, c, s.o)) })
	}
}

// keep remembers the first mismatch.
func (s *Server) keep(err error) {
	var m *Mismatch
	if !errors.As(err, &m) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mismatch == nil {
		s.mismatch = m
	}
}

// Port is where the server listens on 127.0.0.1.
func (s *Server) Port() int { return s.ln.Addr().(*net.TCPAddr).Port }

// Close stops listening and all scripts, waits for them, and returns the first
// *Mismatch, if any. What a client had sent before is still read, so after
// Close the record is complete. It may be called again.
func (s *Server) Close() error {
	s.cancel()
	s.ln.Close()
	s.wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mismatch
}
