// Package certtest makes certificates for tests: a root, intermediates,
// cross-signed intermediates and leaves, good ones and every kind of bad one.
// It does no TLS and reads no files.
//
// New makes a root, CA.Intermediate a CA below it, CA.Issue a leaf with its
// chain, ready for a tls.Config; CA.Pool is what a client trusts. Must and
// CA.Leaf are New and Issue for a test. Keys are ECDSA P-256, which take well
// under a millisecond, unless the caller brings another.
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
	"fmt"
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

// New makes a root that is valid from an hour ago for ten years.
func New(cn string) (*CA, error) {
	return NewDated(cn, time.Time{}, time.Time{})
}

// NewDated is New with its own dates, of which a zero one means that of New.
func NewDated(cn string, notBefore, notAfter time.Time) (*CA, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	t := caTemplate(cn, notBefore, notAfter)
	cert, err := sign(t, t, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("root %q: %w", cn, err)
	}
	return newCA(cert, key, nil), nil
}

// Must is New for a test.
func Must(tb testing.TB, cn string) *CA {
	tb.Helper()
	ca, err := New(cn)
	if err != nil {
		tb.Fatal(err)
	}
	return ca
}

// Intermediate makes a CA below ca. Zero dates are those of New.
func (ca *CA) Intermediate(cn string, notBefore, notAfter time.Time) (*CA, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return ca.certify(caTemplate(cn, notBefore, notAfter), key)
}

// CrossSign makes a second certificate for a CA that another has signed
// already: same subject, key and key identifier, but signed by ca and with its
// own dates (zero: those of New). Leaves of either verify through both; see
// Leaf.Extra for sending both.
func (ca *CA) CrossSign(other *CA, notBefore, notAfter time.Time) (*CA, error) {
	t := caTemplate(other.Cert.Subject.CommonName, notBefore, notAfter)
	t.SubjectKeyId = other.Cert.SubjectKeyId
	return ca.certify(t, other.Key)
}

func (ca *CA) certify(t *x509.Certificate, key crypto.Signer) (*CA, error) {
	cert, err := sign(t, ca.Cert, key.Public(), ca.Key)
	if err != nil {
		return nil, fmt.Errorf("intermediate %q: %w", t.Subject.CommonName, err)
	}
	return newCA(cert, key, append([][]byte{cert.Raw}, ca.chain...)), nil
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
func sign(t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	t.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func newKey() (crypto.Signer, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// WeakKey makes an RSA key of 1024 bits, the smallest that crypto/rsa makes.
// It takes some 10 ms.
func WeakKey() (crypto.Signer, error) {
	return rsa.GenerateKey(rand.Reader, 1024)
}
