package session

import (
	"context"
	"fmt"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

var loginStep = Step{
	Name:    report.StepLogin,
	Doc:     "LOGIN or AUTHENTICATE, RFC 9051 section 6.2",
	About:   report.AboutAccount,
	Needs:   Greeted,
	Gives:   Authenticated,
	Wanted:  func(c *Config) bool { return c.Auth != auth.None },
	When:    "--auth is not none",
	Explain: explainLogin,
	Run:     runLogin,
}

func explainLogin(c *Config) Explanation {
	e := Explanation{Sends: c.loginLines()}
	if c.Guard != nil {
		e.Does = fmt.Sprintf("not when %s says that it was rejected less than %s ago, and that the secret has not changed since", c.Guard.Path, report.Roughly(c.Guard.Wait))
	}
	return e
}

// loginLines returns what may be sent to log in: see autoAuth for the choice.
func (c *Config) loginLines() []Sent {
	login := []Sent{{Text: "LOGIN " + client.Quote(c.Username) + ` "PASSWORD"`}}
	switch {
	case c.Auth == auth.Login:
		return login
	case c.Auth != auth.Auto:
		return c.explainSASL(c.Auth, "")
	case c.Authzid != "" && c.HasToken():
		return c.explainSASL(auth.OAuthBearer, "")
	case c.Authzid != "":
		return c.explainSASL(auth.Plain, "")
	case c.HasToken():
		return append(c.explainSASL(auth.OAuthBearer, "where the server offers it"), c.explainSASL(auth.XOAuth2, "where it offers only this")...)
	case c.Password.IsZero() && c.Cert.Certificate != nil:
		return c.explainSASL(auth.External, "")
	}
	return append(login, c.explainSASL(auth.Plain, "where the server says LOGINDISABLED")...)
}

// explainSASL returns what is sent for a mechanism. It is taken from the mechanism
// itself, with placeholders for the secrets.
func (c *Config) explainSASL(m auth.Mode, when string) []Sent {
	begin := Sent{Text: "AUTHENTICATE " + m.Mechanism(), When: when, Answer: "+"}
	if !m.IsStatic() {
		begin.Answer = "+ and a challenge, whose answer has to be computed"
		return []Sent{begin}
	}
	_, response, err := m.Client(auth.Credentials{
		Username: c.Username, Authzid: c.Authzid, Password: secret.New("PASSWORD"), Token: secret.New("TOKEN"),
		Host: c.Dial.Host, Port: c.Dial.Port,
	}).Start()
	if err != nil {
		return []Sent{begin}
	}
	return []Sent{begin, {Text: string(response), Untagged: true, Base64: true, When: when}}
}

func runLogin(ctx context.Context, s *Session, rec *Recorder) error {
	if s.preauth {
		rec.Skip("the server greeted with PREAUTH: already logged in, no password was tried")
		return nil
	}
	mode, why, err := s.chooseAuth()
	rec.Fact("mechanism", why)
	if err != nil {
		return err
	}
	s.mechanism = mode.Mechanism()
	if given := s.cfg.Token; mode.TakesToken() && !given.IsZero() {
		rec.Fact("token", "given, "+lifetime(auth.Token{Expires: auth.Expiry(given)}))
	}
	if s.cfg.Authzid != "" {
		rec.Fact("authorization_identity", s.cfg.Authzid)
	}
	if err := s.mayLogIn(ctx, rec); err != nil {
		return err
	}
	err = s.logIn(rec, mode)
	if err != nil && s.cached && mode.TakesToken() && refusesToken(err) {
		err = s.retryToken(ctx, rec, mode, err)
	}
	if err != nil {
		return err
	}
	if s.after != nil {
		rec.Fact("capabilities_after_login", capabilityWords(s.after))
	}
	rec.Detail("by " + why + s.waitedWords())
	return nil
}

// logIn tries to log in once.
func (s *Session) logIn(rec *Recorder, mode auth.Mode) (err error) {
	if mode == auth.Login {
		s.after, err = s.conn.Login(rec, s.cfg.Username, s.cfg.Password.Reveal())
		return err
	}
	credentials, err := s.credentials(mode)
	if err != nil {
		return &report.StepError{Err: err}
	}
	mechanism := mode.Client(credentials)
	s.after, err = s.conn.Authenticate(rec, mechanism)
	if why := mechanism.Remark(); why != "" && err == nil {
		rec.Remark(why + ": anybody who records this login can try passwords on it")
	}
	return err
}
