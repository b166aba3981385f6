package systemtest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
	s.srv, ca = startServer(t, servertest.Launcher{Name: "dovecot", Start: servertest.Dovecot}, fmt.Sprintf(dovecotAuth, dir))
	both := filepath.Join(dir, "ca.pem") // the server's and the token endpoint's
	imapCA, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	writePublic(t, dir, "ca.pem", string(imapCA)+s.tokens.PEM())
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
				env := password(a.password)
				name := strings.ToUpper(strings.Replace(mech, "auto", "login", 1))
				wantLogin(t, s.run(t, env, "-U", a.user, "--auth", mech, "-vvv"), name, a.password)
			}
			wrong := password("wrong-password")
			wantFinding(t, s.run(t, wrong, "-U", "alice", "--auth", mech, "-o", "json"), 2, "auth_failed", "login")
		})
	}
	t.Run("not offered", func(t *testing.T) {
		env := password("secret")
		r := s.run(t, env, "-U", "alice", "--auth=scram-sha-256-plus", "-o", "json")
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

// TestDovecotSignedTokens logs in with tokens that were fetched without a secret: by the
// key of a certificate, and by a service account. Nothing that signs is shown.
func TestDovecotSignedTokens(t *testing.T) {
	t.Parallel()
	s := startAuthServer(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	own := s.clientCA.Leaf(t, certtest.Leaf{CommonName: "probe", ClientAuth: true, Key: key})
	cert, certKey := certtest.WriteFiles(t, t.TempDir(), own)
	other, otherKey := certtest.WriteFiles(t, t.TempDir(), s.clientCA.Leaf(t, certtest.Leaf{CommonName: "probe", ClientAuth: true}))
	const email = "probe@project.iam.gserviceaccount.com"
	signs := oauthtest.Start(t, oauthtest.Options{ClientCert: own.Leaf,
		Account: &oauthtest.Account{Email: email, KeyID: "k1", Key: &key.PublicKey, Scope: "https://mail.google.com/", Users: []string{"alice"}}})
	account := filepath.Join(t.TempDir(), "account.json")
	text := oauthtest.KeyFile(t, email, "k1", key)
	if err := os.WriteFile(account, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client := []string{"--oauth-token-url", signs.URL, "--oauth-client-id=client"}
	for _, tt := range []struct {
		name  string
		flags []string
		state int
		want  string
	}{
		{"certificate", append(client, "--oauth-client-cert", cert, "--oauth-client-key", certKey), 0, "client_credentials, signed with a certificate"},
		{"another certificate", append(client, "--oauth-client-cert", other, "--oauth-client-key", otherKey), 2, "is the certificate of --oauth-client-cert registered"},
		{"service account", []string{"--oauth-token-url", signs.URL, "--oauth-service-account", account}, 0, "(service account), good for"},
		{"another scope", []string{"--oauth-token-url", signs.URL, "--oauth-service-account", account, "--oauth-scope=x"}, 2, "domain-wide delegation"},
	} {
		for _, format := range [][]string{{"-vvv"}, {"-o", "json", "-vvv"}} {
			args := append(slices.Clone(tt.flags), append(format, "-U", "alice")...)
			r := s.run(t, nil, args...)
			if r.code != tt.state || !strings.Contains(r.out, tt.want) {
				t.Errorf("%s: exit %d, want %d and %q:\n%s", tt.name, r.code, tt.state, tt.want, r.out)
			}
			var hidden []string
			for _, asked := range signs.Requests() {
				hidden = append(hidden, asked.Form.Get("assertion"), asked.Form.Get("client_assertion"))
			}
			for _, line := range strings.Split(text, `\n`) {
				if len(line) == 64 {
					hidden = append(hidden, line)
				}
			}
			for _, h := range hidden {
				if h != "" && strings.Contains(r.out, h) {
					t.Errorf("%s: %.20s... is in the output:\n%s", tt.name, h, r.out)
				}
			}
		}
	}
	r := s.run(t, nil, append(client, "-U", "alice", "--oauth-client-cert", cert, "--oauth-client-key", certKey, "-w", "client_certificate_days=100:")...)
	if r.code != 1 || r.Value("client_certificate_days") != "89" {
		t.Errorf("exit %d, want 1 and 89 days:\n%s", r.code, r.out)
	}
}

// TestDovecotTokens logs in with tokens that Dovecot validates: read from a file
// and from a command, fetched in both ways, from the cache.
func TestDovecotTokens(t *testing.T) {
	t.Parallel()
	s := startAuthServer(t)
	good, other := s.tokens.Token("alice", time.Hour), s.tokens.Token("bob", time.Hour)
	for _, mech := range []string{"auto", "xoauth2", "oauthbearer"} {
		t.Run(mech, func(t *testing.T) {
			name := strings.ToUpper(strings.Replace(mech, "auto", "oauthbearer", 1))
			file := writePublic(t, s.dir, "token-"+mech, good+"\n")
			wantLogin(t, s.run(t, nil, "-U", "alice", "--auth", mech, "-vvv", "--oauth-token-file", file), name, good)
			wantLogin(t, s.run(t, nil, "-U", "alice", "--auth", mech, "-vvv", "--oauth-token-command", "cat "+file), name, good)
			file = writePublic(t, s.dir, "bad-"+mech, other+"\n")
			r := s.run(t, nil, "-U", "alice", "--auth", mech, "-o", "json", "--oauth-token-file", file)
			wantFinding(t, r, 2, "auth_failed", "login")
			if !strings.Contains(r.out, "status ") {
				t.Errorf("the status is not shown:\n%s", r.out)
			}
			file = writePublic(t, s.dir, "old-"+mech, s.tokens.Token("alice", -time.Hour)+"\n")
			r = s.run(t, nil, "-U", "alice", "--auth", mech, "--oauth-token-file", file)
			if want := "file " + file + ": the access token expired 60 minutes ago"; r.code != 3 || !strings.Contains(r.out, want) {
				t.Errorf("exit %d, want 3 and %q:\n%s", r.code, want, r.out)
			}
		})
	}
	secretFile := writePublic(t, s.dir, "client", "client-secret\n")
	fetch := []string{"-U", "alice", "-vvv", "--oauth-token-url", s.tokens.URL, "--oauth-client-id=client", "--oauth-client-secret-file", secretFile}
	t.Run("client credentials", func(t *testing.T) {
		r := s.run(t, nil, fetch...)
		wantLogin(t, r, "OAUTHBEARER", "client-secret")
		for _, token := range s.tokens.Issued() {
			wantLogin(t, r, "OAUTHBEARER", token)
		}
		if !slices.Contains(r.Labels(), "time_token") || !strings.Contains(r.out, "[OK] token ") {
			t.Errorf("no step token, no time_token:\n%s", r.out)
		}
	})
	t.Run("wrong client secret", func(t *testing.T) {
		env := map[string]string{"CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET": "another-secret"}
		r := s.run(t, env, "-U", "alice", "-o", "json", "--oauth-token-url", s.tokens.URL, "--oauth-client-id=client")
		wantFinding(t, r, 2, "token", "token")
		if !strings.Contains(r.out, "invalid_client") || !strings.Contains(r.out, "AADSTS7000215: Invalid client secret provided.") || strings.Contains(r.out, "another-secret") {
			t.Errorf("want the endpoint's words and not the secret:\n%s", r.out)
		}
	})
	t.Run("repeating endpoint", func(t *testing.T) {
		echo := oauthtest.Start(t, oauthtest.Options{Instead: func(w http.ResponseWriter, r *http.Request) bool {
			sent := r.FormValue("client_secret") + " " + r.FormValue("refresh_token")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"you sent %s, %s"}`, sent, base64.StdEncoding.EncodeToString([]byte(sent)))
			return true
		}})
		ca := writePublic(t, s.dir, "echo.pem", imapCA(t, s)+echo.PEM())
		file := writePublic(t, s.dir, "refresh-echo", "a-refresh-token\n")
		env := map[string]string{"CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET": "a-client-secret"}
		for _, format := range []string{"nagios", "json"} {
			r := s.run(t, env, "-U", "alice", "-vvv", "-o", format, "--ca-file", ca, "--oauth-token-url", echo.URL, "--oauth-client-id=client", "--oauth-refresh-token-file", file)
			if r.code != 2 || !strings.Contains(r.out, "you sent *** ***, ***") {
				t.Errorf("exit %d, want 2 and the secrets masked:\n%s", r.code, r.out)
			}
		}
	})
	t.Run("endpoint that repeats secrets elsewhere", func(t *testing.T) {
		const theirs = "the-access-token"
		for name, answer := range map[string]func(w http.ResponseWriter, sent string){
			"error": func(w http.ResponseWriter, sent string) { fmt.Fprintf(w, `{"error":%q}`, sent) },
			"type": func(w http.ResponseWriter, sent string) {
				fmt.Fprintf(w, `{"access_token":%q,"token_type":%q}`, theirs, theirs+sent)
			},
			"content type": func(w http.ResponseWriter, sent string) { w.Header().Set("Content-Type", sent); fmt.Fprint(w, sent) },
			"redirect": func(w http.ResponseWriter, sent string) {
				w.Header().Set("Location", "/?"+sent)
				w.WriteHeader(http.StatusFound)
			},
			"other host": func(w http.ResponseWriter, sent string) {
				w.Header().Set("Location", "https://"+sent+"/")
				w.WriteHeader(http.StatusPermanentRedirect)
			},
		} {
			echo := oauthtest.Start(t, oauthtest.Options{Instead: func(w http.ResponseWriter, r *http.Request) bool {
				answer(w, r.FormValue("client_secret")+r.FormValue("refresh_token")+r.FormValue("api_key"))
				return true
			}})
			ca := writePublic(t, s.dir, "echo.pem", imapCA(t, s)+echo.PEM())
			file := writePublic(t, s.dir, "refresh-echo", "a-refresh-token\n")
			env := map[string]string{"CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET": "a-client-secret"}
			for _, format := range []string{"nagios", "json"} {
				r := s.run(t, env, "-U", "alice", "-vvv", "-o", format, "--ca-file", ca, "--oauth-token-url", echo.URL+"?api_key=a-key-in-the-query", "--oauth-client-id=client", "--oauth-refresh-token-file", file)
				for _, secret := range []string{theirs, "a-client-secret", "a-refresh-token", "a-key-in-the-query"} {
					if r.code != 2 || strings.Contains(r.out, secret) {
						t.Errorf("%s: exit %d, want 2 and no %s:\n%s", name, r.code, secret, r.out)
					}
				}
			}
		}
	})
	t.Run("silent endpoint", func(t *testing.T) {
		done := make(chan struct{})
		silent := oauthtest.Start(t, oauthtest.Options{Instead: func(http.ResponseWriter, *http.Request) bool { <-done; return true }})
		t.Cleanup(func() { close(done) }) // before the endpoint waits for its requests
		ca := writePublic(t, s.dir, "silent.pem", imapCA(t, s)+silent.PEM())
		env := map[string]string{"CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET": "client-secret"}
		r := s.run(t, env, "-U", "alice", "-o", "json", "-t", "1", "--ca-file", ca, "--oauth-token-url", silent.URL, "--oauth-client-id=client")
		wantFinding(t, r, 2, "timeout", "token")
		if !strings.Contains(r.out, "waiting for the token endpoint 127.0.0.1") {
			t.Errorf("what was waited for is not named:\n%s", r.out)
		}
	})
	t.Run("clear", func(t *testing.T) { // no token is fetched for a login that will not be
		before := len(s.tokens.Requests())
		r := s.run(t, nil, append(slices.Clone(fetch), "-p", strconv.Itoa(s.srv.IMAP), "--tls=none", "-o", "json")...)
		wantFinding(t, r, 3, "plaintext_refused", "login")
		if n := len(s.tokens.Requests()) - before; n != 0 {
			t.Errorf("%d tokens were fetched", n)
		}
	})
	t.Run("threshold", func(t *testing.T) {
		r := s.run(t, nil, append(slices.Clone(fetch), "-c", "time_token=0")...)
		if r.code != 2 || !strings.Contains(r.Text, "token took") {
			t.Errorf("exit %d, want 2 for time_token:\n%s", r.code, r.out)
		}
	})
	t.Run("refresh token", func(t *testing.T) {
		file := writePublic(t, s.dir, "refresh", "refresh-token-0\n")
		for range 2 {
			r := s.run(t, nil, append(slices.Clone(fetch), "--oauth-refresh-token-file", file)...)
			wantLogin(t, r, "OAUTHBEARER", "refresh-token-")
			if got, _ := os.ReadFile(file); string(got) != s.tokens.Refresh()+"\n" {
				t.Errorf("the file holds %q, want %q", got, s.tokens.Refresh())
			}
		}
	})
	t.Run("cache", func(t *testing.T) {
		cached := append(slices.Clone(fetch), "--oauth-cache", filepath.Join(s.dir, "cache"))
		before := len(s.tokens.Requests())
		wantLogin(t, s.run(t, nil, cached...), "OAUTHBEARER", "")
		r := s.run(t, nil, cached...)
		wantLogin(t, r, "OAUTHBEARER", "")
		if n := len(s.tokens.Requests()) - before; n != 1 || slices.Contains(r.Labels(), "time_token") {
			t.Errorf("%d requests, labels %v, want one, and no time_token in the second run", n, r.Labels())
		}
		// The server stops taking the cached token: another one is fetched.
		text, err := os.ReadFile(filepath.Join(s.dir, "cache"))
		if err != nil {
			t.Fatal(err)
		}
		issued := s.tokens.Issued()
		revoked := strings.ReplaceAll(string(text), issued[len(issued)-1], other)
		if err := os.WriteFile(filepath.Join(s.dir, "cache"), []byte(revoked), 0o600); err != nil {
			t.Fatal(err)
		}
		r = s.run(t, nil, cached...)
		wantLogin(t, r, "OAUTHBEARER", other)
		if n := len(s.tokens.Requests()) - before; n != 2 || !slices.Contains(r.Labels(), "time_token") || !strings.Contains(r.out, "did not take the token from the cache") {
			t.Errorf("%d requests, labels %v, want two, time_token and a remark:\n%s", n, r.Labels(), r.out)
		}
	})
}

// imapCA returns the certificates that the base command line trusts.
func imapCA(t *testing.T, s *authServer) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
	env := password("secret")
	wantLogin(t, s.run(t, env, append(client, "-U", "alice")...), "LOGIN", "")
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
	srv, ca := startServer(t, servertest.Launcher{Name: "cyrus", Start: servertest.Cyrus}, "sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\n")
	base := []string{"-H", "imap.test", "--address", srv.Host, "-p", strconv.Itoa(srv.IMAPS), "--ca-file", ca, "-t", "20s", "-vvv"}
	for _, mech := range []string{"plain", "cram-md5", "scram-sha-1", "scram-sha-256"} {
		for _, a := range accounts {
			if strings.Contains(a.user, `\`) {
				continue // Cyrus refuses a backslash in a user name
			}
			env := password(a.password)
			wantLogin(t, runMain(t, env, append(slices.Clone(base), "-U", a.user, "--auth", mech)...), strings.ToUpper(mech), a.password)
		}
		wrong := password("wrong-password")
		wantFinding(t, runMain(t, wrong, append(slices.Clone(base), "-U", "alice", "--auth", mech, "-o", "json")...), 2, "auth_failed", "login")
	}
	env := password("secret")
	r := runMain(t, env, append(slices.Clone(base), "-U", "alice", "--auth=scram-sha-256-plus", "-o", "json")...)
	wantFinding(t, r, 2, "auth_failed", "login")
	if !strings.Contains(r.out, "another channel binding") {
		t.Errorf("want advice on the channel binding:\n%s", r.out)
	}
}

// TestCourierMechanisms: Courier has CRAM-MD5 beside LOGIN and PLAIN.
func TestCourierMechanisms(t *testing.T) {
	t.Parallel()
	const caps = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE IDLE AUTH=CRAM-MD5 AUTH=PLAIN"
	srv, ca := startServer(t, servertest.Launcher{Name: "courier", Start: servertest.Courier}, "IMAP_CAPABILITY="+caps+"\nIMAP_CAPABILITY_TLS="+caps+"\n")
	base := []string{"-H", "imap.test", "--address", srv.Host, "-p", strconv.Itoa(srv.IMAPS), "--ca-file", ca, "-t", "20s", "-vvv"}
	for _, mech := range []string{"plain", "cram-md5"} {
		for _, a := range accounts {
			env := password(a.password)
			wantLogin(t, runMain(t, env, append(slices.Clone(base), "-U", a.user, "--auth", mech)...), strings.ToUpper(mech), a.password)
		}
	}
	wrong := password("wrong-password")
	wantFinding(t, runMain(t, wrong, append(slices.Clone(base), "-U", "alice", "--auth=cram-md5", "-o", "json")...), 2, "auth_failed", "login")
}
