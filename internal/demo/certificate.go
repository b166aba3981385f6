package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"time"
)

// validity of the server's certificate, that of the common free authorities.
const validity = 90 * day

// issue makes an authority and a certificate for name, a host name or an IP
// literal, that ends left after now. Both live in memory only. P-256 because
// making and signing take well below a millisecond; RSA keys take 100 ms.
func issue(name string, now time.Time, left time.Duration) (tls.Certificate, *x509.CertPool, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make key: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make key: %w", err)
	}
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "check_imap_session demo CA"},
		NotBefore:             now.Add(-2 * validity), // before any leaf, an expired one too
		NotAfter:              now.Add(10 * 365 * day),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	end := now.Add(left)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    end.Add(-validity),
		NotAfter:     end,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	// A client compares an address with the address entries only, never with
	// a DNS name. See RFC 9525 section 6.4.
	if addr, err := netip.ParseAddr(name); err == nil {
		leaf.IPAddresses = []net.IP{addr.WithZone("").Unmap().AsSlice()}
	} else {
		leaf.DNSNames = []string{strings.TrimSuffix(name, ".")}
	}

	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make authority: %w", err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, rootKey)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make certificate for %q: %w", name, err)
	}
	rootCert, err := x509.ParseCertificate(rootDER)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("read authority: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(rootCert)
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey}, roots, nil
}
