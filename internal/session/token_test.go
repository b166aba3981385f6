package session

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/certtest"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// TestRefusesToken wants another token to be fetched only after a refusal that the
// token may be the reason of: otherwise each check of a busy server would ask the
// token endpoint twice.
func TestRefusesToken(t *testing.T) {
	for code, want := range map[imap.ResponseCode]bool{
		"":                                    true,
		imap.ResponseCodeAuthenticationFailed: true,
		imap.ResponseCodeAuthorizationFailed:  true,
		imap.ResponseCodeExpired:              true,
		imap.ResponseCodeUnavailable:          false,
		imap.ResponseCodeLimit:                false,
		imap.ResponseCodeInUse:                false,
		imap.ResponseCodeServerBug:            false,
		imap.ResponseCodeOverQuota:            false,
		imap.ResponseCode("REFERRAL"):         false,
		imap.ResponseCodePrivacyRequired:      true,
	} {
		err := &report.StepError{Err: report.ErrNo, Reply: &report.Reply{Status: "NO", Code: string(code)}}
		if got := refusesToken(err); got != want {
			t.Errorf("NO [%s]: got %v, want %v", code, got, want)
		}
	}
	if refusesToken(&report.StepError{Err: report.ErrTimeout}) {
		t.Error("a timeout is taken for a refusal")
	}
}

// tokenRig is a rig whose token comes from an endpoint that answers after a delay,
// and whose trusted certificates take another to load.
func tokenRig(t *testing.T) *rig {
	t.Helper()
	ca := certtest.Must(t, "Token Root")
	leaf := ca.Leaf(t, certtest.Leaf{CommonName: "token.test", DNSNames: []string{"token.test"}})
	b := newRig(t, TLSNone)
	b.cfg.Password, b.cfg.Until = secret.Secret{}, report.StepLogin
	b.cfg.OAuth = &auth.TokenSource{
		URL: &url.URL{Scheme: "https", Host: "token.test", Path: "/"}, ClientID: "client", ClientSecret: secret.New("client-secret"),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			here, there := imaptest.NewPipe(443)
			go func() {
				server := tls.Server(there, &tls.Config{Certificates: []tls.Certificate{leaf}})
				defer server.Close()
				req, err := http.ReadRequest(bufio.NewReader(server))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				time.Sleep(delay)
				const body = `{"access_token":"a-token","expires_in":3600}`
				fmt.Fprintf(server, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			}()
			return here, nil
		},
	}
	b.cfg.OAuthRoots = dial.RootsFrom(func() (*x509.CertPool, error) {
		time.Sleep(delay)
		return ca.Pool(), nil
	})
	return b
}

// TestTokenTime: every moment of a run that fetches a token belongs to a step: the
// loading of trusted certificates, and the second fetch after the server has refused
// a token from the cache, which is not in the time of the login.
func TestTokenTime(t *testing.T) {
	const greeting = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\n"
	const login = "C: {tag} AUTHENTICATE XOAUTH2 *\nwait 300ms\n"
	for _, tt := range []struct {
		name         string
		cached       bool
		script       string
		token, login time.Duration
	}{
		{"fetched", false, greeting + login + "S: {tag} OK in\nserve", 2 * delay, delay},
		{"cached", true, greeting + login + "S: {tag} OK in\nserve", 0, delay},
		{"fetched again", true, greeting + login + "S: {tag} NO no\n" + login + "S: {tag} OK in\nserve", 2 * delay, 2 * delay},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			cache := filepath.Join(t.TempDir(), "cache")
			if tt.cached { // by another check
				first := tokenRig(t)
				first.cfg.OAuth.Cache = cache
				first.run(t, greeting+login+"S: {tag} OK in\nserve")
			}
			b := tokenRig(t)
			b.cfg.OAuth.Cache = cache
			r := b.pass(t, tt.script)
			var sum time.Duration
			for _, name := range []string{report.StepToken, report.StepLogin} {
				for _, m := range r.Metrics {
					if m.Def.Name == report.StepTime(name) {
						sum += time.Duration(m.Value * float64(time.Second)).Round(time.Microsecond)
					}
				}
			}
			if sum != r.Elapsed || sum != tt.token+tt.login || r.Step(report.StepLogin).Elapsed != tt.login {
				t.Errorf("token and login %v, run %v, login %v, want %v and %v", sum, r.Elapsed, r.Step(report.StepLogin).Elapsed, tt.token, tt.login)
			}
		})
	}
}

// TestExplainToken says how a person fetches a token, with placeholders for what is
// secret.
func TestExplainToken(t *testing.T) {
	endpoint, err := url.Parse("https://login.test/token?key=hidden")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name       string
		source     auth.TokenSource
		does, curl string
	}{
		{"client credentials", auth.TokenSource{ClientID: "c", ClientSecret: secret.New("hidden"), Scope: "s"}, "(client_credentials)",
			"curl -d grant_type=client_credentials --data-urlencode client_id=c --data-urlencode scope=s --data-urlencode client_secret=SECRET"},
		{"certificate", auth.TokenSource{ClientID: "c", Certificate: &tls.Certificate{}}, "(client_credentials, signed with a certificate)",
			"curl -d grant_type=client_credentials --data-urlencode client_id=c -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer --data-urlencode client_assertion=SECRET"},
		{"service account", auth.TokenSource{Scope: "s", ServiceAccount: &auth.ServiceAccount{Email: "e"}, Cache: "f"}, "(service account), where f has none that is still good",
			"curl -d grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer --data-urlencode assertion=SECRET"},
	} {
		tt.source.URL = endpoint
		e := explainToken(&Config{OAuth: &tt.source})
		if want := "fetches an access token from https://login.test/token?... " + tt.does; e.Does != want {
			t.Errorf("%s: does %q, want %q", tt.name, e.Does, want)
		}
		if got, want := strings.Join(e.Command, " "), tt.curl+" https://login.test/token?..."; got != want {
			t.Errorf("%s: command %q, want %q", tt.name, got, want)
		}
	}
}
