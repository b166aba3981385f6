package auth

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/oauthtest"
)

// TestAnswers: whatever comes, it is read within the bounds.
func TestAnswers(t *testing.T) {
	const (
		ok    = "HTTP/1.1 200 OK\r\n"
		token = `{"access_token":"abc"}` // 22 bytes
	)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(bytes.Repeat([]byte{' '}, maxAnswer+1))
	z.Close()
	for _, tt := range []struct {
		name, text string
		err        string // "": the token is read
	}{
		{name: "length", text: ok + "Content-Length: 22\r\n\r\n" + token + "more"},
		{name: "to the end", text: ok + "\r\n" + token},
		{name: "bare LF", text: "HTTP/1.0 200 OK\nContent-Length:22\n\n" + token},
		{name: "chunks", text: ok + "Transfer-Encoding: chunked\r\n\r\n16\r\n" + token + "\r\n0\r\n\r\n"},
		{name: "cut body", text: ok + "Content-Length: 23\r\n\r\n" + token, err: "read the answer: unexpected EOF"},
		{name: "cut chunk", text: ok + "Transfer-Encoding: chunked\r\n\r\n17\r\n" + token, err: "read the answer: unexpected EOF"},
		{name: "cut header", text: ok + "X-Y: z", err: "unexpected EOF"},
		{name: "nothing", text: "", err: "EOF"},
		{name: "endless header", text: ok + "X: " + strings.Repeat("x", maxHead), err: "headers exceeded 65536 bytes"},
		{name: "endless headers", text: ok + strings.Repeat("X: y\r\n", maxHead), err: "headers exceeded 65536 bytes"},
		{name: "long", text: ok + "Content-Length: 262145\r\n\r\n" + strings.Repeat(" ", maxAnswer+1), err: "longer than 256 KiB"},
		{name: "long to the end", text: ok + "\r\n" + strings.Repeat(" ", maxAnswer+1), err: "longer than 256 KiB"},
		{name: "long when unpacked", text: ok + "Content-Encoding: gzip\r\n\r\n" + bomb.String(), err: "longer than 256 KiB"},
		{name: "negative", text: ok + "Content-Length: -1\r\n\r\n", err: "bad Content-Length"},
		{name: "SMTP", text: "220 mail ready\r\n", err: "malformed HTTP"},
		{name: "redirect to no URL", text: "HTTP/1.1 307 There\r\nLocation: https://%zz\r\n\r\n", err: "failed to parse Location header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.Start(t, oauthtest.Options{Instead: func(w http.ResponseWriter, r *http.Request) bool {
				if !r.Close || r.UserAgent() != "check_imap_session" {
					t.Errorf("connection is to be closed %v, want it; header %v", r.Close, r.Header)
				}
				nc, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return true
				}
				defer nc.Close()
				io.WriteString(nc, tt.text)
				return true
			}})
			got, err := sourceOf(t, s).Obtain(t.Context(), attempt(s))
			switch {
			case tt.err == "" && (err != nil || got.Access.Reveal() != "abc"):
				t.Errorf("token %q, %v, want abc", got.Access.Reveal(), err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), s.URL)):
				t.Errorf("error %v, want %q in it and not %s", err, tt.err, s.URL)
			}
		})
	}
}

// TestEnvironmentProxy: both variables are read. Net/http reads them once in a
// process.
func TestEnvironmentProxy(t *testing.T) {
	t.Setenv("https_proxy", "http://proxy.test:3128")
	t.Setenv("no_proxy", "near.test")
	for host, want := range map[string]string{"far.test": "http://proxy.test:3128", "login.near.test": ""} {
		got, err := EnvironmentProxy(mustURL(t, "https://"+host+"/token"))
		if err != nil || (got == nil) != (want == "") || got != nil && got.String() != want {
			t.Errorf("%s: %v %v, want %q", host, got, err, want)
		}
	}
}

// TestProxyErrors say that they are about the proxy, and nothing of its password.
func TestProxyErrors(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	defer refusing.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	s := oauthtest.Start(t, oauthtest.Options{})
	for _, tt := range []struct{ name, url, want string }{
		{"refuses", refusing.URL, "proxy: it answers HTTP 403"},
		{"is not trusted", untrusted.URL, "proxy: x509: certificate signed by unknown authority"},
		{"is not there", closed.URL, "proxy: dial tcp"},
	} {
		from := sourceOf(t, s)
		from.Proxy = mustURL(t, strings.Replace(tt.url, "://", "://user:hunter2@", 1))
		roots := s.Pool()
		if tt.url == untrusted.URL {
			roots = x509.NewCertPool()
		}
		_, err := from.Obtain(t.Context(), Attempt{Verify: trusting(roots)})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestChunkedAnswer: a real server that does not know the length beforehand.
func TestChunkedAnswer(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{Instead: func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, `{"access_token":"`)
		w.(http.Flusher).Flush()
		io.WriteString(w, `abc","expires_in":"3599"}`)
		return true
	}})
	got := obtain(t, s, sourceOf(t, s))
	if got.Access.Reveal() != "abc" || got.Expires.IsZero() {
		t.Errorf("token %q until %v", got.Access.Reveal(), got.Expires)
	}
}

// TestThroughProxy fetches a token through a proxy, plain and over TLS.
func TestThroughProxy(t *testing.T) {
	connect := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", strings.NewReplacer("127.0.0.2", "127.0.0.1", "example.com", "127.0.0.1").Replace(r.Host))
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		here, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		go func() { io.Copy(there, buf); there.Close() }()
		io.Copy(here, there)
		here.Close()
	})
	for _, start := range []func(http.Handler) *httptest.Server{httptest.NewServer, httptest.NewTLSServer} {
		proxy := start(connect)
		defer proxy.Close()
		s := oauthtest.Start(t, oauthtest.Options{})
		from := sourceOf(t, s)
		from.Proxy = mustURL(t, proxy.URL)
		roots := s.Pool()
		if proxy.Certificate() != nil {
			roots.AddCert(proxy.Certificate())
		}
		got, err := from.Obtain(t.Context(), Attempt{Verify: trusting(roots)})
		if err != nil || got.Access.IsZero() {
			t.Errorf("%s: %v", proxy.URL, err)
		}
		// A name behind a proxy with an address: each is verified for its own.
		from.URL = mustURL(t, strings.Replace(s.URL, "127.0.0.1", "example.com", 1))
		var hosts []string
		_, err = from.Obtain(t.Context(), Attempt{Verify: func(ctx context.Context, served []*x509.Certificate, host string) error {
			hosts = append(hosts, host)
			return trusting(roots)(ctx, served, host)
		}})
		want := []string{"127.0.0.1", "example.com"}
		if proxy.Certificate() == nil {
			want = want[1:]
		}
		if err != nil || !slices.Equal(hosts, want) {
			t.Errorf("%s: verified %q, %v, want %q", proxy.URL, hosts, err, want)
		}
		// The certificate is for 127.0.0.1, and so is that of the proxy.
		from.URL = mustURL(t, strings.Replace(s.URL, "127.0.0.1", "127.0.0.2", 1))
		var name x509.HostnameError
		if _, err := from.Obtain(t.Context(), Attempt{Verify: trusting(roots)}); !errors.As(err, &name) || name.Host != "127.0.0.2" || len(s.Requests()) != 2 {
			t.Errorf("%s: error %v, %d requests, want another host and two", proxy.URL, err, len(s.Requests()))
		}
	}
}
