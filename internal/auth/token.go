package auth

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"time"

	"check_imap_session/internal/secret"
)

// TokenSource says where access tokens are fetched: by client credentials (RFC
// 6749 section 4.4), or with a refresh token (section 6) when there is one.
type TokenSource struct {
	URL          *url.URL // the token endpoint; https
	ClientID     string
	ClientSecret secret.Secret // zero for a public client
	Scope        string        // "" leaves it to the server
	Username     string        // whose mailbox the token is for; it only tells cached tokens apart
	RefreshToken secret.Secret // zero means client credentials
	// RefreshFile is where the refresh token came from and where a new one is
	// kept; "" when it came from elsewhere.
	RefreshFile string
	Cache       string   // file that keeps tokens between runs; "" for none
	Proxy       *url.URL // nil means none, whatever the environment says
	// Dial connects to the token endpoint or its proxy; nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Token is an access token.
type Token struct {
	Access  secret.Secret
	Expires time.Time // zero when the server did not say
	Cached  bool      // it came from the cache: the server may have revoked it since
	// Remarks are for the user to hear about: a cache that cannot be used, a
	// refresh token that could not be kept.
	Remarks []string
}

// Verify says whether what a server showed, the leaf first, is to be trusted for a
// host: a name or an address.
type Verify func(ctx context.Context, served []*x509.Certificate, host string) error

// Attempt is what one call of Obtain needs.
type Attempt struct {
	Verify   Verify        // of the token endpoint, and of a proxy that is reached by https
	Rejected secret.Secret // a token that is not to be returned again; zero for none
	// Learned is called with every secret that is met, before anything else is done
	// with it; may be nil.
	Learned func(...secret.Secret)
}

// renewal is how long before its end a cached token is no longer used: it has to
// last for a session, on a server whose clock is not quite ours.
const renewal = time.Minute

// Grant returns the name of the grant, "client_credentials" or "refresh_token".
func (t *TokenSource) Grant() string {
	if t.RefreshToken.IsZero() {
		return "client_credentials"
	}
	return "refresh_token"
}

// Obtain returns a token from the cache, or else fetches one and puts it there. A
// token that was rejected is dropped from the cache. Errors: *report.TokenRefused when the
// token endpoint refuses, a *secret.Error about RefreshFile, or what kept us from
// the token endpoint: those of net, crypto/tls, crypto/x509 and of ctx.
func (t *TokenSource) Obtain(ctx context.Context, a Attempt) (Token, error) {
	if a.Learned == nil {
		a.Learned = func(...secret.Secret) {}
	}
	var remarks []string
	store := t.cache()
	if err := store.drop(ctx, a.Rejected); err != nil {
		remarks = append(remarks, store.remark(err))
	}
	cached, err := store.get(a.Learned)
	if err != nil && len(remarks) == 0 {
		remarks = append(remarks, store.remark(err))
	}
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
			return cached, nil // the run we waited for has fetched one
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
		err := checkRefreshToken(next)
		if err == nil {
			err = file.keep(next)
		}
		if err != nil {
			remarks = append(remarks, fmt.Sprintf("the server gave out a new refresh token and it could not be kept: %v; the next run may be refused", err))
		}
	}
	if err := store.put(ctx, got); err != nil && len(remarks) == 0 {
		remarks = append(remarks, store.remark(err))
	}
	return Token{Access: got.access, Expires: got.expires, Remarks: remarks}, nil
}
