package certtest_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/certtest"
)

// verify verifies what a server would send, as a client does.
func verify(c tls.Certificate, host string, root *certtest.CA, usage x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
	inter := x509.NewCertPool()
	for _, der := range c.Certificate[1:] {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		inter.AddCert(cert)
	}
	return c.Leaf.Verify(x509.VerifyOptions{
		DNSName: host, Roots: root.Pool(), Intermediates: inter,
		CurrentTime: time.Now(), KeyUsages: []x509.ExtKeyUsage{usage},
	})
}

func TestLeaf(t *testing.T) {
	root := certtest.Must(t, "root")
	inter := root.Intermediate(t, "inter", time.Time{}, time.Time{})
	old := root.Intermediate(t, "old", time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour))
	oldRoot := certtest.NewDated(t, "old root", time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour))
	weak := certtest.WeakKey(t)
	const host = "imap.example.com"
	names := []string{host}
	server, client := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	ago := time.Now().Add(-time.Minute)
	tests := []struct {
		name   string
		ca     *certtest.CA
		root   *certtest.CA
		leaf   certtest.Leaf
		host   string
		usage  x509.ExtKeyUsage
		sent   int
		failed string // the type of the error, or "" for none
	}{
		{"good", root, root, certtest.Leaf{DNSNames: names}, host, server, 1, ""},
		{"address", root, root, certtest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}, "127.0.0.1", server, 1, ""},
		{"intermediate", inter, root, certtest.Leaf{DNSNames: names}, host, server, 2, ""},
		{"chain missing", inter, root, certtest.Leaf{DNSNames: names, NoChain: true}, host, server, 1, "authority"},
		{"other name", root, root, certtest.Leaf{DNSNames: []string{"other.example.com"}}, host, server, 1, "name"},
		{"common name only", root, root, certtest.Leaf{CommonName: host}, host, server, 1, "name"},
		{"expired", root, root, certtest.Leaf{DNSNames: names, NotAfter: ago}, host, server, 1, "expired"},
		{"not yet valid", root, root, certtest.Leaf{DNSNames: names, NotBefore: time.Now().Add(time.Hour)}, host, server, 1, "expired"},
		{"self-signed", nil, root, certtest.Leaf{DNSNames: names, SelfSigned: true}, host, server, 1, "authority"},
		{"other root", certtest.Must(t, "other"), root, certtest.Leaf{DNSNames: names}, host, server, 1, "authority"},
		{"expired intermediate", old, root, certtest.Leaf{DNSNames: names}, host, server, 2, "expired"},
		{"expired root", oldRoot, oldRoot, certtest.Leaf{DNSNames: names}, host, server, 1, "expired"},
		{"client as server", root, root, certtest.Leaf{DNSNames: names, ClientAuth: true}, host, server, 1, "usage"},
		{"client", root, root, certtest.Leaf{CommonName: "probe", ClientAuth: true}, "", client, 1, ""},
		{"weak key", root, root, certtest.Leaf{DNSNames: names, Key: weak}, host, server, 1, ""},
		{"weak signature", root, root, certtest.Leaf{DNSNames: names, Signature: x509.ECDSAWithSHA1}, host, server, 1, "authority"},
		{"extra", root, root, certtest.Leaf{DNSNames: names, Extra: []*certtest.CA{old}}, host, server, 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.ca.Leaf(t, tt.leaf)
			if len(c.Certificate) != tt.sent {
				t.Errorf("certificates sent: got %d, want %d", len(c.Certificate), tt.sent)
			}
			_, err := verify(c, tt.host, tt.root, tt.usage)
			if got := certtest.Fault(err); got != tt.failed {
				t.Errorf("verify: got %q (%v), want %q", got, err, tt.failed)
			}
		})
	}
}

// The expired cross-sign is sent, but no verified chain uses it.
func TestCrossSign(t *testing.T) {
	root, legacy := certtest.Must(t, "root"), certtest.Must(t, "legacy root")
	inter := root.Intermediate(t, "inter", time.Time{}, time.Time{})
	tests := []struct {
		name     string
		notAfter time.Time
		trust    *certtest.CA
		failed   string
	}{
		{"expired, new root", time.Now().Add(-time.Minute), root, ""},
		{"expired, old root", time.Now().Add(-time.Minute), legacy, "expired"},
		{"valid, old root", time.Now().Add(time.Minute), legacy, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cross := legacy.CrossSign(t, inter, time.Time{}, tt.notAfter)
			c := inter.Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}, Extra: []*certtest.CA{cross}})
			if len(c.Certificate) != 3 {
				t.Errorf("certificates sent: got %d, want 3", len(c.Certificate))
			}
			chains, err := verify(c, "a.example", tt.trust, x509.ExtKeyUsageServerAuth)
			if got := certtest.Fault(err); got != tt.failed {
				t.Errorf("verify: got %q (%v), want %q", got, err, tt.failed)
			}
			if err == nil && (len(chains) != 1 || !chains[0][2].Equal(tt.trust.Cert)) {
				t.Errorf("chains: got %v, want one that ends in %s", chains, tt.trust.Cert.Subject)
			}
		})
	}
}

func TestWeak(t *testing.T) {
	key := certtest.WeakKey(t)
	c := certtest.Must(t, "root").Leaf(t, certtest.Leaf{Key: key, Signature: x509.ECDSAWithSHA1})
	if c.Leaf.PublicKeyAlgorithm != x509.RSA || c.Leaf.SignatureAlgorithm != x509.ECDSAWithSHA1 {
		t.Errorf("got key %v, signature %v, want RSA and ECDSA-SHA1", c.Leaf.PublicKeyAlgorithm, c.Leaf.SignatureAlgorithm)
	}
}

func TestBubbleClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := certtest.Must(t, "root")
		c := root.Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}})
		if got := time.Until(c.Leaf.NotAfter); got != 90*24*time.Hour {
			t.Errorf("valid for: got %v, want 90 days", got)
		}
		if _, err := verify(c, "a.example", root, x509.ExtKeyUsageServerAuth); err != nil {
			t.Errorf("now: %v", err)
		}
		time.Sleep(90*24*time.Hour + time.Second)
		if _, err := verify(c, "a.example", root, x509.ExtKeyUsageServerAuth); certtest.Fault(err) != "expired" {
			t.Errorf("after 90 days: got %v, want expired", err)
		}
	})
}

func TestFiles(t *testing.T) {
	root := certtest.Must(t, "root")
	inter := root.Intermediate(t, "inter", time.Time{}, time.Time{})
	dir := t.TempDir()
	c := inter.Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}})
	certFile, keyFile := certtest.WriteFiles(t, dir, c)
	read, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Certificate) != 2 || !read.Leaf.Equal(c.Leaf) {
		t.Errorf("got %d certificates, first %s, want the leaf and its issuer", len(read.Certificate), read.Leaf.Subject)
	}
	pem, err := os.ReadFile(root.WriteFile(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) || !pool.Equal(root.Pool()) {
		t.Errorf("the CA file does not hold the root: %s", pem)
	}
}
