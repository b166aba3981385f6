package systemtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/imaptest"
)

// against runs the program once against a script behind this TLS configuration
// and returns what it printed and what the server was sent.
func against(t *testing.T, mode string, conf *tls.Config, args ...string) (result, string) {
	t.Helper()
	srv := imaptest.Serve(t, "S: * OK ready\nserve", imaptest.Options{TLS: conf, ImplicitTLS: mode == "implicit"})
	base := []string{"-H", "imap.test", "--address", "127.0.0.1", "-p", strconv.Itoa(srv.Port()), "--tls", mode, "-U", "alice", "-t", "20s"}
	r := runMain(t, password("secret"), append(base, args...)...)
	srv.Close()
	return r, strings.Join(srv.Received(), "\n")
}

// TestOldTLS meets servers that crypto/tls refuses as it comes: refused here
// too, saying why, and reached with --tls-min.
func TestOldTLS(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	file := ca.WriteFile(t, t.TempDir())
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(key crypto.Signer) []tls.Certificate {
		return []tls.Certificate{ca.Leaf(t, certtest.Leaf{CommonName: "imap.test", DNSNames: []string{"imap.test"}, Key: key})}
	}
	for _, tt := range []struct {
		name     string
		conf     *tls.Config
		min      string // what reaches it
		below    string // a --tls-min that does not; "" when the default does not either
		cause    string
		version  string
		exchange string
		remark   string
	}{
		{"TLS 1.0", &tls.Config{Certificates: leaf(nil), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
			"1.0", "1.1", "protocol version", "TLS 1.0", "X25519", "the server speaks TLS 1.0"},
		{"TLS 1.1", &tls.Config{Certificates: leaf(nil), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
			"1.1", "1.2", "protocol version", "TLS 1.1", "X25519", "the server speaks TLS 1.1"},
		{"RSA key exchange", &tls.Config{Certificates: leaf(key), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}},
			"1.0", "1.2", "handshake failure", "TLS 1.2", "RSA", "the key exchange is RSA"},
		{"3DES", &tls.Config{Certificates: leaf(key), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
			"1.0", "1.2", "protocol version", "TLS 1.0", "RSA", "the server speaks TLS 1.0"},
		{"TLS 1.2 and 1.3 wanted", &tls.Config{Certificates: leaf(nil), MaxVersion: tls.VersionTLS12},
			"1.2", "1.3", "protocol version", "TLS 1.2", "X25519", ""},
	} {
		for _, m := range []string{"implicit", "starttls"} {
			t.Run(m+"/"+tt.name, func(t *testing.T) {
				r, sent := against(t, m, tt.conf, "--ca-file", file, "--tls-min", tt.below)
				if r.code != 2 || lineWith(r.out, "=== tls_handshake: tls ") == "" || !strings.Contains(r.Text, tt.cause) || !strings.Contains(r.Text, "--tls-min") {
					t.Errorf("--tls-min=%s: exit %d, want 2 and tls_handshake, %q and --tls-min:\n%s", tt.below, r.code, tt.cause, r.out)
				}
				if strings.Contains(sent, "LOGIN") {
					t.Errorf("a secret was sent: %q", sent)
				}
				r, _ = against(t, m, tt.conf, "--ca-file", file, "--tls-min", tt.min)
				if r.code != 0 || !strings.Contains(lineWith(r.out, "remark on tls"), tt.remark) || !strings.Contains(r.out, tt.version) {
					t.Errorf("--tls-min=%s: exit %d, want 0, %s and remark %q:\n%s", tt.min, r.code, tt.version, tt.remark, r.out)
				}
				r, _ = against(t, m, tt.conf, "--ca-file", file, "--tls-min", tt.min, "-o", "json")
				if f := r.Facts; f["tls_version"] != tt.version || f["tls_key_exchange"] != tt.exchange {
					t.Errorf("facts %v %v, want %s %s", f["tls_version"], f["tls_key_exchange"], tt.version, tt.exchange)
				}
			})
		}
	}
}

// TestOldServerHello is what OpenSSL of old answers: its own version, whatever
// the client speaks.
func TestOldServerHello(t *testing.T) {
	hello := "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" + strings.Repeat("r", 32) + "\x00\x00\x2f\x00"
	srv := imaptest.Serve(t, fmt.Sprintf("raw %q\nhold", hello), imaptest.Options{})
	r := runMain(t, nil, "-H", "imap.test", "--address=127.0.0.1", "-p", strconv.Itoa(srv.Port()), "--tls=implicit", "--auth=none")
	if r.code != 2 || lineWith(r.out, "=== tls_handshake: tls ") == "" || !strings.Contains(r.Text, "TLS 1.0") || !strings.Contains(r.Text, "--tls-min=1.0") {
		t.Errorf("exit %d, want 2, TLS 1.0 and --tls-min=1.0:\n%s", r.code, r.out)
	}
}

// TestTLSFacts checks the facts of the JSON form about a handshake.
func TestTLSFacts(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	inter := ca.Intermediate(t, "Test Intermediate", time.Time{}, ahead(300))
	file := ca.WriteFile(t, t.TempDir())
	leaf := inter.Leaf(t, certtest.Leaf{CommonName: "imap.test", DNSNames: []string{"imap.test"}})
	answer := func(status int, of *certtest.CA, until time.Time) tls.Certificate {
		answer, err := ocsp.CreateResponse(of.Cert, of.Cert, ocsp.Response{
			Status: status, SerialNumber: leaf.Leaf.SerialNumber, ThisUpdate: ahead(-3), NextUpdate: until}, of.Key)
		if err != nil {
			t.Fatal(err)
		}
		c := leaf
		c.OCSPStaple = answer
		return c
	}
	stapled := func(status int, of *certtest.CA) tls.Certificate { return answer(status, of, ahead(3)) }
	stapledUntil := func(until time.Time) tls.Certificate { return answer(ocsp.Good, inter, until) }
	garbage := leaf
	garbage.OCSPStaple = []byte("no answer")
	for _, tt := range []struct {
		name   string
		cert   tls.Certificate
		max    uint16
		want   map[string]string
		remark string
	}{
		{"TLS 1.3", leaf, 0, map[string]string{"tls_version": "TLS 1.3", "tls_cipher_suite": "TLS_", "tls_key_exchange": "X25519", "certificate_key": "ECDSA P-256",
			"certificate_signature": "ECDSA-SHA256", "certificate_chain": "[CN=imap.test, until", "tls_ocsp_stapling": "none", "tls_alpn": "none"}, ""},
		{"TLS 1.2", leaf, tls.VersionTLS12, map[string]string{"tls_version": "TLS 1.2", "tls_cipher_suite": "TLS_ECDHE_ECDSA_WITH_"}, ""},
		{"good", stapled(ocsp.Good, inter), 0, map[string]string{"tls_ocsp_stapling": "good"}, ""},
		{"good, TLS 1.2", stapled(ocsp.Good, inter), tls.VersionTLS12, map[string]string{"tls_ocsp_stapling": "good"}, ""},
		{"revoked", stapled(ocsp.Revoked, inter), 0, map[string]string{"tls_ocsp_stapling": "revoked"}, "revoked"},
		{"unknown", stapled(ocsp.Unknown, inter), 0, map[string]string{"tls_ocsp_stapling": "unknown"}, ""},
		{"of another authority", stapled(ocsp.Good, ca), 0, map[string]string{"tls_ocsp_stapling": "unreadable"}, ""},
		{"old", stapledUntil(ahead(-1)), 0, map[string]string{"tls_ocsp_stapling": "out of date"}, ""},
		{"garbage", garbage, 0, map[string]string{"tls_ocsp_stapling": "unreadable"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conf := &tls.Config{Certificates: []tls.Certificate{tt.cert}, MaxVersion: tt.max}
			r, _ := against(t, "starttls", conf, "--ca-file", file, "-o", "json")
			f := r.Facts
			for name, want := range tt.want {
				if got := fmt.Sprint(f[name]); !strings.HasPrefix(got, want) {
					t.Errorf("fact %s is %s, want %s", name, got, want)
				}
			}
			if got := fmt.Sprint(f["certificate_chain"]); !strings.Contains(got, "CN=Test Intermediate, until "+ahead(300).UTC().Format("2006-01-02")) {
				t.Errorf("the chain is %s, want the intermediate in it", got)
			}
			r, _ = against(t, "implicit", conf, "--ca-file", file)
			if r.code != 0 || strings.Contains(r.out, "remark") != (tt.remark != "") || !strings.Contains(r.out, tt.remark) {
				t.Errorf("exit %d, want 0 and remark %q:\n%s", r.code, tt.remark, r.out)
			}
		})
	}
}

// TestServerName checks the server name in the handshake (SNI).
func TestServerName(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	file := ca.WriteFile(t, t.TempDir())
	cert := ca.Leaf(t, certtest.Leaf{DNSNames: []string{"imap.test", "other.test", "localhost"}})
	for _, tt := range []struct {
		args, sni string
		code      int
	}{
		{"-H imap.test --address 127.0.0.1", "imap.test", 0},
		{"-H imap.test. --address 127.0.0.1", "imap.test", 0},
		{"-H imap.test --address 127.0.0.1 --server-name other.test", "other.test", 0},
		{"-H imap.test --address 127.0.0.1 --sni other.test", "other.test", 0},
		{"-H localhost -4", "localhost", 0},
		{"-H 127.0.0.1 --server-name other.test", "other.test", 0},
		{"-H 127.0.0.1", "", 2},
		{"-H imap.test --address 127.0.0.1 --server-name wrong.test", "wrong.test", 2},
	} {
		t.Run(tt.args, func(t *testing.T) {
			sni := "(no handshake)"
			srv := imaptest.Serve(t, "greet\nserve", imaptest.Options{ImplicitTLS: true, TLS: &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
				sni = h.ServerName
				return &cert, nil
			}}})
			r := runMain(t, nil, append(strings.Fields(tt.args), "-p", strconv.Itoa(srv.Port()), "--tls=implicit", "--auth=none", "--ca-file", file)...)
			srv.Close()
			if r.code != tt.code || sni != tt.sni {
				t.Errorf("exit %d, SNI %q, want %d, %q:\n%s", r.code, sni, tt.code, tt.sni, r.out)
			}
		})
	}
}

// TestCAFile trusts a bundle, and a directory of files.
func TestCAFile(t *testing.T) {
	ca, other := certtest.Must(t, "Test Root"), certtest.Must(t, "Other Root")
	conf := &tls.Config{Certificates: []tls.Certificate{ca.Leaf(t, certtest.Leaf{DNSNames: []string{"imap.test"}})}}
	dir := t.TempDir()
	for name, text := range map[string]string{"a.pem": string(other.PEM), "b.crt": string(ca.PEM), "README": "no certificate",
		"bundle.pem": "# two of them\n" + string(other.PEM) + "\n# and\n" + string(ca.PEM)} {
		writeFile(t, dir, name, []byte(text))
	}
	if err := os.Mkdir(filepath.Join(dir, "private"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		code       int
		want       string
	}{
		{"one", filepath.Join(dir, "b.crt"), 0, "OK"},
		{"bundle", filepath.Join(dir, "bundle.pem"), 0, "OK"},
		{"directory", dir, 0, "OK"},
		{"another", filepath.Join(dir, "a.pem"), 2, "private CA: Test Root"},
		{"nothing in it", filepath.Join(dir, "README"), 3, "no certificate in it"},
		{"empty directory", filepath.Join(dir, "private"), 3, "no certificate in it"},
		{"missing", filepath.Join(dir, "none"), 3, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := against(t, "implicit", conf, "--ca-file", tt.path)
			if r.code != tt.code || !strings.Contains(r.Text, tt.want) {
				t.Errorf("exit %d, want %d and %q:\n%s", r.code, tt.code, tt.want, r.out)
			}
		})
	}
}
