package imaptest_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/imaptest"
)

// pki makes both sides of a TLS configuration, valid by the clock of the caller.
func pki(tb testing.TB, l certtest.Leaf) (client, server *tls.Config) {
	tb.Helper()
	l.DNSNames = []string{"imap.example.com"}
	ca := certtest.Must(tb, "root")
	return &tls.Config{ServerName: "imap.example.com", RootCAs: ca.Pool()},
		&tls.Config{Certificates: []tls.Certificate{ca.Leaf(tb, l)}}
}

// both runs a test over TCP and over a Pipe in a bubble.
func both(t *testing.T, f func(t *testing.T, open func(string, imaptest.Options) net.Conn)) {
	t.Run("TCP", func(t *testing.T) {
		f(t, func(script string, o imaptest.Options) net.Conn {
			return dial(t, imaptest.Serve(t, script, o)).Conn
		})
	})
	t.Run("pipe", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f(t, func(script string, o imaptest.Options) net.Conn {
				c, _ := imaptest.Pipe(t, script, o)
				return c
			})
		})
	})
}

// upgrade is the client's side of a handshake.
func upgrade(t *testing.T, c net.Conn, config *tls.Config) *client {
	t.Helper()
	tc := tls.Client(c, config)
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	return newClient(t, tc)
}

func TestTLSByHand(t *testing.T) {
	both(t, func(t *testing.T, open func(string, imaptest.Options) net.Conn) {
		config, server := pki(t, certtest.Leaf{})
		old := server.Clone()
		old.MaxVersion = tls.VersionTLS12
		conn := open(`
			greet
			C: {tag} STARTTLS
			S: {tag} OK go
			tls old
			chunk 3
			C: {tag} CAPABILITY
			S: * CAPABILITY IMAP4rev1
			S: {tag} OK
			chunk 0
			raw "* BYE \x01\r\n"
			close
		`, imaptest.Options{TLSConfigs: map[string]*tls.Config{"old": old}})
		c := newClient(t, conn)
		c.line()
		equal(t, "starttls", joined(c.command("a STARTTLS")), "a OK go")
		c = upgrade(t, conn, config)
		equal(t, "version", c.Conn.(*tls.Conn).ConnectionState().Version, uint16(tls.VersionTLS12))
		c.send("b CAPABILITY\r\n")
		b := make([]byte, 100)
		n, err := c.Conn.Read(b) // one record
		equal(t, "first chunk", string(b[:n]), "* C")
		equal(t, "error", err, nil)
		equal(t, "capability", joined(c.until("b")), "APABILITY IMAP4rev1\nb OK")
		equal(t, "raw", c.line(), "* BYE \x01")
		if _, err := c.r.ReadByte(); err != io.EOF {
			t.Errorf("after close: got %v, want EOF", err)
		}
	})
}

func TestServeSTARTTLS(t *testing.T) {
	both(t, func(t *testing.T, open func(string, imaptest.Options) net.Conn) {
		config, server := pki(t, certtest.Leaf{})
		conn := open("greet\nserve", imaptest.Options{TLS: server, Capabilities: "IMAP4rev1 STARTTLS LOGINDISABLED ID"})
		c := newClient(t, conn)
		equal(t, "greeting", c.line(), "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED ID] ready")
		equal(t, "starttls", joined(c.command("a STARTTLS")), "a OK begin TLS negotiation now")
		c = upgrade(t, conn, config)
		equal(t, "capability", joined(c.command("b CAPABILITY")), "* CAPABILITY IMAP4rev1 ID\nb OK CAPABILITY completed")
		equal(t, "logout", joined(c.command("c LOGOUT")), "* BYE logging out\nc OK LOGOUT completed")
	})
}

// tap counts the bytes that are read below TLS.
type tap struct {
	net.Conn
	n int
}

func (c *tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n += n
	return n, err
}

// How the end looks to a client inside TLS. Go's reports io.EOF also without
// close_notify, so its record is looked for below TLS.
func TestTLSEnds(t *testing.T) {
	tests := []struct {
		script string
		want   error
		notify bool
	}{
		{"close", io.EOF, true},
		{"cut", io.EOF, false},
		{"reset", syscall.ECONNRESET, false},
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			both(t, func(t *testing.T, open func(string, imaptest.Options) net.Conn) {
				config, server := pki(t, certtest.Leaf{})
				server.SessionTicketsDisabled = true // they come after the handshake
				conn := &tap{Conn: open("greet hello\nC: {tag} NOOP\n"+tt.script, imaptest.Options{TLS: server, ImplicitTLS: true})}
				c := upgrade(t, conn, config)
				equal(t, "greeting", c.line(), "* OK hello")
				before := conn.n
				c.send("a NOOP\r\n")
				if _, err := c.r.ReadByte(); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				equal(t, "close_notify", conn.n > before, tt.notify)
			})
		})
	}
}

// A refused certificate: neither side may block, and it is no mismatch.
func TestRefusedCertificate(t *testing.T) {
	both(t, func(t *testing.T, open func(string, imaptest.Options) net.Conn) {
		config, server := pki(t, certtest.Leaf{NotAfter: time.Now().Add(-time.Minute)})
		conn := open("serve", imaptest.Options{TLS: server, ImplicitTLS: true})
		err := tls.Client(conn, config).Handshake()
		if !errors.As(err, new(x509.CertificateInvalidError)) {
			t.Errorf("got %v, want an expired certificate", err)
		}
	})
}

// A client certificate, seen by the server.
func TestClientCertificate(t *testing.T) {
	both(t, func(t *testing.T, open func(string, imaptest.Options) net.Conn) {
		config, server := pki(t, certtest.Leaf{})
		ca := certtest.Must(t, "client root")
		server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
		config.Certificates = []tls.Certificate{ca.Leaf(t, certtest.Leaf{CommonName: "probe", ClientAuth: true})}
		conn := open("C: {tag} NOOP\nS: {tag} OK", imaptest.Options{TLS: server, ImplicitTLS: true})
		equal(t, "noop", joined(upgrade(t, conn, config).command("a NOOP")), "a OK")
	})
}
