// Package demo starts an IMAP server on loopback inside the plugin's own
// process, in one of several rehearsed states: in order, slow, refusing the
// login, hanging. The plugin then runs its real session against it, as a first
// look and as a fire drill for the alerting behind it.
//
// It does not judge or print, and has nothing of the check in it. The protocol is spoken by go-imap's imapserver over
// its imapmemserver, not by a script; a scenario changes single answers of it.
// Only implicit TLS is offered (RFC 8314 section 3), with a certificate made
// at the start; nothing is written to disk or to standard error.
//
// Order of use: Find or Scenarios, Start, connect to Server.Addr trusting
// Server.Roots, Close.
//
// RFC 9051 (IMAP4rev2), RFC 3501 (IMAP4rev1, what the server announces),
// RFC 5530 (IMAP response codes).
package demo

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Options fit the server to a command line that already names a host, an
// account or a mailbox, so that a fire drill can run with the flags of the
// real check. The zero value is the account of the first look.
type Options struct {
	ServerName string // name or IP literal the certificate is for; empty: imap.example.com
	Username   string // the only account; empty: demo
	Password   string // its password; empty: demo
	Mailbox    string // UTF-8, where the messages are; empty: INBOX
	// More are further mailboxes with the same messages; nil for none.
	More []string
	// Listen opens the port, whose address is a *net.TCPAddr; nil: a free one of
	// 127.0.0.1.
	Listen func(context.Context) (net.Listener, error)
}

// Server is a running demonstration server. Its fields say how to reach it and
// are not changed after Start.
type Server struct {
	Addr       netip.AddrPort // 127.0.0.1 and a free port, implicit TLS
	ServerName string         // the name or address in the certificate
	Roots      *x509.CertPool // holds the one authority that signed the certificate
	Username   string
	Password   string
	Mailbox    string // the mailbox to open; absent in mailbox-missing

	stop  context.CancelFunc
	ended chan struct{} // closed when every goroutine has let go
	err   error         // of the closed port; to be read after ended
}

// Start starts the server of a scenario on 127.0.0.1 and a free port. It
// accepts connections when Start returns, any number of them, until Close is
// called or ctx ends.
//
// Errors: ctx has ended, no port on loopback is to be had, or ServerName
// cannot stand in a certificate.
func Start(ctx context.Context, sc Scenario, o Options) (*Server, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start demo server: %w", err)
	}
	s := &Server{
		ServerName: cmp.Or(o.ServerName, "imap.example.com"),
		Username:   cmp.Or(o.Username, "demo"),
		Password:   cmp.Or(o.Password, "demo"),
		Mailbox:    cmp.Or(o.Mailbox, "INBOX"),
		ended:      make(chan struct{}),
	}
	now := time.Now()
	certificate, roots, err := issue(s.ServerName, now, cmp.Or(sc.certificateLeft, healthyCertificateLeft))
	if err != nil {
		return nil, fmt.Errorf("start demo server: %w", err)
	}
	s.Roots = roots
	account, err := newAccount(s, o.More, sc.mailboxMissing, now)
	if err != nil {
		return nil, fmt.Errorf("start demo server: fill mailbox %q: %w", s.Mailbox, err)
	}

	listen := o.Listen
	if listen == nil {
		listen = func(ctx context.Context) (net.Listener, error) {
			return (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
		}
	}
	ln, err := listen(ctx)
	if err != nil {
		return nil, fmt.Errorf("start demo server: %w", err)
	}
	s.Addr = ln.Addr().(*net.TCPAddr).AddrPort()
	secured := newListener(ln, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS12,
	})
	ctx, s.stop = context.WithCancel(ctx)
	go s.run(ctx, newIMAPServer(ctx, sc, account), secured)
	return s, nil
}

// Close ends the server: it closes the port and every connection, also one
// that is kept waiting by its scenario, and returns when its goroutines have
// ended. Later calls return the same error.
func (s *Server) Close() error {
	s.stop()
	<-s.ended
	return s.err
}

// run serves until ctx ends, and then waits for the connections.
func (s *Server) run(ctx context.Context, server *imapserver.Server, ln *listener) {
	defer close(s.ended)
	var serving sync.WaitGroup
	serving.Go(func() {
		// The only way out is the closed listener: Serve retries what is temporary.
		_ = server.Serve(ln)
	})
	<-ctx.Done()
	s.err = ln.shut()
	serving.Wait()
}

// newIMAPServer builds the protocol engine. Its own Close is not used: it
// misses a connection that is accepted while it runs, and does not wait.
func newIMAPServer(ctx context.Context, sc Scenario, account *imapmemserver.User) *imapserver.Server {
	return imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return newSession(ctx, sc, account, c)
		},
		// What imapmemserver supports. IMAP4rev2 stays out: most servers in
		// use announce IMAP4rev1, and the first look should show the usual.
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {},
			imap.CapNamespace: {},
			imap.CapUIDPlus:   {},
			imap.CapESearch:   {},
			imap.CapMove:      {},
		},
		// The default logger writes to standard error, where a plugin must
		// write nothing.
		Logger: silent{},
	})
}

type silent struct{}

func (silent) Printf(string, ...any) {}
