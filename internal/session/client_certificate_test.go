package session

import (
	"crypto/tls"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/client"
)

// TestClientCertificateRefused blames the handshake for an alert that comes
// after it, whether or not our next command can still be sent.
func TestClientCertificateRefused(t *testing.T) {
	for _, mode := range []TLSMode{TLSImplicit, TLSStart} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for name, wrap := range map[string]func(net.Conn) net.Conn{
				"at once": func(c net.Conn) net.Conn { return c },
				// What the server does about one write has happened before the next.
				"slow": func(c net.Conn) net.Conn { return &slow{Conn: c, each: time.Millisecond} },
			} {
				bubble(t, string(mode)+"/"+tls.VersionName(version)+"/"+name, func(t *testing.T) {
					b := newRig(t, mode)
					b.opts.TLS.ClientAuth, b.opts.TLS.MaxVersion = tls.RequireAnyClientCert, version
					b.wrap = wrap
					r := b.run(t, "S: * OK ready\nserve")
					e := r.Failure()
					if e == nil || e.Step != "tls" || !client.IsAlert(e.Err) {
						t.Fatalf("failure %v, want an alert on tls", e)
					}
					if sent := strings.Join(b.record.Received(), "\n"); strings.Contains(sent, "LOGIN") {
						t.Errorf("a secret was sent: %q", sent)
					}
				})
			}
		}
	}
}

// shut is a connection that takes so many writes and no more: the other side
// has closed it, and the system has noticed.
type shut struct {
	net.Conn
	left int
}

func (c *shut) Write(b []byte) (int, error) {
	time.Sleep(time.Millisecond)
	if c.left--; c.left < 0 {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	}
	return c.Conn.Write(b)
}

// TestClientCertificateClosedConnection reads the alert although the command behind
// the handshake could not be sent any more.
func TestClientCertificateClosedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSStart)
		b.opts.TLS.ClientAuth = tls.RequireAnyClientCert
		b.wrap = func(c net.Conn) net.Conn { return &shut{c, 3} } // STARTTLS, ClientHello, and the rest of the handshake
		r := b.run(t, "S: * OK ready\nserve")
		if e := r.Failure(); e == nil || e.Step != "tls" || !client.IsAlert(e.Err) {
			t.Fatalf("failure %v, want an alert on tls", e)
		}
	})
}
