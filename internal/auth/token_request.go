package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// request asks the token endpoint for a token. The client secret is in the body; an
// endpoint that demands it in a header is asked a second time.
func (t *TokenSource) request(ctx context.Context, verify Verify, refresh secret.Secret, learned func(...secret.Secret)) (Token, error) {
	form := url.Values{"grant_type": {t.Grant()}}
	if err := t.prove(form, learned); err != nil {
		return Token{}, err
	}
	if t.ServiceAccount == nil { // else its assertion has both
		form.Set("client_id", t.ClientID)
		if t.Scope != "" {
			form.Set("scope", t.Scope)
		}
	}
	if !refresh.IsZero() {
		form.Set("refresh_token", refresh.Reveal())
	}
	inBody := maps.Clone(form)
	if !t.ClientSecret.IsZero() {
		inBody.Set("client_secret", t.ClientSecret.Reveal())
	}
	resp, err := t.post(ctx, verify, inBody, nil)
	if err != nil {
		return Token{}, err
	}
	scheme, _, _ := strings.Cut(resp.header.Get("WWW-Authenticate"), " ")
	if resp.status == 401 && strings.EqualFold(scheme, "basic") && !t.ClientSecret.IsZero() {
		form.Del("client_id")
		inHeader := url.UserPassword(url.QueryEscape(t.ClientID), url.QueryEscape(t.ClientSecret.Reveal()))
		if resp, err = t.post(ctx, verify, form, inHeader); err != nil {
			return Token{}, err
		}
	}
	return resp.grant(learned)
}

// grant reads the answer. See RFC 6749 sections 5.1 and 5.2.
func (a answer) grant(learned func(...secret.Secret)) (Token, error) {
	var f struct {
		Access      string          `json:"access_token"`
		Refresh     string          `json:"refresh_token"`
		Type        string          `json:"token_type"`
		Lifetime    json.RawMessage `json:"expires_in"` // seconds; some quote it
		Code        any             `json:"error"`
		Description any             `json:"error_description"`
	}
	err := json.Unmarshal(bytes.TrimPrefix(a.body, []byte("\ufeff")), &f)
	t := Token{Access: secret.New(f.Access), refresh: secret.New(f.Refresh)}
	learned(t.Access, t.refresh)
	code, _ := f.Code.(string)
	switch {
	case code != "" || a.status != 200:
		description, _ := f.Description.(string)
		return Token{}, &report.TokenRefused{Status: a.status, Code: code, Description: description}
	case err != nil:
		return Token{}, a.notUnderstood(err)
	case f.Access == "":
		return Token{}, errors.New("the answer has no access_token")
	case f.Type != "" && !strings.EqualFold(f.Type, "Bearer"):
		return Token{}, fmt.Errorf("the token is of type %q, not Bearer", f.Type)
	}
	if err := CheckToken(t.Access); err != nil {
		return Token{}, err
	}
	if seconds, err := strconv.ParseFloat(strings.Trim(string(f.Lifetime), `"`), 64); seconds > 0 && !math.IsNaN(seconds) && (err == nil || math.IsInf(seconds, 1)) {
		t.Expires = time.Now().Add(time.Duration(min(seconds, 1e9) * float64(time.Second)))
	}
	return t, nil
}

// notUnderstood says why an answer of success cannot be read.
func (a answer) notUnderstood(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return fmt.Errorf("the answer is JSON, but not an object: %s", e.Value)
		}
		kind, _, _ := strings.Cut(e.Value, " ") // "number 12" has the value in it
		return fmt.Errorf("%s in the answer has the type %s, not string", e.Field, kind)
	}
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if strings.HasSuffix(kind, "json") {
		return fmt.Errorf("the answer is broken JSON: %w", err)
	}
	return fmt.Errorf("the answer is not JSON but %q", kind)
}
