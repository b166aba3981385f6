package dial_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/dial"
)

// sized notes how long the first write to a connection was.
type sized struct {
	net.Conn
	first *int
}

func (s sized) Write(p []byte) (int, error) {
	if *s.first == 0 {
		*s.first = len(p)
	}
	return s.Conn.Write(p)
}

// TestHello asks a server with two certificates for one of them, and stays below
// one packet when that is wanted.
func TestHello(t *testing.T) {
	root := certtest.Must(t, "root")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	both := &tls.Config{Certificates: []tls.Certificate{
		root.Leaf(t, certtest.Leaf{DNSNames: []string{name}}),
		root.Leaf(t, certtest.Leaf{DNSNames: []string{name}, Key: key}),
	}}
	const packet = 1000 // bytes, well below any path's
	for _, tt := range []struct {
		name    string
		c       dial.TLSConfig
		key     x509.PublicKeyAlgorithm
		version uint16
		small   bool
	}{
		{"plain", dial.TLSConfig{}, x509.ECDSA, tls.VersionTLS13, false},
		{"small", dial.TLSConfig{SmallHello: true}, x509.ECDSA, tls.VersionTLS13, true},
		{"RSA", dial.TLSConfig{Key: dial.RSAKey}, x509.RSA, tls.VersionTLS12, true},
		{"ECDSA", dial.TLSConfig{Key: dial.ECDSAKey}, x509.ECDSA, tls.VersionTLS12, true},
		{"RSA with old suites", dial.TLSConfig{Key: dial.RSAKey, MinVersion: tls.VersionTLS10}, x509.RSA, tls.VersionTLS12, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			go func() {
				defer far.Close()
				server := both.Clone()
				server.SessionTicketsDisabled = true
				tls.Server(far, server).Handshake()
			}()
			var first int
			tt.c.ServerName, tt.c.Roots = name, dial.RootsOf(root.Pool())
			tc, v, err := dial.Handshake(t.Context(), sized{near, &first}, tt.c)
			if err != nil {
				t.Fatal(err)
			}
			if got := v.Leaf.PublicKeyAlgorithm; got != tt.key || tc.ConnectionState().Version != tt.version {
				t.Errorf("got a key of %v in %s, want %v in %s", got, tls.VersionName(tc.ConnectionState().Version), tt.key, tls.VersionName(tt.version))
			}
			if (first < packet) != tt.small {
				t.Errorf("ClientHello of %d bytes, below %d: want %t", first, packet, tt.small)
			}
		})
	}
}
