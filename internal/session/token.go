package session

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

var tokenStep = Step{
	Name:    report.StepToken,
	Doc:     "OAuth 2.0 access token, RFC 6749, RFC 7523",
	About:   report.AboutAccount,
	Needs:   Greeted,
	Wanted:  func(c *Config) bool { return c.OAuth != nil && c.Auth.TakesToken() },
	When:    "--oauth-token-url or --oauth-service-account",
	Explain: explainToken,
	Run:     runToken,
}

func explainToken(c *Config) Explanation {
	o := c.OAuth
	endpoint := *o.URL
	if endpoint.RawQuery != "" {
		endpoint.RawQuery = "..." // a secret may stand there
	}
	does := "fetches an access token from " + endpoint.Redacted() + " (" + o.Way() + ")"
	if o.Cache != "" {
		does += ", where " + o.Cache + " has none that is still good"
	}
	curl := []string{"curl", "-d", "grant_type=" + o.Grant()}
	if !o.RefreshToken.IsZero() || o.RefreshFile != "" {
		curl = append(curl, "--data-urlencode", "refresh_token=SECRET")
	}
	if o.ServiceAccount != nil {
		curl = append(curl, "--data-urlencode", "assertion=SECRET")
		return Explanation{Does: does, Command: append(curl, endpoint.Redacted())}
	}
	for _, field := range [][2]string{{"client_id", o.ClientID}, {"scope", o.Scope}} {
		if field[1] != "" {
			curl = append(curl, "--data-urlencode", field[0]+"="+field[1])
		}
	}
	switch {
	case o.Certificate != nil:
		curl = append(curl, "-d", "client_assertion_type="+auth.ClientAssertion, "--data-urlencode", "client_assertion=SECRET")
	case !o.ClientSecret.IsZero():
		curl = append(curl, "--data-urlencode", "client_secret=SECRET")
	}
	curl = append(curl, endpoint.Redacted())
	return Explanation{Does: does, Command: curl}
}

// runToken gets the token that the login needs. A login that will not be tried
// needs none.
func runToken(ctx context.Context, s *Session, rec *Recorder) error {
	if s.preauth {
		rec.Skip("the server greeted with PREAUTH: already logged in, no token is needed")
		return nil
	}
	if _, why, err := s.chooseAuth(); err != nil {
		rec.Skip("no token was fetched, as there will be no login: " + why)
		return nil
	}
	rec.Waiting(s.tokenEndpoint())
	t, err := s.obtainToken(ctx, rec, secret.Secret{})
	if err != nil {
		return err
	}
	if t.Cached {
		rec.Fact("token", "from the cache, "+lifetime(t))
		rec.Skip("a token from the cache is used, " + lifetime(t))
		return nil
	}
	rec.Waiting("")
	rec.Fact("token", s.fetchedFrom(t))
	rec.Detail(s.cfg.OAuth.URL.Host + ", " + s.cfg.OAuth.Way() + ", " + lifetime(t))
	return nil
}

// tokenEndpoint says what is being waited for.
func (s *Session) tokenEndpoint() string { return "the token endpoint " + s.cfg.OAuth.URL.Host }

// fetchedFrom says where a token was fetched, how, and how long it is good for.
func (s *Session) fetchedFrom(t auth.Token) string {
	return fmt.Sprintf("fetched from %s (%s), %s", s.cfg.OAuth.URL.Host, s.cfg.OAuth.Way(), lifetime(t))
}

// obtainToken puts a token into the session: not the rejected one. Trusted
// certificates that have to be loaded for the token endpoint are loaded while it is
// waited for, so that every moment belongs to a step.
func (s *Session) obtainToken(ctx context.Context, rec *Recorder, rejected secret.Secret) (auth.Token, error) {
	verify := func(ctx context.Context, served []*x509.Certificate, host string) error {
		return dial.Verify(ctx, served, host, s.cfg.OAuthRoots).Err
	}
	t, err := s.cfg.OAuth.Obtain(ctx, auth.Attempt{Verify: verify, Rejected: rejected, Learned: s.cfg.Secrets.Add})
	if err != nil {
		return t, tokenFault(ctx, err)
	}
	for _, text := range t.Remarks {
		rec.Remark(text)
	}
	s.token, s.cached = t.Access, t.Cached
	return t, nil
}

// tokenFault makes a StepError of what went wrong with a token.
func tokenFault(ctx context.Context, err error) error {
	var refused *report.TokenRefused
	var file *secret.Error
	switch {
	case ctx.Err() != nil:
		return cause(ctx)
	case errors.As(err, &refused):
		e := &report.StepError{Err: fmt.Errorf("%w: %w", report.ErrToken, refused), Said: []string{}}
		if refused.Description != "" {
			e.Said = append(e.Said, refused.Description)
		}
		return e
	case errors.Is(err, report.ErrConfig): // our trusted certificates
		return &report.StepError{Err: err}
	case errors.As(err, &file):
		return &report.StepError{Err: fmt.Errorf("%w: --oauth-refresh-token-file: %w", report.ErrConfig, err)}
	}
	return &report.StepError{Err: fmt.Errorf("%w: %w", report.ErrToken, err), Said: []string{}}
}

// lifetime says how long a token is good for.
func lifetime(t auth.Token) string {
	if t.Expires.IsZero() {
		return "its lifetime is not known"
	}
	left := math.Ceil(time.Until(t.Expires).Seconds())
	if left <= 0 {
		return fmt.Sprintf("expired %.0f s ago", -left)
	}
	return fmt.Sprintf("good for %.0f s", left)
}

// refusesToken says whether a login failed by a refusal that another token may
// change. See RFC 5530 section 3.
func refusesToken(err error) bool {
	var e *report.StepError
	if !errors.As(err, &e) || !errors.Is(e.Err, report.ErrNo) {
		return false
	}
	switch imap.ResponseCode(e.Reply.Code) {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeLimit, imap.ResponseCodeInUse, imap.ResponseCodeServerBug, imap.ResponseCodeOverQuota, "REFERRAL":
		return false
	}
	return true
}

// retryToken logs in once more after the server did not take a token from the
// cache: it is dropped and one is fetched. Where the server has ended the session
// meanwhile, its refusal stands and the next run fetches.
func (s *Session) retryToken(ctx context.Context, rec *Recorder, mode auth.Mode, refusal error) error {
	said := s.conn.Notices
	rec.Waiting(s.tokenEndpoint())
	began := time.Now()
	t, err := s.obtainToken(ctx, rec, s.token)
	if err != nil {
		return err
	}
	if !t.Cached { // else another run has fetched it
		rec.AddTime(report.StepToken, time.Since(began))
		rec.Fact("token", s.fetchedFrom(t)+", after the server refused one from the cache")
	}
	rec.Remark("the server did not take the token from the cache, so another one was fetched")
	if err = s.logIn(rec, mode); err != nil && s.conn.Ended() != nil {
		var e *report.StepError
		if ctx.Err() == nil && errors.As(refusal, &e) {
			e.Said = said
			return refusal
		}
	}
	return err
}
