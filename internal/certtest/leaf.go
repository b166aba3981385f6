package certtest

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Leaf says what a certificate for a server or a client is like. The zero value
// is valid but names nobody.
type Leaf struct {
	CommonName string // may be empty; clients do not take it for a host name
	DNSNames   []string
	IPs        []net.IP

	// NotBefore and NotAfter are one hour ago and 90 days from now if zero.
	NotBefore, NotAfter time.Time

	// Key is a new ECDSA P-256 key if nil. For a weak one: WeakKey.
	Key crypto.Signer

	// Signature must fit the key of the issuer. Zero: the usual one of that
	// key. For a weak one: x509.ECDSAWithSHA1.
	Signature x509.SignatureAlgorithm

	// SelfSigned signs it with its own key and sends no chain.
	SelfSigned bool

	// ClientAuth makes it a client certificate, which servers cannot use.
	ClientAuth bool

	// NoChain leaves out the intermediates: the usual mistake of an admin.
	NoChain bool

	// Extra certificates are sent after the chain, for example a cross-signed
	// one that has expired.
	Extra []*CA
}

// Leaf makes a certificate and its chain, without the root. SelfSigned needs
// no CA: ca may be nil.
func (ca *CA) Leaf(tb testing.TB, l Leaf) tls.Certificate {
	tb.Helper()
	key := l.Key
	if key == nil {
		key = newKey(tb)
	}
	t := template(l.CommonName, l.NotBefore, l.NotAfter, 90*24*time.Hour)
	t.DNSNames, t.IPAddresses = l.DNSNames, l.IPs
	t.SignatureAlgorithm = l.Signature
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if l.ClientAuth {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	parent, signer := t, key
	if !l.SelfSigned {
		parent, signer = ca.Cert, ca.Key
	}
	cert := sign(tb, t, parent, key.Public(), signer)
	c := tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
	if !l.SelfSigned && !l.NoChain {
		c.Certificate = append(c.Certificate, ca.chain...)
	}
	for _, extra := range l.Extra {
		c.Certificate = append(c.Certificate, extra.Cert.Raw)
	}
	return c
}

// WriteFile writes the certificate of the CA as ca.pem into dir.
func (ca *CA) WriteFile(tb testing.TB, dir string) string {
	tb.Helper()
	return write(tb, filepath.Join(dir, "ca.pem"), ca.PEM)
}

// WriteFiles writes the whole chain as cert.pem and the key, PKCS #8 and
// readable by the owner only, as key.pem into dir.
func WriteFiles(tb testing.TB, dir string, c tls.Certificate) (certFile, keyFile string) {
	tb.Helper()
	var certs []byte
	for _, der := range c.Certificate {
		certs = append(certs, encode("CERTIFICATE", der)...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	return write(tb, filepath.Join(dir, "cert.pem"), certs),
		write(tb, filepath.Join(dir, "key.pem"), encode("PRIVATE KEY", key))
}

func write(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return name
}
