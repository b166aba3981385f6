package session

import (
	"context"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

var loginStep = Step{
	Name:   report.StepLogin,
	Doc:    "LOGIN or AUTHENTICATE, RFC 9051 section 6.2",
	About:  report.AboutAccount,
	Needs:  Greeted,
	Gives:  Authenticated,
	Wanted: func(c Config) bool { return c.Auth != auth.None },
	When:   "--auth is not none",
	Hand:   handLogin,
	Run:    runLogin,
}

func runLogin(ctx context.Context, s *Session, rec *Recorder) error {
	if s.preauth {
		rec.Skip("the server greeted with PREAUTH: already logged in, no password was tried")
		return nil
	}
	mode, why, err := s.chooseAuth()
	rec.Fact("mechanism", why)
	if err != nil {
		return &report.StepError{Err: err}
	}
	s.mechanism = mode.Mechanism()
	err = s.logIn(rec, mode)
	if err != nil && s.cached && mode.TakesToken() && refusesToken(err) {
		err = s.retryToken(ctx, rec, mode, err)
	}
	if err != nil {
		return err
	}
	if s.after = s.caps; s.after != nil {
		rec.Fact("capabilities_after_login", capWords(s.after))
	} else {
		s.caps = s.before
	}
	rec.Detail("by " + why)
	return nil
}

// logIn tries to log in once.
func (s *Session) logIn(rec *Recorder, mode auth.Mode) error {
	s.caps = nil // a list from before login says nothing about what is there after it
	s.transcript.Secret(true)
	defer s.transcript.Secret(false)
	if mode == auth.Login {
		cmd := s.newCommandWith(s.before, "LOGIN").str(s.cfg.Username).secret(s.cfg.Password.Reveal())
		_, err := s.do(rec, cmd, nil)
		return err
	}
	return s.authenticate(rec, mode, s.before)
}
