package servertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes a root, an intermediate and a certificate for 127.0.0.1.
// It returns the last two in a file, their key, and the root to trust.
func certificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(serial int64, ca bool, issuer *x509.Certificate) *x509.Certificate {
		c := &x509.Certificate{
			SerialNumber:          big.NewInt(serial),
			Subject:               pkix.Name{CommonName: fmt.Sprintf("servertest %d", serial)},
			NotBefore:             time.Now().Add(-time.Hour),
			NotAfter:              time.Now().Add(time.Hour),
			IsCA:                  ca,
			BasicConstraintsValid: true,
		}
		if !ca {
			c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		if issuer == nil {
			issuer = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, issuer, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		return c
	}
	root := issue(1, true, nil)
	intermediate := issue(2, true, root)
	leaf := issue(3, false, intermediate)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeFile(t, certFile, block("CERTIFICATE", leaf.Raw)+block("CERTIFICATE", intermediate.Raw), 0o600)
	writeFile(t, keyFile, block("PRIVATE KEY", der), 0o600)
	roots = x509.NewCertPool()
	roots.AddCert(root)
	return certFile, keyFile, roots
}

const message = "From: a@example.com\nTo: b@example.com\nSubject: hello\n" +
	"Date: Mon, 02 Jan 2006 15:04:05 +0000\nMessage-ID: <1@example.com>\n\nhi\n"

// manyRecipients is a message whose To field is about 160 kB.
func manyRecipients() string {
	var b strings.Builder
	b.WriteString("From: a@example.com\nTo: r0@example.com")
	for i := 1; i < 5000; i++ {
		fmt.Fprintf(&b, ",\n Recipient <r%d@example.com>", i)
	}
	return b.String() + "\nSubject: many\n\nhi\n"
}

// awkward are accounts with names and passwords that break careless quoting.
func awkward(server string) []Account {
	accounts := []Account{
		{User: "empty", Password: "simple"},
		{User: "quotes", Password: ` two  "double" and 'single' `},
		{User: "backslash", Password: `a\b\\c{3}d:e%u$HOME`},
		{User: "prefix", Password: "{PLAIN}not a scheme"},
		{User: "unicode", Password: "pässwörd ключ €"},
	}
	if server != "cyrus" {
		accounts = append(accounts, Account{User: `NTDOMAIN\account\alias`, Password: "x"}, Account{User: `o'Neil "x" 100%u`, Password: "y"})
	}
	return accounts
}
