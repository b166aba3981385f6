package systemtest

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/oauthtest"
	"check_imap_session/internal/servertest"
)

// dovecotAuth makes Dovecot offer all its mechanisms: folder of the files.
// Passwords are kept as they are, so every mechanism can use them; tokens are
// validated with the key below the folder; a client certificate is believed.
const dovecotAuth = `auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = %[1]s/oauth2.conf
}
passdb {
  driver = passwd-file
  master = yes
  args = %[1]s/masters
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword
}
ssl_ca = <%[1]s/clients.pem
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
`

const dovecotOAuth = `introspection_mode = local
local_validation_key_dict = fs:posix:prefix=%[1]s/keys/
username_attribute = sub
`

// authServer is a Dovecot with all its mechanisms, and what leads into it.
type authServer struct {
	srv      *servertest.Server
	base     []string // command line up to the account
	roots    string   // PEM, of the server and of the token endpoint
	tokens   *oauthtest.Server
	dir      string
	clientCA *certtest.CA
}

func startAuthServer(t *testing.T) *authServer {
	t.Helper()
	s := &authServer{tokens: oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-token-0"}), clientCA: certtest.Must(t, "Client Root")}
	dir, err := os.MkdirTemp("", "auth-") // open to the user that Dovecot runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s.dir = dir
	for name, text := range map[string]string{
		"clients.pem":                string(s.clientCA.PEM),
		"masters":                    "master:{PLAIN}masters-password\n",
		"oauth2.conf":                fmt.Sprintf(dovecotOAuth, dir),
		"keys/default/HS256/default": base64.StdEncoding.EncodeToString(s.tokens.Key),
	} {
		writePublic(t, dir, name, text)
	}
	var ca string
	s.srv, ca = startServer(t, "dovecot", fmt.Sprintf(dovecotAuth, dir))
	root, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	s.roots = string(root) + s.tokens.PEM()
	both := writePublic(t, dir, "ca.pem", s.roots)
	s.base = []string{"-H", "imap.test", "--address", s.srv.Host, "-p", strconv.Itoa(s.srv.IMAPS), "--ca-file", both, "-t", "20s"}
	return s
}

func writePublic(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for p := filepath.Dir(path); strings.HasPrefix(p, dir); p = filepath.Dir(p) {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// run runs the program against the server with more words.
func (s *authServer) run(t *testing.T, vars environment, words ...string) result {
	t.Helper()
	return runMain(t, vars, append(slices.Clone(s.base), words...)...)
}

// wantLogin checks that a run went through, by which mechanism, and that nothing
// in its output is the secret.
func wantLogin(t *testing.T, r result, mechanism, secret string) {
	t.Helper()
	if r.code != 0 || !strings.Contains(r.Text, "INBOX: 3 messages") || !strings.Contains(r.out, "\nmechanism: "+mechanism) {
		t.Errorf("exit %d, want 0, INBOX: 3 messages and %s:\n%s", r.code, mechanism, r.out)
	}
	if secret != "" && (strings.Contains(r.out, secret) || strings.Contains(r.out, base64.StdEncoding.EncodeToString([]byte(secret)))) {
		t.Errorf("the secret is in the output:\n%s", r.out)
	}
}

// TestDovecotPasswords logs in by every mechanism with a password, with names and
// passwords that need care. The last one is another password after SASLprep.
func TestDovecotPasswords(t *testing.T) {
	t.Parallel()
	s := startAuthServer(t)
	for _, mech := range []string{"auto", "login", "plain", "cram-md5", "scram-sha-1", "scram-sha-256"} {
		t.Run(mech, func(t *testing.T) {
			for _, a := range accounts {
				name := strings.ToUpper(strings.Replace(mech, "auto", "login", 1))
				wantLogin(t, s.run(t, password(a.password), "-U", a.user, "--auth", mech, "-vvv"), name, a.password)
			}
			wantFinding(t, s.run(t, password("wrong-password"), "-U", "alice", "--auth", mech, "-o", "json"), 2, "auth_failed", "login")
		})
	}
	t.Run("not offered", func(t *testing.T) {
		r := s.run(t, password("secret"), "-U", "alice", "--auth=scram-sha-256-plus", "-o", "json")
		wantFinding(t, r, 2, "no_mechanism", "login")
		if !strings.Contains(r.out, "CRAM-MD5 EXTERNAL LOGIN OAUTHBEARER PLAIN SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2") {
			t.Errorf("what is offered is not named:\n%s", r.out)
		}
	})
}

// TestDovecotActingAs logs in with a master user's password to see another's mailbox,
// which is what an authorization identity is for in Dovecot.
func TestDovecotActingAs(t *testing.T) {
	t.Parallel()
	s := startAuthServer(t)
	for _, mech := range []string{"auto", "plain", "scram-sha-1", "scram-sha-256"} {
		name := strings.ToUpper(strings.Replace(mech, "auto", "plain", 1))
		r := s.run(t, password("masters-password"), "-U", "master", "--authzid", "alice", "--auth", mech, "-vvv")
		wantLogin(t, r, name, "masters-password")
		r = s.run(t, password(accounts[1].password), "-U", accounts[1].user, "--authzid", "alice", "--auth", mech, "-o", "json")
		wantFinding(t, r, 2, "auth_failed", "login")
	}
}

// TestDovecotExternal logs in with a client certificate.
func TestDovecotExternal(t *testing.T) {
	t.Parallel()
	s := startAuthServer(t)
	cert, key := certtest.WriteFiles(t, t.TempDir(), s.clientCA.Leaf(t, certtest.Leaf{CommonName: "alice", ClientAuth: true}))
	client := []string{"--client-cert", cert, "--client-key", key, "-vvv"}
	for _, words := range [][]string{{}, {"--auth=external"}, {"--auth=external", "-U", "alice"}} {
		wantLogin(t, s.run(t, nil, append(words, client...)...), "EXTERNAL", "")
	}
	wantFinding(t, s.run(t, nil, append(client, "--auth=external", "-U", "bob", "-o", "json")...), 2, "auth_failed", "login")
	// A password beside the certificate: the password logs in.
	wantLogin(t, s.run(t, password("secret"), append(client, "-U", "alice")...), "LOGIN", "")
	// Of an authority the server does not know.
	cert, key = certtest.WriteFiles(t, t.TempDir(), certtest.Must(t, "Other").Leaf(t, certtest.Leaf{CommonName: "alice", ClientAuth: true}))
	r := s.run(t, nil, "--client-cert", cert, "--client-key", key, "--auth=external", "-o", "json")
	if r.code != 2 || strings.Contains(r.out, `"kind":"internal"`) {
		t.Errorf("exit %d:\n%s", r.code, r.out)
	}
}

// TestCyrusMechanisms goes as far as Cyrus 3.6 does. It offers
// SCRAM-SHA-256-PLUS and knows no channel binding but tls-unique, which TLS 1.3
// has not got: that is refused, and the advice says so.
func TestCyrusMechanisms(t *testing.T) {
	t.Parallel()
	srv, ca := startServer(t, "cyrus", "sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\n")
	base := []string{"-H", "imap.test", "--address", srv.Host, "-p", strconv.Itoa(srv.IMAPS), "--ca-file", ca, "-t", "20s", "-vvv"}
	for _, mech := range []string{"plain", "cram-md5", "scram-sha-1", "scram-sha-256"} {
		for _, a := range accountsOf("cyrus") {
			wantLogin(t, runMain(t, password(a.password), append(slices.Clone(base), "-U", a.user, "--auth", mech)...), strings.ToUpper(mech), a.password)
		}
		wantFinding(t, runMain(t, password("wrong-password"), append(slices.Clone(base), "-U", "alice", "--auth", mech, "-o", "json")...), 2, "auth_failed", "login")
	}
	r := runMain(t, password("secret"), append(slices.Clone(base), "-U", "alice", "--auth=scram-sha-256-plus", "-o", "json")...)
	wantFinding(t, r, 2, "auth_failed", "login")
	if !strings.Contains(r.out, "another channel binding") {
		t.Errorf("want advice on the channel binding:\n%s", r.out)
	}
}

// TestCourierMechanisms: Courier has CRAM-MD5 beside LOGIN and PLAIN.
func TestCourierMechanisms(t *testing.T) {
	t.Parallel()
	const caps = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE IDLE AUTH=CRAM-MD5 AUTH=PLAIN"
	srv, ca := startServer(t, "courier", "IMAP_CAPABILITY="+caps+"\nIMAP_CAPABILITY_TLS="+caps+"\n")
	base := []string{"-H", "imap.test", "--address", srv.Host, "-p", strconv.Itoa(srv.IMAPS), "--ca-file", ca, "-t", "20s", "-vvv"}
	for _, mech := range []string{"plain", "cram-md5"} {
		for _, a := range accounts {
			wantLogin(t, runMain(t, password(a.password), append(slices.Clone(base), "-U", a.user, "--auth", mech)...), strings.ToUpper(mech), a.password)
		}
	}
	wantFinding(t, runMain(t, password("wrong-password"), append(slices.Clone(base), "-U", "alice", "--auth=cram-md5", "-o", "json")...), 2, "auth_failed", "login")
}
