package auth

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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

func attempt(s *oauthtest.Server) Attempt { return Attempt{Verify: trusting(s.Pool())} }

// learning is an attempt that writes down the secrets it meets.
func learning(s *oauthtest.Server, learned *[]string) Attempt {
	a := attempt(s)
	a.Learned = func(secrets ...secret.Secret) {
		for _, one := range secrets {
			*learned = append(*learned, one.Reveal())
		}
	}
	return a
}

// trusting verifies as crypto/tls would do it with these roots.
func trusting(roots *x509.CertPool) Verify {
	return func(_ context.Context, served []*x509.Certificate, host string) error {
		_, err := served[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: host})
		return err
	}
}

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
		got, err := from.Obtain(t.Context(), learning(s, &learned))
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
		{"sign-in page", says(200, "text/html; charset=utf-8", `<html>`), nil, `not JSON but "text/html"`},
		{"no token", says(200, isJSON, `{}`), nil, "no access_token"},
		{"other type", says(200, isJSON, `{"access_token":"x","token_type":"MAC"}`), nil, `"MAC", not Bearer`},
		{"broken token", says(200, isJSON, `{"access_token":"x\r\ny"}`), nil, "the access token has blanks or other characters"},
		{"array", says(200, isJSON, `[1]`), nil, "JSON, but not an object: array"},
		{"number", says(200, isJSON, `{"access_token":12345678}`), nil, "access_token in the answer has the type number, not string"},
		{"huge number", says(200, isJSON, `{"access_token":1e400}`), nil, "access_token in the answer has the type number, not string"},
		{"object", says(200, isJSON, `{"access_token":{}}`), nil, "access_token in the answer has the type object, not string"},
		{"cut", says(200, isJSON, `{"access_token":"x`), nil, "broken JSON: unexpected end"},
		{"other json", says(200, "application/problem+json; charset=x", `{`), nil, "broken JSON"},
		{"odd description", says(400, isJSON, `{"error":"invalid_scope","error_description":[1]}`), &report.TokenRefused{Status: 400, Code: "invalid_scope"}, "invalid_scope"},
		{"too long", says(200, isJSON, `{"access_token":"`+strings.Repeat("x", maxAnswer)+`"}`), nil, "longer than 256 KiB"},
		{"other host", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://evil.test/token", http.StatusTemporaryRedirect)
			return true
		}, nil, "redirects to https://evil.test, which is not followed"},
		{"plain text", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://"+r.Host+"/token", http.StatusTemporaryRedirect)
			return true
		}, nil, "which is not followed"},
		{"other method", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/login", http.StatusFound)
			return true
		}, nil, "with another method, but a form needs POST"},
		{"circle", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/token", http.StatusTemporaryRedirect)
			return true
		}, nil, "more than 3 times"},
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

// TestTokenAnswers goes through odd answers that bring a token all the same.
func TestTokenAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		lifetime   time.Duration // 0: not known
	}{
		{"byte order mark", "\ufeff" + `{"access_token":"a-token"}`, 0},
		{"no lifetime", `{"access_token":"a-token","expires_in":null}`, 0},
		{"quoted", `{"access_token":"a-token","expires_in":"60"}`, time.Minute},
		{"fraction", `{"access_token":"a-token","expires_in":60.5}`, 60500 * time.Millisecond},
		{"huge", `{"access_token":"a-token","expires_in":1e400}`, 1e9 * time.Second},
		{"negative", `{"access_token":"a-token","expires_in":-1}`, 0},
		{"no number", `{"access_token":"a-token","expires_in":{}}`, 0},
		{"not a number", `{"access_token":"a-token","expires_in":"NaN"}`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := answer{status: 200, body: []byte(tt.body)}.grant(func(...secret.Secret) {})
				if err != nil || got.Access.Reveal() != "a-token" {
					t.Fatal(got.Access.Reveal(), err)
				}
				left := time.Duration(0)
				if !got.Expires.IsZero() {
					left = time.Until(got.Expires)
				}
				if left != tt.lifetime {
					t.Errorf("lifetime %v, want %v", left, tt.lifetime)
				}
			})
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
	for a, b := range map[string]string{"https://A.test/x": "https://a.TEST:443/y", "https://[::1]/": "https://[::1]:443/"} {
		if place(mustURL(t, a)) != place(mustURL(t, b)) {
			t.Errorf("%s and %s are one place", a, b)
		}
	}
}

// TestTokenTLS: no secret goes to an endpoint that is not trusted.
func TestTokenTLS(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	_, err := sourceOf(t, s).Obtain(t.Context(), Attempt{Verify: trusting(x509.NewCertPool())})
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || len(s.Requests()) != 0 {
		t.Errorf("error %v, requests %v, want an unknown authority and none", err, s.Requests())
	}
	other := sourceOf(t, s) // The certificate is for 127.0.0.1 and ::1.
	other.URL = mustURL(t, strings.Replace(s.URL, "127.0.0.1", "127.0.0.2", 1))
	other.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, mustURL(t, s.URL).Host)
	}
	var name x509.HostnameError
	if _, err := other.Obtain(t.Context(), attempt(s)); !errors.As(err, &name) || len(s.Requests()) != 0 {
		t.Errorf("error %v, requests %v, want another host and none", err, s.Requests())
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
