package auth

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// grantAnswer is a token endpoint that grants.
type grantAnswer struct {
	access, refresh secret.Secret
	expires         time.Time // zero when it does not say
}

// request asks the token endpoint once; a second time when it wants the client's
// password in a header in place of the body, of which it says so.
func (t *TokenSource) request(ctx context.Context, roots *x509.CertPool, refresh secret.Secret, learned func(...secret.Secret)) (grantAnswer, error) {
	form := url.Values{"grant_type": {t.Grant()}, "client_id": {t.ClientID}}
	if t.Scope != "" {
		form.Set("scope", t.Scope)
	}
	if !refresh.IsZero() {
		form.Set("refresh_token", refresh.Reveal())
	}
	p := poster{roots: roots, proxy: t.Proxy}
	inBody := url.Values{}
	for k, v := range form {
		inBody[k] = v
	}
	if !t.ClientSecret.IsZero() {
		inBody.Set("client_secret", t.ClientSecret.Reveal())
	}
	resp, err := p.post(ctx, t.URL, inBody, nil)
	if err != nil {
		return grantAnswer{}, err
	}
	scheme, _, _ := strings.Cut(resp.header.Get("WWW-Authenticate"), " ")
	if resp.status == 401 && strings.EqualFold(scheme, "basic") && !t.ClientSecret.IsZero() {
		form.Del("client_id")
		inHeader := url.UserPassword(url.QueryEscape(t.ClientID), url.QueryEscape(t.ClientSecret.Reveal()))
		if resp, err = p.post(ctx, t.URL, form, inHeader); err != nil {
			return grantAnswer{}, err
		}
	}
	return resp.grant(learned)
}

// grant reads the answer. See RFC 6749 sections 5.1 and 5.2.
func (a answer) grant(learned func(...secret.Secret)) (grantAnswer, error) {
	var f struct {
		Access      string `json:"access_token"`
		Refresh     string `json:"refresh_token"`
		Type        string `json:"token_type"`
		Lifetime    any    `json:"expires_in"` // seconds; some send it quoted
		Code        any    `json:"error"`
		Description string `json:"error_description"`
	}
	err := json.Unmarshal(a.body, &f)
	g := grantAnswer{access: secret.New(f.Access), refresh: secret.New(f.Refresh)}
	learned(g.access, g.refresh)
	code, _ := f.Code.(string)
	switch {
	case code != "" || a.status != 200:
		e := &report.TokenRefused{Status: a.status, Code: code, Description: f.Description}
		if err != nil {
			e.Description = "" // a page for a person, not an answer for us
		}
		return grantAnswer{}, e
	case err != nil:
		kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
		return grantAnswer{}, fmt.Errorf("the answer is no JSON but %q", kind)
	case f.Access == "":
		return grantAnswer{}, errors.New("the answer has no access_token")
	case f.Type != "" && !strings.EqualFold(f.Type, "Bearer"):
		return grantAnswer{}, fmt.Errorf("the token is of type %q, not Bearer", f.Type)
	}
	if err := CheckToken(g.access); err != nil {
		return grantAnswer{}, err
	}
	if seconds, err := strconv.ParseFloat(fmt.Sprint(f.Lifetime), 64); err == nil && seconds > 0 {
		g.expires = time.Now().Add(time.Duration(min(seconds, 1e9) * float64(time.Second)))
	}
	return g, nil
}

// printable says whether a refresh token has only the characters it may have. A line
// end in it would put lines of the server's choice into the file it is kept in. See
// RFC 6749 appendix A.17.
func printable(t secret.Secret) bool {
	for _, b := range []byte(t.Reveal()) {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

// CheckToken refuses what cannot be a token: blanks and control characters, which
// a file that holds something else has. See RFC 6750 section 2.1.
func CheckToken(t secret.Secret) error {
	for _, b := range []byte(t.Reveal()) {
		if b <= ' ' || b > '~' {
			return errors.New("this is not an access token: there are blanks or other characters in it that no token has")
		}
	}
	return nil
}
