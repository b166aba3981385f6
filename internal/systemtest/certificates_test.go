package systemtest

import (
	"crypto/tls"
	"net"
	"testing"

	"check_imap_session/internal/certtest"
)

// certificates are what the servers of scripts and faults show.
type certificates struct {
	root   []byte // PEM
	caFile string // with it
	tls    *tls.Config
	named  map[string]*tls.Config // for "tls NAME" in the script of a server
}

// newCertificates makes certificates that are valid on the clock of the caller.
func newCertificates(t *testing.T) certificates {
	ca, unknown := certtest.Must(t, "Test CA"), certtest.Must(t, "Another Root")
	leaf := certtest.Leaf{CommonName: "imap.test", DNSNames: []string{"imap.test", "localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: ahead(90)}
	with := func(ca *certtest.CA, change func(*certtest.Leaf)) *tls.Config {
		l := leaf
		change(&l)
		return &tls.Config{Certificates: []tls.Certificate{ca.Leaf(t, l)}}
	}
	good := with(ca, func(*certtest.Leaf) {})
	speaking := func(change func(*tls.Config)) *tls.Config {
		c := good.Clone()
		change(c)
		return c
	}
	return certificates{
		root: ca.PEM, tls: good,
		named: map[string]*tls.Config{
			"expired": with(ca, func(l *certtest.Leaf) { l.NotBefore, l.NotAfter = ahead(-90), ahead(-1) }),
			"future":  with(ca, func(l *certtest.Leaf) { l.NotBefore = ahead(2) }),
			"other": with(ca, func(l *certtest.Leaf) {
				l.CommonName, l.DNSNames, l.IPs = "mail.test", []string{"mail.test"}, nil
			}),
			"untrusted":    with(unknown, func(*certtest.Leaf) {}),
			"self-signed":  with(ca, func(l *certtest.Leaf) { l.SelfSigned = true }),
			"hostile-name": with(unknown, func(l *certtest.Leaf) { l.CommonName = "x|y=1 [OK]\n<b>\u202e" }),
			"tls1.1":       speaking(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }),
			"tls1.2":       speaking(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
			"client-cert":  speaking(func(c *tls.Config) { c.ClientAuth = tls.RequireAndVerifyClientCert }),
			"client-cert12": speaking(func(c *tls.Config) {
				c.ClientAuth, c.MaxVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS12
			}),
		},
	}
}

// write writes the file with the root.
func (c certificates) write(t *testing.T) certificates {
	c.caFile = writeFile(t, t.TempDir(), "ca.pem", c.root)
	return c
}
