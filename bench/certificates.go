//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// certificates are a private authority, an intermediate below it and a server's
// certificate for 127.0.0.1, as public servers have them, in PEM.
type certificates struct {
	root, chain, key []byte // chain is what the server sends
}

func issue(now time.Time) (certificates, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificates{}, err
	}
	var made []*x509.Certificate
	var text [][]byte
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
		issuer := t
		if i > 0 {
			issuer = made[i-1]
		}
		if !t.IsCA {
			t.KeyUsage = x509.KeyUsageDigitalSignature
			t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		der, err := x509.CreateCertificate(rand.Reader, t, issuer, key.Public(), key)
		if err != nil {
			return certificates{}, err
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return certificates{}, err
		}
		made = append(made, c)
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return certificates{}, err
	}
	return certificates{
		root:  text[0],
		chain: append(text[2], text[1]...),
		key:   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}, nil
}
