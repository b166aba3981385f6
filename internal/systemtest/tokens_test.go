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
)

// TestDovecotTokens logs in with tokens that Dovecot validates, read from a file and
// from a command.
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
}

// TestDovecotFetchedTokens logs in with tokens that Dovecot validates, fetched in both
// ways and from the cache.
func TestDovecotFetchedTokens(t *testing.T) {
	t.Parallel()
	s := startAuthServer(t)
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
	t.Run("cache", func(t *testing.T) { checkCache(t, s, fetch) })
}

// checkCache checks that a second run takes the token from the cache, and that a third
// one fetches another when the server does not accept it any more.
func checkCache(t *testing.T, s *authServer, fetch []string) {
	file := filepath.Join(s.dir, "cache")
	cached := append(slices.Clone(fetch), "--oauth-cache", file)
	before := len(s.tokens.Requests())
	wantLogin(t, s.run(t, nil, cached...), "OAUTHBEARER", "")
	r := s.run(t, nil, cached...)
	wantLogin(t, r, "OAUTHBEARER", "")
	if n := len(s.tokens.Requests()) - before; n != 1 || slices.Contains(r.Labels(), "time_token") {
		t.Errorf("%d requests, labels %v, want one, and no time_token in the second run", n, r.Labels())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other, issued := s.tokens.Token("bob", time.Hour), s.tokens.Issued()
	revoked := strings.ReplaceAll(string(text), issued[len(issued)-1], other)
	if err := os.WriteFile(file, []byte(revoked), 0o600); err != nil {
		t.Fatal(err)
	}
	r = s.run(t, nil, cached...)
	wantLogin(t, r, "OAUTHBEARER", other)
	if n := len(s.tokens.Requests()) - before; n != 2 || !slices.Contains(r.Labels(), "time_token") || !strings.Contains(r.out, "did not take the token from the cache") {
		t.Errorf("%d requests, labels %v, want two, time_token and a remark:\n%s", n, r.Labels(), r.out)
	}
}

// clientSecret returns the environment that the secret of an OAuth client comes from.
func clientSecret(word string) environment {
	return environment{"CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET": word}
}

// otherEndpoint starts a token endpoint that answers in its own way, and returns the
// flags for it. Query stands behind its URL.
func (s *authServer) otherEndpoint(t *testing.T, query string, answer func(http.ResponseWriter, *http.Request)) []string {
	t.Helper()
	e := oauthtest.Start(t, oauthtest.Options{Instead: func(w http.ResponseWriter, r *http.Request) bool {
		answer(w, r)
		return true
	}})
	ca := writePublic(t, s.dir, "endpoint.pem", s.roots+e.PEM())
	return []string{"-U", "alice", "--ca-file", ca, "--oauth-token-url", e.URL + query, "--oauth-client-id=client"}
}

// TestTokenEndpoints fetches tokens from endpoints that refuse, repeat what they got,
// or are silent.
func TestTokenEndpoints(t *testing.T) {
	t.Parallel()
	s := startAuthServer(t)
	t.Run("wrong client secret", func(t *testing.T) {
		r := s.run(t, clientSecret("another-secret"), "-U", "alice", "-o", "json", "--oauth-token-url", s.tokens.URL, "--oauth-client-id=client")
		wantFinding(t, r, 2, "token", "token")
		if !strings.Contains(r.out, "invalid_client") || !strings.Contains(r.out, "AADSTS7000215: Invalid client secret provided.") || strings.Contains(r.out, "another-secret") {
			t.Errorf("want the endpoint's words and not the secret:\n%s", r.out)
		}
	})
	t.Run("silent", func(t *testing.T) {
		done := make(chan struct{})
		flags := s.otherEndpoint(t, "", func(http.ResponseWriter, *http.Request) { <-done })
		t.Cleanup(func() { close(done) }) // before the endpoint waits for its requests
		r := s.run(t, clientSecret("client-secret"), append(flags, "-o", "json", "-t", "1")...)
		wantFinding(t, r, 2, "timeout", "token")
		if !strings.Contains(r.out, "waiting for the token endpoint 127.0.0.1") {
			t.Errorf("what was waited for is not named:\n%s", r.out)
		}
	})
	refresh := writePublic(t, s.dir, "refresh", "a-refresh-token\n")
	repeated := func(t *testing.T, flags []string, check func(r result)) {
		for _, format := range []string{"nagios", "json"} {
			check(s.run(t, clientSecret("a-client-secret"), append(flags, "-vvv", "-o", format, "--oauth-refresh-token-file", refresh)...))
		}
	}
	t.Run("repeating in its description", func(t *testing.T) {
		flags := s.otherEndpoint(t, "", func(w http.ResponseWriter, r *http.Request) {
			sent := r.FormValue("client_secret") + " " + r.FormValue("refresh_token")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"you sent %s, %s"}`, sent, base64.StdEncoding.EncodeToString([]byte(sent)))
		})
		repeated(t, flags, func(r result) {
			if r.code != 2 || !strings.Contains(r.out, "you sent *** ***, ***") {
				t.Errorf("exit %d, want 2 and the secrets masked:\n%s", r.code, r.out)
			}
		})
	})
	const theirs = "the-access-token"
	for place, answer := range map[string]func(w http.ResponseWriter, sent string){
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
		t.Run("repeating in its "+place, func(t *testing.T) {
			flags := s.otherEndpoint(t, "?api_key=a-key-in-the-query", func(w http.ResponseWriter, r *http.Request) {
				answer(w, r.FormValue("client_secret")+r.FormValue("refresh_token")+r.FormValue("api_key"))
			})
			repeated(t, flags, func(r result) {
				for _, secret := range []string{theirs, "a-client-secret", "a-refresh-token", "a-key-in-the-query"} {
					if r.code != 2 || strings.Contains(r.out, secret) {
						t.Errorf("exit %d, want 2 and no %s:\n%s", r.code, secret, r.out)
					}
				}
			})
		})
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
	text := oauthtest.KeyFile(t, email, "k1", key)
	account := writeFile(t, t.TempDir(), "account.json", []byte(text))
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
