package session

import (
	"fmt"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

// chooseAuth returns the mode to log in with, never auth.Auto without an error,
// and the choice in words. Nothing has been sent when it returns an error.
func (s *Session) chooseAuth() (auth.Mode, string, error) {
	mode := s.cfg.Auth
	if s.tls == nil && !s.cfg.AllowPlaintext && mode.Cleartext() {
		return mode, "none: the connection is not encrypted", report.ErrPlaintextRefused
	}
	offered := s.mechanisms()
	switch {
	case mode == auth.Auto:
		return s.autoAuth(offered)
	case mode == auth.Login && s.conn.Offers(imap.CapLoginDisabled):
		return mode, "none: the server says LOGINDISABLED", &offer{report.ErrLoginDisabled, offered}
	case mode == auth.Login:
		return mode, "LOGIN (asked for)", nil
	case !slices.Contains(offered, mode.Mechanism()):
		return mode, "none: the server does not offer " + mode.Mechanism(), &offer{report.ErrNoMechanism, offered}
	}
	return mode, mode.Mechanism() + " (asked for)", nil
}

// autoAuth chooses by what the user has: a token, a password, or a certificate.
func (s *Session) autoAuth(offered []string) (auth.Mode, string, error) {
	none := func(target error, why string) (auth.Mode, string, error) {
		return auth.Auto, "none: " + why, &offer{target, offered}
	}
	switch {
	case s.cfg.Authzid != "":
		mode := auth.Plain
		if s.cfg.HasToken() {
			mode = auth.OAuthBearer
		}
		if slices.Contains(offered, mode.Mechanism()) {
			return mode, mode.Mechanism() + " (to act as another user, and the server offers it)", nil
		}
		return none(report.ErrNoMechanism, "to act as another user takes "+mode.Mechanism()+", which the server does not offer")
	case s.cfg.HasToken():
		for _, m := range []auth.Mode{auth.OAuthBearer, auth.XOAuth2} {
			if slices.Contains(offered, m.Mechanism()) {
				return m, m.Mechanism() + " (there is a token, and the server offers it)", nil
			}
		}
		return none(report.ErrNoMechanism, "there is a token, and the server offers neither OAUTHBEARER nor XOAUTH2")
	case s.cfg.Password.IsZero() && s.cfg.Cert.Certificate != nil:
		if slices.Contains(offered, auth.External.Mechanism()) {
			return auth.External, "EXTERNAL (there is a client certificate and no secret, and the server offers it)", nil
		}
		return none(report.ErrNoMechanism, "there is a client certificate and no secret, and the server does not offer EXTERNAL")
	case !s.conn.Offers(imap.CapLoginDisabled):
		return auth.Login, "LOGIN", nil
	case slices.Contains(offered, auth.Plain.Mechanism()):
		return auth.Plain, "PLAIN (the server forbids LOGIN)", nil
	}
	return none(report.ErrLoginDisabled, "the server says LOGINDISABLED")
}

// mechanisms returns the names of the SASL mechanisms that the server offers,
// upper case and sorted.
func (s *Session) mechanisms() []string {
	offered := s.conn.Capabilities.AuthMechanisms()
	slices.Sort(offered)
	return offered
}

// offer is a refusal to log in together with what the server does offer.
type offer struct {
	error
	mechanisms []string
}

func (o *offer) Error() string {
	if len(o.mechanisms) == 0 {
		return o.error.Error() + ", it offers no SASL mechanism"
	}
	return o.error.Error() + ", it offers " + report.Foreign(strings.Join(o.mechanisms, " "))
}

func (o *offer) Unwrap() error { return o.error }

// credentials returns what a mode works with.
func (s *Session) credentials(mode auth.Mode) (auth.Credentials, error) {
	c := auth.Credentials{
		Username: s.cfg.Username, Authzid: s.cfg.Authzid, Password: s.cfg.Password, Token: s.token,
		Host: s.cfg.Dial.Host, Port: s.cfg.Dial.Port,
		Exposed: s.tls == nil && !s.cfg.AllowPlaintext,
	}
	if mode != auth.SCRAMSHA256Plus {
		return c, nil
	}
	binding, err := auth.BindingOf(s.tls)
	if err != nil {
		return c, fmt.Errorf("%w: %w", report.ErrNoMechanism, err)
	}
	c.Binding = binding
	return c, nil
}
