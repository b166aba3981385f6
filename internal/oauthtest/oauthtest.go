// Package oauthtest runs an OAuth 2.0 token endpoint (RFC 6749) over HTTPS on
// 127.0.0.1: client credentials, refresh tokens that are used once, and assertions
// (RFC 7523) whose signature it verifies. Its access tokens are JSON Web Tokens (RFC 7519) that Dovecot can validate by itself. It is
// for tests only.
package oauthtest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Options say what the endpoint is like. The zero value gives tokens for an hour
// to the client "client" with the secret "client-secret".
type Options struct {
	User         string        // whose tokens they are (claim "sub"); "" means alice
	ClientID     string        // "" means "client"
	ClientSecret string        // "" means "client-secret"; "-" means a public client
	RefreshToken string        // the first one; "" means none is known
	Lifetime     time.Duration // of a token; 0 means an hour
	BasicOnly    bool          // takes the client's secret in the header only
	// ClientCert, when set, is that of the client, which signs who it is with its key
	// in place of a secret.
	ClientCert *x509.Certificate
	Account    *Account // a service account that the endpoint knows; nil for none
	// Instead, when set and it returns true, has answered the request.
	Instead func(w http.ResponseWriter, r *http.Request) bool
}

// Server is a running endpoint.
type Server struct {
	URL  string            // of the token endpoint
	Cert *x509.Certificate // the one it shows, signed by itself
	Key  []byte            // with which its tokens are signed, by HMAC with SHA-256
	opts Options

	mu      sync.Mutex
	refresh string          // the one that is good now; "" when a used one came again
	asked   []Request       // requests so far
	issued  []string        // access tokens so far
	used    map[string]bool // identifiers of assertions (jti)
}

// Request is one request as it came.
type Request struct {
	Form       url.Values
	User, Pass string // of the header Authorization: Basic, not decoded further
}

// Start starts an endpoint that ends with the test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	o.User, o.ClientID = cmp.Or(o.User, "alice"), cmp.Or(o.ClientID, "client")
	o.ClientSecret, o.Lifetime = cmp.Or(o.ClientSecret, "client-secret"), cmp.Or(o.Lifetime, time.Hour)
	s := &Server{Key: []byte("a key of the tests, not a secret"), opts: o, refresh: o.RefreshToken, used: map[string]bool{}}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are part of the tests
	srv.StartTLS()
	tb.Cleanup(srv.Close)
	s.URL, s.Cert = srv.URL+"/token", srv.Certificate()
	return s
}

// Pool trusts the endpoint and nobody else.
func (s *Server) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Cert)
	return pool
}

// PEM is the endpoint's certificate as a file has it.
func (s *Server) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Cert.Raw}))
}

// Requests returns the requests so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Refresh returns the refresh token that is good now; "" when a used one came
// again, which is what a thief would do.
func (s *Server) Refresh() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh
}

// Issued returns the access tokens given out so far.
func (s *Server) Issued() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issued)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.opts.Instead != nil && s.opts.Instead(w, r) {
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/token" {
		http.NotFound(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	req := Request{Form: r.PostForm}
	req.User, req.Pass, _ = r.BasicAuth()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, req)
	if r.PostForm.Get("grant_type") == jwtBearer {
		user, code, description := s.grantToAccount(req)
		if code != "" {
			refuse(w, http.StatusBadRequest, code, description)
			return
		}
		s.grant(w, user, false)
		return
	}
	if s.opts.ClientCert != nil {
		if err := s.knownByCertificate(req); err != nil {
			refuse(w, http.StatusUnauthorized, "invalid_client", err.Error())
			return
		}
	} else if !s.known(req) {
		if s.opts.BasicOnly {
			w.Header().Set("WWW-Authenticate", `Basic realm="tokens"`)
		}
		refuse(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
		return
	}
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "client_credentials":
		s.grant(w, s.opts.User, false)
	case "refresh_token":
		if got := r.PostForm.Get("refresh_token"); s.refresh == "" || got != s.refresh {
			s.refresh = ""
			refuse(w, http.StatusBadRequest, "invalid_grant", "Token has been expired or revoked.")
			return
		}
		s.grant(w, s.opts.User, true)
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type", "grant "+grant+" is not known")
	}
}

// known says whether the client has proved who it is. See RFC 6749 section 2.3.1.
func (s *Server) known(r Request) bool {
	id, pass := r.Form.Get("client_id"), r.Form.Get("client_secret")
	if s.opts.BasicOnly {
		id, _ = url.QueryUnescape(r.User)
		pass, _ = url.QueryUnescape(r.Pass)
	}
	return id == s.opts.ClientID && (s.opts.ClientSecret == "-" || pass == s.opts.ClientSecret)
}

func (s *Server) grant(w http.ResponseWriter, user string, rotate bool) {
	token := s.Token(user, s.opts.Lifetime)
	s.issued = append(s.issued, token)
	answer := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(s.opts.Lifetime.Seconds())}
	if rotate {
		s.refresh = fmt.Sprintf("refresh-token-%d-%s", len(s.issued), s.refresh[:min(8, len(s.refresh))])
		answer["refresh_token"] = s.refresh
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": code, "error_description": description})
}

// Token returns a signed token for a user. A negative lifetime makes one that has
// ended.
func (s *Server) Token(user string, lifetime time.Duration) string {
	now := time.Now()
	part := func(v map[string]any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]any{"alg": "HS256", "typ": "JWT"}) + "." +
		part(map[string]any{"sub": user, "iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(lifetime).Unix(), "jti": fmt.Sprint(now.UnixNano())})
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
