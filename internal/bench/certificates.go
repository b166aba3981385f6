package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// issue makes a private root in PEM, an intermediate below it, and a server's
// certificate for 127.0.0.1 that comes with the intermediate, as on public
// servers.
func issue(now time.Time) (root []byte, server tls.Certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, tls.Certificate{}, err
	}
	var chain [][]byte // the root first
	var issuer *x509.Certificate
	for i, name := range []string{"bench root", "bench intermediate", "bench"} {
		t := &x509.Certificate{
			SerialNumber:          big.NewInt(int64(i + 1)),
			Subject:               pkix.Name{CommonName: name},
			NotBefore:             now.Add(-time.Hour),
			NotAfter:              now.Add(90 * 24 * time.Hour),
			BasicConstraintsValid: true,
			IsCA:                  i < 2,
			KeyUsage:              x509.KeyUsageCertSign,
		}
		if i == 0 {
			issuer = t
		}
		if !t.IsCA {
			t.KeyUsage = x509.KeyUsageDigitalSignature
			t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		der, err := x509.CreateCertificate(rand.Reader, t, issuer, key.Public(), key)
		if err != nil {
			return nil, tls.Certificate{}, err
		}
		if issuer, err = x509.ParseCertificate(der); err != nil {
			return nil, tls.Certificate{}, err
		}
		chain = append(chain, der)
	}
	root = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0]})
	return root, tls.Certificate{Certificate: [][]byte{chain[2], chain[1]}, PrivateKey: key}, nil
}
