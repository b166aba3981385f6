package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// TLSConfig says how to make a handshake and what to trust.
type TLSConfig struct {
	ServerName string // sent as SNI unless it is an address; verified
	Roots      *Roots // nil means the system's
	Insecure   bool   // go on although verification fails; Verification.Err still says so
	MinVersion uint16 // tls.VersionTLS12 and so on; 0 means TLS 1.2
}

// Roots are certificates to trust, loaded beside other work: parsing the
// system's takes tens of milliseconds that belong to no step.
type Roots struct {
	once sync.Once
	load func() (*x509.CertPool, error)
	pool *x509.CertPool
	err  error
}

// SystemRoots returns the system's roots. Nothing is read yet.
func SystemRoots() *Roots { return &Roots{load: x509.SystemCertPool} }

// RootsOf returns roots that are loaded already.
func RootsOf(pool *x509.CertPool) *Roots {
	return &Roots{load: func() (*x509.CertPool, error) { return pool, nil }}
}

// RootsFile reads a PEM bundle at once. A file without a certificate is an
// error.
func RootsFile(path string) (*Roots, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in it (PEM is wanted: BEGIN CERTIFICATE)")
	}
	return RootsOf(pool), nil
}

// Preload begins to load the roots in the background.
func (r *Roots) Preload() { go r.Pool() }

// Pool returns the roots, loading them when that has not been done.
func (r *Roots) Pool() (*x509.CertPool, error) {
	r.once.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("load trusted certificates: %v", p)
			}
		}()
		r.pool, r.err = r.load()
	})
	return r.pool, r.err
}

// Verification is what was found when the server's certificate was verified.
type Verification struct {
	Leaf   *x509.Certificate     // nil when the server showed none
	Served []*x509.Certificate   // as sent, the leaf first
	Chains [][]*x509.Certificate // verified chains, without regard to the name
	// Err is why the server is not to be trusted, nil when it is: an x509 error
	// about the chain, or else an x509.HostnameError.
	Err error
}

// Until returns the moment at which verification first fails by date: the
// earliest end within the verified chain that lasts longest, or the leaf's end
// when no chain verifies.
func (v Verification) Until() time.Time {
	var best time.Time
	for _, chain := range v.Chains {
		end := chain[0].NotAfter
		for _, cert := range chain {
			if cert.NotAfter.Before(end) {
				end = cert.NotAfter
			}
		}
		if end.After(best) {
			best = end
		}
	}
	if best.IsZero() && v.Leaf != nil {
		return v.Leaf.NotAfter
	}
	return best
}

// UntrustedError is the error of Handshake when the TLS part went well, but the
// server's certificate does not verify. It wraps the x509 error.
type UntrustedError struct{ Err error }

func (e *UntrustedError) Error() string { return e.Err.Error() }

// Unwrap returns the error of crypto/x509.
func (e *UntrustedError) Unwrap() error { return e.Err }

// Handshake makes a TLS handshake over nc and verifies the server. Verification
// is filled in whenever the server showed a certificate, on error too. Errors
// are *UntrustedError, or those of crypto/tls and of the connection.
func Handshake(ctx context.Context, nc net.Conn, c TLSConfig) (*tls.Conn, Verification, error) {
	var v Verification
	conf := &tls.Config{
		ServerName:         c.ServerName,
		MinVersion:         c.MinVersion,
		InsecureSkipVerify: true, // VerifyConnection does it, and keeps what it finds
		VerifyConnection: func(cs tls.ConnectionState) error {
			roots := c.Roots
			if roots == nil {
				roots = SystemRoots()
			}
			v = verify(cs.PeerCertificates, c.ServerName, roots)
			if v.Err != nil && !c.Insecure {
				return &UntrustedError{v.Err}
			}
			return nil
		},
	}
	if conf.MinVersion == 0 {
		conf.MinVersion = tls.VersionTLS12
	}
	tc := tls.Client(nc, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, v, err
	}
	return tc, v, nil
}

// verify does what crypto/tls would do, chain first and name second, and keeps
// the verified chains when only the name is wrong.
func verify(served []*x509.Certificate, name string, roots *Roots) Verification {
	v := Verification{Served: served}
	if len(served) == 0 {
		v.Err = errors.New("server showed no certificate")
		return v
	}
	v.Leaf = served[0]
	pool, err := roots.Pool()
	if err != nil {
		v.Err = err
		return v
	}
	opts := x509.VerifyOptions{Roots: pool, Intermediates: x509.NewCertPool(), CurrentTime: time.Now()}
	for _, cert := range served[1:] {
		opts.Intermediates.AddCert(cert)
	}
	v.Chains, v.Err = v.Leaf.Verify(opts)
	if v.Err == nil {
		v.Err = v.Leaf.VerifyHostname(name)
	}
	return v
}
