package app_test

import (
	"strings"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/servertest"
)

// TestClientCertificateDovecot meets a Dovecot that wants a client certificate.
// It lets the handshake pass without one and refuses the login, in words that
// must reach line 1.
func TestClientCertificateDovecot(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	dir := t.TempDir()
	root := ca.WriteFile(t, dir)
	cert, key := certtest.WriteFiles(t, dir, ca.Leaf(t, certtest.Leaf{DNSNames: []string{"imap.test"}}))
	srv := dovecot(t).Start(t, servertest.Spec{CertFile: cert, KeyFile: key,
		Extra:    "ssl_ca = <" + root + "\nssl_verify_client_cert = yes\nauth_ssl_require_client_cert = yes\nssl_require_crl = no\n",
		Accounts: []servertest.Account{{User: "alice", Password: "secret"}}})
	for _, m := range modes[:2] {
		args := append(m.args(srv), "-H", "imap.test", "--address", srv.Host, "--ca-file", root, "-U", "alice", "-t", "20s")
		r := runMain(t, map[string]string{"CHECK_IMAP_SESSION_PASSWORD": "secret"}, args...)
		if r.code != 2 || !strings.Contains(r.first, "SSL certificate") || !strings.Contains(r.first, "client certificate") {
			t.Errorf("%s: exit %d, want 2 and what Dovecot says:\n%s", m.name, r.code, r.out)
		}
	}
}
