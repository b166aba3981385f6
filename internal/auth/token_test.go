package auth

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"check_imap_session/internal/oauthtest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// sourceOf returns a source that asks an endpoint for client credentials.
func sourceOf(t *testing.T, s *oauthtest.Server) *TokenSource {
	t.Helper()
	return &TokenSource{URL: mustURL(t, s.URL), ClientID: "client", ClientSecret: secret.New("client-secret"), Scope: "imap", Username: "alice"}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func attempt(s *oauthtest.Server) Attempt { return Attempt{Roots: s.Pool} }

func obtain(t *testing.T, s *oauthtest.Server, from *TokenSource) Token {
	t.Helper()
	got, err := from.Obtain(t.Context(), attempt(s))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestClientCredentials(t *testing.T) {
	for _, basic := range []bool{false, true} {
		s := oauthtest.Start(t, oauthtest.Options{BasicOnly: basic, ClientSecret: "client: secret/+%"})
		from := sourceOf(t, s)
		from.ClientSecret = secret.New("client: secret/+%")
		var learned []string
		got, err := from.Obtain(t.Context(), Attempt{Roots: s.Pool, Learned: func(secrets ...secret.Secret) {
			for _, one := range secrets {
				learned = append(learned, one.Reveal())
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if token := got.Access.Reveal(); !slices.Equal(s.Issued(), []string{token}) || !slices.Contains(learned, token) {
			t.Errorf("token %q, issued %q, learnt %q", token, s.Issued(), learned)
		}
		if left := time.Until(got.Expires); left < 59*time.Minute || left > time.Hour || got.Cached {
			t.Errorf("good for %v, cached %v, want an hour and fetched", left, got.Cached)
		}
		asked := s.Requests()
		last := asked[len(asked)-1]
		if want := map[bool]int{false: 1, true: 2}[basic]; len(asked) != want || last.Form.Get("grant_type") != "client_credentials" || last.Form.Get("scope") != "imap" {
			t.Errorf("basic %v: requests %v, want %d", basic, asked, want)
		}
		if basic && last.Form.Has("client_secret") {
			t.Errorf("the secret went into the header and the body: %v", last.Form)
		}
	}
}

// TestTokenErrors goes through what an endpoint can answer.
func TestTokenErrors(t *testing.T) {
	says := func(status int, kind, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	const isJSON = "application/json"
	for _, tt := range []struct {
		name    string
		instead func(http.ResponseWriter, *http.Request) bool
		refused *report.TokenRefused // nil: another error
		text    string
	}{
		{"expired secret", says(401, isJSON, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'x' are expired."}`),
			&report.TokenRefused{Status: 401, Code: "invalid_client", Description: "AADSTS7000222: The provided client secret keys for app 'x' are expired."}, "invalid_client (HTTP 401)"},
		{"error with 200", says(200, isJSON, `{"error":"invalid_grant"}`), &report.TokenRefused{Status: 200, Code: "invalid_grant"}, "invalid_grant"},
		{"page", says(503, "text/html", `<html>client-secret`), &report.TokenRefused{Status: 503}, "HTTP 503"},
		{"sign-in page", says(200, "text/html; charset=utf-8", `<html>`), nil, `no JSON but "text/html"`},
		{"no token", says(200, isJSON, `{}`), nil, "no access_token"},
		{"other type", says(200, isJSON, `{"access_token":"x","token_type":"MAC"}`), nil, `"MAC", not Bearer`},
		{"broken token", says(200, isJSON, `{"access_token":"x\r\ny"}`), nil, "not an access token"},
		{"too long", says(200, isJSON, `{"access_token":"`+strings.Repeat("x", maxAnswer)+`"}`), nil, "longer than 256 KiB"},
		{"other host", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://evil.test/token", http.StatusTemporaryRedirect)
			return true
		}, nil, "redirects to https://evil.test, another place"},
		{"plain text", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://"+r.Host+"/token", http.StatusTemporaryRedirect)
			return true
		}, nil, "another place"},
		{"other method", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/login", http.StatusFound)
			return true
		}, nil, "another method"},
		{"circle", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/token", http.StatusTemporaryRedirect)
			return true
		}, nil, "without an end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.Start(t, oauthtest.Options{Instead: tt.instead})
			_, err := sourceOf(t, s).Obtain(t.Context(), attempt(s))
			var refused *report.TokenRefused
			if errors.As(err, &refused) != (tt.refused != nil) || tt.refused != nil && *refused != *tt.refused {
				t.Errorf("error %#v, want %#v", refused, tt.refused)
			}
			if err == nil || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "client-secret") {
				t.Errorf("error %v, want %q in it", err, tt.text)
			}
		})
	}
}

// TestRedirectSameHost is followed, with the same body.
func TestRedirectSameHost(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{Instead: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/token", http.StatusPermanentRedirect)
			return true
		}
		return false
	}})
	from := sourceOf(t, s)
	from.URL = mustURL(t, strings.TrimSuffix(s.URL, "/token")+"/old")
	obtain(t, s, from)
}

// TestTokenTLS: no secret goes to an endpoint that is not trusted.
func TestTokenTLS(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	_, err := sourceOf(t, s).Obtain(t.Context(), Attempt{Roots: x509.NewCertPool})
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || len(s.Requests()) != 0 {
		t.Errorf("error %v, requests %v, want an unknown authority and none", err, s.Requests())
	}
}

// TestTokenDeadline: an endpoint that does not answer is left at the deadline.
func TestTokenDeadline(t *testing.T) {
	done := make(chan struct{})
	s := oauthtest.Start(t, oauthtest.Options{Instead: func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-r.Context().Done():
		case <-done:
		}
		return true
	}})
	t.Cleanup(func() { close(done) }) // before the server waits for its requests
	up := errors.New("the time is up")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, up)
	defer cancel()
	began := time.Now()
	if _, err := sourceOf(t, s).Obtain(ctx, attempt(s)); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("error %v after %v", err, time.Since(began))
	}
}

// TestTokenProxy: the proxy is used when it is given, and only then.
func TestTokenProxy(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization"))
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("https_proxy", proxy.URL)
	from := sourceOf(t, s)
	obtain(t, s, from)
	if len(asked) != 0 {
		t.Errorf("the environment's proxy was asked: %q", asked)
	}
	from.Proxy = mustURL(t, strings.Replace(proxy.URL, "http://", "http://user:pass@", 1))
	if _, err := from.Obtain(t.Context(), attempt(s)); err == nil {
		t.Error("got a token through a proxy that forbids it")
	}
	if want := "CONNECT " + from.URL.Host + " Basic dXNlcjpwYXNz"; !slices.Equal(asked, []string{want}) {
		t.Errorf("the proxy was asked %q, want %q", asked, want)
	}
}

// refreshing returns a source with a refresh token in a file.
func refreshing(t *testing.T, s *oauthtest.Server) *TokenSource {
	t.Helper()
	from := sourceOf(t, s)
	from.RefreshFile = filepath.Join(t.TempDir(), "refresh")
	from.RefreshToken = secret.New("refresh-0")
	if err := os.WriteFile(from.RefreshFile, []byte("refresh-0\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	return from
}

func TestRefreshTokenIsKept(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0"})
	from := refreshing(t, s)
	for range 3 { // each run reads what the one before has written
		if got := obtain(t, s, from); len(got.Remarks) != 0 {
			t.Errorf("remarks %q", got.Remarks)
		}
		text, err := os.ReadFile(from.RefreshFile)
		st, serr := os.Stat(from.RefreshFile)
		if err != nil || serr != nil || string(text) != s.Refresh()+"\n" || st.Mode().Perm() != 0o600 {
			t.Errorf("file %q, %v %v, mode %v, want %q and 0600", text, err, serr, st.Mode(), s.Refresh())
		}
	}
	left, _ := os.ReadDir(filepath.Dir(from.RefreshFile))
	if len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}

// TestRefreshTokenIsChecked keeps the old one when the new one would put lines of the
// server's choice into the file.
func TestRefreshTokenIsChecked(t *testing.T) {
	for _, bad := range []string{`line1\nssh-ed25519 AAAA`, `a\u0000b`, `a\u00e9`} {
		s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0", Instead: func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprintf(w, `{"access_token":"abc","token_type":"Bearer","refresh_token":"%s"}`, bad)
			return true
		}})
		from := refreshing(t, s)
		got := obtain(t, s, from)
		if len(got.Remarks) != 1 || !strings.Contains(got.Remarks[0], "the old one is kept") || strings.Contains(got.Remarks[0], "ssh") {
			t.Errorf("%s: remarks %q", bad, got.Remarks)
		}
		if text, err := os.ReadFile(from.RefreshFile); err != nil || string(text) != "refresh-0\n" {
			t.Errorf("%s: the file holds %q, %v", bad, text, err)
		}
	}
}

// TestRefreshTokenCannotBeKept is a remark, not a failure.
func TestRefreshTokenCannotBeKept(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0"})
	from := refreshing(t, s)
	from.RefreshFile = "" // from a credential, or standard input
	got := obtain(t, s, from)
	if len(got.Remarks) != 1 || !strings.Contains(got.Remarks[0], "could not be kept") || strings.Contains(got.Remarks[0], s.Refresh()) {
		t.Errorf("remarks %q, want that it could not be kept", got.Remarks)
	}
}

// TestRefreshParallel: runs at the same time spend each refresh token once.
func TestRefreshParallel(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0"})
	from := refreshing(t, s)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			one := *from
			if _, err := one.Obtain(t.Context(), attempt(s)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.Refresh() == "" {
		t.Error("a refresh token was spent twice: the server has revoked all of them")
	}
}
