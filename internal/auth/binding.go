package auth

import (
	"crypto"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Binding is a TLS channel binding: data that is the same at both ends of a TLS
// session, and different where somebody in between has a session with each end. See
// RFC 5056.
type Binding struct {
	Type string // "tls-exporter" or "tls-server-end-point"; "" is no binding
	Data []byte
}

// ErrNoBinding is the condition that no channel binding can be made of a TLS session.
var ErrNoBinding = errors.New("no channel binding is possible")

// BindingOf returns the binding of a TLS session: tls-exporter under TLS 1.3
// (RFC 9266), tls-server-end-point below it (RFC 5929 section 4). Both hold
// without the extended master secret, which tls-unique (RFC 5929 section 3) and
// the exporter of TLS 1.2 would need.
func BindingOf(cs *tls.ConnectionState) (Binding, error) {
	switch {
	case cs == nil:
		return Binding{}, fmt.Errorf("%w: no TLS", ErrNoBinding)
	case cs.Version >= tls.VersionTLS13:
		data, err := cs.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
		if err != nil {
			return Binding{}, fmt.Errorf("%w: %w", ErrNoBinding, err)
		}
		return Binding{"tls-exporter", data}, nil
	case len(cs.PeerCertificates) == 0:
		return Binding{}, fmt.Errorf("%w: the server showed no certificate", ErrNoBinding)
	}
	data, err := endPoint(cs.PeerCertificates[0])
	if err != nil {
		return Binding{}, err
	}
	return Binding{"tls-server-end-point", data}, nil
}

// endPoint hashes a certificate with the hash of its own signature, and with
// SHA-256 where that is MD5 or SHA-1. See RFC 5929 section 4.1.
func endPoint(cert *x509.Certificate) ([]byte, error) {
	var hash crypto.Hash
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.DSAWithSHA256, x509.ECDSAWithSHA256:
		hash = crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		hash = crypto.SHA512
	default: // Ed25519 signs without a hash, for which the RFC has no rule
		return nil, fmt.Errorf("%w: the server's certificate is signed with %s", ErrNoBinding, cert.SignatureAlgorithm)
	}
	h := hash.New()
	h.Write(cert.Raw)
	return h.Sum(nil), nil
}
