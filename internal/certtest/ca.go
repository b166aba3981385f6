// Package certtest makes certificates for tests: a root, intermediates,
// cross-signed intermediates and leaves, good ones and every kind of bad one.
// It does no TLS and reads no files.
//
// Must makes a root, CA.Intermediate a CA below it, CA.Leaf a leaf with its
// chain, ready for a tls.Config; CA.Pool is what a client trusts. Keys are ECDSA
// P-256, which take well under a millisecond, unless the caller brings another.
//
// Times count from time.Now when a certificate is made: made inside a
// testing/synctest bubble, whose clock starts in 2000, it is valid there.
//
// Certificates follow RFC 5280 (Internet X.509 Public Key Infrastructure
// Certificate and CRL Profile).
package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"
)

// CA is a certificate authority, a root or an intermediate.
type CA struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	PEM  []byte // Cert alone
	// chain is what a server sends after a leaf: Cert and those above it,
	// without the root. Empty for a root.
	chain [][]byte
}

// Must makes a root that is valid from an hour ago for ten years.
func Must(tb testing.TB, cn string) *CA {
	tb.Helper()
	return NewDated(tb, cn, time.Time{}, time.Time{})
}

// NewDated is Must with its own dates, of which a zero one means that of Must.
func NewDated(tb testing.TB, cn string, notBefore, notAfter time.Time) *CA {
	tb.Helper()
	key := newKey(tb)
	t := caTemplate(cn, notBefore, notAfter)
	return newCA(sign(tb, t, t, key.Public(), key), key, nil)
}

// Intermediate makes a CA below ca. Zero dates are those of Must.
func (ca *CA) Intermediate(tb testing.TB, cn string, notBefore, notAfter time.Time) *CA {
	tb.Helper()
	return ca.certify(tb, caTemplate(cn, notBefore, notAfter), newKey(tb))
}

// CrossSign makes a second certificate for a CA that another has signed
// already: same subject, key and key identifier, but signed by ca and with its
// own dates (zero: those of Must). Leaves of either verify through both; see
// Leaf.Extra for sending both.
func (ca *CA) CrossSign(tb testing.TB, other *CA, notBefore, notAfter time.Time) *CA {
	tb.Helper()
	t := caTemplate(other.Cert.Subject.CommonName, notBefore, notAfter)
	t.SubjectKeyId = other.Cert.SubjectKeyId
	return ca.certify(tb, t, other.Key)
}

func (ca *CA) certify(tb testing.TB, t *x509.Certificate, key crypto.Signer) *CA {
	tb.Helper()
	cert := sign(tb, t, ca.Cert, key.Public(), ca.Key)
	return newCA(cert, key, append([][]byte{cert.Raw}, ca.chain...))
}

func newCA(cert *x509.Certificate, key crypto.Signer, chain [][]byte) *CA {
	return &CA{Cert: cert, Key: key, PEM: encode("CERTIFICATE", cert.Raw), chain: chain}
}

// Pool trusts this CA and nothing else.
func (ca *CA) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(ca.Cert)
	return p
}

func caTemplate(cn string, notBefore, notAfter time.Time) *x509.Certificate {
	t := template(cn, notBefore, notAfter, 10*365*24*time.Hour)
	t.IsCA = true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return t
}

// template fills what every certificate has. A zero notBefore is an hour ago,
// a zero notAfter is validity from now.
func template(cn string, notBefore, notAfter time.Time, validity time.Duration) *x509.Certificate {
	now := time.Now()
	if notBefore.IsZero() {
		notBefore = now.Add(-time.Hour)
	}
	if notAfter.IsZero() {
		notAfter = now.Add(validity)
	}
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: cn},
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		BasicConstraintsValid: true,
	}
}

// sign gives the template a serial number and makes the certificate.
func sign(tb testing.TB, t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	tb.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatal(err)
	}
	t.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		tb.Fatalf("certificate %q: %v", t.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatalf("certificate %q: %v", t.Subject.CommonName, err)
	}
	return cert
}

func newKey(tb testing.TB) crypto.Signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// WeakKey makes an RSA key of 1024 bits, the smallest that crypto/rsa makes.
// It takes some 10 ms.
func WeakKey(tb testing.TB) crypto.Signer {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// Fault is a word for why a certificate does not verify: "authority", "name",
// "expired" (also: not valid yet) or "usage"; "" when it does, else the error's text.
func Fault(err error) string {
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return ""
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "authority"
	case errors.As(err, new(x509.HostnameError)):
		return "name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "expired"
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "usage"
	}
	return err.Error()
}
