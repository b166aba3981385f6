package auth

import (
	"bufio"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"check_imap_session/internal/oauthtest"
)

// readAnswer reads an answer as once does.
func readAnswer(text string) (answer, error) {
	r := bufio.NewReader(strings.NewReader(text))
	a, err := readHead(r)
	if err == nil {
		a.body, err = readBody(r, a.header)
	}
	return a, err
}

func TestReadAnswer(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name, text string
		body, err  string
	}{
		{name: "length", text: ok + "Content-Length: 3\r\n\r\nabcdef", body: "abc"},
		{name: "to the end", text: ok + "\r\nabc", body: "abc"},
		{name: "bare LF", text: "HTTP/1.0 200\nContent-Length:3\n\nabc", body: "abc"},
		{name: "chunks", text: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", body: "abc"},
		{name: "chunks win", text: ok + "Content-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", body: "abc"},
		{name: "cut body", text: ok + "Content-Length: 4\r\n\r\nabc", err: "unexpected EOF"},
		{name: "cut chunk", text: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", err: "unexpected EOF"},
		{name: "no last chunk", text: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", err: "unexpected EOF"},
		{name: "cut header", text: ok + "Content-", err: "unexpected EOF"},
		{name: "nothing", text: "", err: "unexpected EOF"},
		{name: "endless header", text: ok + "X: " + strings.Repeat("x", maxHead), err: "header is too long"},
		{name: "endless headers", text: ok + strings.Repeat("X: y\r\n", maxHead), err: "header is too long"},
		{name: "long", text: ok + "Content-Length: 262145\r\n\r\n", err: "longer than 256 KiB"},
		{name: "long to the end", text: ok + "\r\n" + strings.Repeat("x", maxAnswer+1), err: "longer than 256 KiB"},
		{name: "long chunk", text: ok + "Transfer-Encoding: chunked\r\n\r\n40001\r\n", err: "longer than 256 KiB"},
		{name: "negative", text: ok + "Content-Length: -1\r\n\r\n", err: "length is not understood"},
		{name: "bad chunk", text: ok + "Transfer-Encoding: chunked\r\n\r\nx\r\n", err: "chunks are not understood"},
		{name: "compressed", text: ok + "Content-Encoding: gzip\r\n\r\nx", err: "compressed"},
		{name: "SMTP", text: "220 mail ready\r\n", err: "no HTTP"},
		{name: "HTTP/2", text: "HTTP/2 200\r\n\r\n", err: "no HTTP"},
	} {
		a, err := readAnswer(tt.text)
		if tt.err == "" && (err != nil || string(a.body) != tt.body) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %q %v, want %q %q", tt.name, a.body, err, tt.body, tt.err)
		}
	}
}

// FuzzAnswer: whatever comes, it is read within the bounds.
func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
	f.Add("HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\nWWW-Authenticate: Basic\r\n\r\n2\r\nab\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := readAnswer(text); err == nil && len(a.body) > maxAnswer {
			t.Errorf("%d bytes", len(a.body))
		}
	})
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
		there, err := net.Dial("tcp", r.Host)
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
		got, err := from.Obtain(t.Context(), Attempt{Roots: func() *x509.CertPool { return roots }})
		if err != nil || got.Access.IsZero() {
			t.Errorf("%s: %v", proxy.URL, err)
		}
	}
}
