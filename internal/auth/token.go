package auth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"time"

	"check_imap_session/internal/secret"
)

// TokenSource says where and how access tokens are fetched: by a service account (RFC
// 7523 section 2.1), with a refresh token (RFC 6749 section 6) if there is one, else
// with client credentials (section 4.4).
type TokenSource struct {
	URL          *url.URL // the token endpoint; https
	ClientID     string
	ClientSecret secret.Secret // zero for a public client
	// Certificate and its key sign who the client is, in place of a secret (RFC 7523
	// section 2.2); nil for none.
	Certificate *tls.Certificate
	// ServiceAccount, when set, is the client, and Username the user it acts for.
	// ClientID, ClientSecret, Certificate and RefreshToken are not used.
	ServiceAccount *ServiceAccount
	Scope          string        // "" leaves it to the server
	Username       string        // owner of the mailbox; part of the key in the cache
	RefreshToken   secret.Secret // zero means client credentials
	// RefreshFile is the file that the refresh token was read from and that a new one
	// is written to; "" for another source.
	RefreshFile string
	Cache       string   // file that keeps tokens between runs; "" for none
	Proxy       *url.URL // nil means none; the environment is not looked at
	// Dial connects to the token endpoint or its proxy; nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Token is an access token.
type Token struct {
	Access  secret.Secret
	Expires time.Time // zero when the server did not say
	Cached  bool      // from the cache, so the provider may have revoked it since
	// Remarks are for the user: a cache that cannot be used, a refresh token that
	// could not be stored.
	Remarks []string

	refresh secret.Secret // the next refresh token, when the server issued one
}

// Verify says whether what a server showed, the leaf first, is to be trusted for a
// host: a name or an address.
type Verify func(ctx context.Context, served []*x509.Certificate, host string) error

// Attempt has the parameters of one call of Obtain.
type Attempt struct {
	Verify   Verify        // of the token endpoint, and of a proxy that is reached by https
	Rejected secret.Secret // a token that the IMAP server has refused; zero for none
	// Learned is called with every secret as soon as it is known, before it is used;
	// may be nil.
	Learned func(...secret.Secret)
}

// renewal is how long before its expiry a cached token is renewed: it must last for a
// session, and the server's clock may differ.
const renewal = time.Minute

// Grant returns the name of the grant on the wire: "client_credentials",
// "refresh_token" or that of RFC 7523.
func (t *TokenSource) Grant() string {
	switch {
	case t.ServiceAccount != nil:
		return jwtBearer
	case t.RefreshToken.IsZero():
		return "client_credentials"
	}
	return "refresh_token"
}

// Way returns for people how a token is fetched.
func (t *TokenSource) Way() string {
	switch {
	case t.ServiceAccount != nil:
		return "service account"
	case t.Certificate != nil:
		return t.Grant() + ", signed with a certificate"
	}
	return t.Grant()
}

// Obtain returns a token from the cache, or fetches one and stores it there. A
// rejected token is removed from the cache. Errors: *report.TokenRefused when the
// token endpoint refuses, *secret.Error about RefreshFile, the error of
// Attempt.Verify, and those of net, crypto/tls and ctx.
func (t *TokenSource) Obtain(ctx context.Context, a Attempt) (Token, error) {
	if a.Learned == nil {
		a.Learned = func(...secret.Secret) {}
	}
	var remarks []string
	store := t.cache()
	remark := func(err error) {
		if err != nil && len(remarks) == 0 {
			remarks = append(remarks, fmt.Sprintf("--oauth-cache=%s is not used: %v", t.Cache, err))
		}
	}
	remark(store.drop(ctx, a.Rejected))
	cached, err := store.get(a.Learned)
	remark(err)
	if !cached.Access.IsZero() {
		return cached, nil
	}
	refresh := t.RefreshToken
	var file *refreshFile
	if t.RefreshFile != "" {
		file = openRefreshFile(ctx, t.RefreshFile)
		defer file.unlock()
		if cached, err := store.get(a.Learned); err == nil && !cached.Access.IsZero() {
			cached.Remarks = remarks
			return cached, nil // The run that held the lock has fetched one.
		}
		if refresh, err = file.token(); err != nil {
			return Token{}, err
		}
		a.Learned(refresh)
	}
	got, err := t.request(ctx, a.Verify, refresh, a.Learned)
	if err != nil {
		return Token{}, err
	}
	if next := got.refresh; !next.IsZero() && next.Reveal() != refresh.Reveal() {
		err := CheckRefreshToken(next)
		if err == nil {
			err = file.keep(next)
		}
		if err != nil {
			remarks = append(remarks, fmt.Sprintf("the token endpoint issued a new refresh token that could not be stored: %v; the next run may be refused", err))
		}
	}
	remark(store.put(ctx, got))
	got.Remarks = remarks
	return got, nil
}
