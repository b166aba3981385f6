package systemtest

import (
	"crypto/tls"
	"strings"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/servertest"
)

// TestClientCertificateDovecot runs against a Dovecot that requires a
// client certificate. It accepts the handshake without one and refuses the login; its
// words must be in line 1.
func TestClientCertificateDovecot(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	dir := t.TempDir()
	root := ca.WriteFile(t, dir)
	cert, key := certtest.WriteFiles(t, dir, ca.Leaf(t, certtest.Leaf{DNSNames: []string{"imap.test"}}))
	srv := servertest.Dovecot(t, servertest.Spec{CertFile: cert, KeyFile: key,
		Extra:    "ssl_ca = <" + root + "\nssl_verify_client_cert = yes\nauth_ssl_require_client_cert = yes\nssl_require_crl = no\n",
		Accounts: []servertest.Account{{User: "alice", Password: "secret"}}})
	for _, m := range modes[:2] {
		args := append(m.args(srv), "-H", "imap.test", "--address", srv.Host, "--ca-file", root, "-U", "alice", "-t", "20s")
		r := runMain(t, password("secret"), args...)
		if r.code != 2 || !strings.Contains(r.Text, "SSL certificate") || !strings.Contains(r.Text, "client certificate") {
			t.Errorf("%s: exit %d, want 2 and what Dovecot says:\n%s", m.name, r.code, r.out)
		}
	}
}

// TestClientCertificateRequired is refused by the server: in TLS 1.2 within the
// handshake, in TLS 1.3 with the first read behind it. The step to blame is tls.
func TestClientCertificateRequired(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	file := ca.WriteFile(t, t.TempDir())
	cert := ca.Leaf(t, certtest.Leaf{DNSNames: []string{"imap.test"}})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, m := range []string{"implicit", "starttls"} {
			t.Run(m+"/"+tls.VersionName(version), func(t *testing.T) {
				conf := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: version}
				for range 5 { // the alert may come before or after our next write
					r, sent := against(t, m, conf, "--ca-file", file)
					if r.code != 2 || lineWith(r.out, "=== tls_handshake: tls ") == "" || !strings.Contains(r.Text, "client certificate") {
						t.Fatalf("exit %d, want 2 and tls_handshake on tls:\n%s", r.code, r.out)
					}
					if strings.Contains(sent, "LOGIN") {
						t.Errorf("a secret was sent: %q", sent)
					}
					if lineWith(r.out, "[CRITICAL] tls") == "" || r.Value("certificate_days") != "89" && r.Value("certificate_days") != "90" {
						t.Errorf("want tls to be the culprit, and certificate_days:\n%s", r.out)
					}
				}
			})
		}
	}
}
