package session

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

var loginStep = Step{
	Name:   "login",
	Doc:    "LOGIN or AUTHENTICATE, RFC 9051 section 6.2",
	Needs:  Greeted,
	Gives:  Authenticated,
	Wanted: func(c Config) bool { return c.Auth != auth.None },
	Run:    runLogin,
}

func runLogin(_ context.Context, s *Session, rec *Recorder) error {
	if s.preauth {
		rec.Skip("the server greeted with PREAUTH: already logged in, no password was tried")
		return nil
	}
	mode, why, err := s.chooseAuth()
	rec.Fact("mechanism", why)
	if err != nil {
		return &report.StepError{Err: err}
	}
	s.caps = nil // a list from before login says nothing about what is there after it
	s.transcript.Secret(true)
	defer s.transcript.Secret(false)
	if mode == auth.Login {
		cmd := s.newCommandWith(s.before, "LOGIN").str(s.cfg.Username).secret(s.cfg.Password.Reveal())
		_, err = s.do(rec, cmd, nil)
	} else {
		err = s.authenticate(rec, mode, s.before)
	}
	if err != nil {
		return err
	}
	if s.after = s.caps; s.after != nil {
		rec.Fact("capabilities_after_login", capWords(s.after))
	} else {
		s.caps = s.before
	}
	rec.Detail(why)
	return nil
}

// chooseAuth returns the mode to use and the choice in words. Nothing has been
// sent when it returns an error.
func (s *Session) chooseAuth() (auth.Mode, string, error) {
	mode := s.cfg.Auth
	if s.tls == nil && !s.cfg.AllowPlaintext && mode.Cleartext() {
		return mode, "none: the connection is not encrypted", report.ErrPlaintextRefused
	}
	offered := s.caps.AuthMechanisms()
	disabled := s.caps.Has(imap.CapLoginDisabled)
	plain := slices.Contains(offered, "PLAIN")
	switch {
	case mode == auth.Auto && !disabled:
		return auth.Login, "LOGIN", nil
	case mode == auth.Auto && plain:
		return auth.Plain, "PLAIN (the server forbids LOGIN)", nil
	case mode == auth.Auto || mode == auth.Login && disabled:
		return mode, "none: the server says LOGINDISABLED", &offer{report.ErrLoginDisabled, offered}
	case mode == auth.Login:
		return mode, "LOGIN (asked for)", nil
	case !slices.Contains(offered, mode.Mechanism()):
		return mode, "none: the server does not offer " + mode.Mechanism(), &offer{report.ErrNoMechanism, offered}
	}
	return mode, mode.Mechanism() + " (asked for)", nil
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
	return o.error.Error() + ", it offers " + strings.Join(o.mechanisms, " ")
}

func (o *offer) Unwrap() error { return o.error }

// authenticate runs a SASL exchange. See RFC 9051 section 6.2.2.
func (s *Session) authenticate(rec *Recorder, mode auth.Mode, caps imap.CapSet) error {
	client := mode.Client(auth.Credentials{Username: s.cfg.Username, Password: s.cfg.Password})
	name, ir, err := client.Start()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	cmd := s.newCommandWith(caps, "AUTHENTICATE", name)
	if ir != nil && caps.Has(imap.CapSASLIR) { // RFC 4959
		cmd.hidden(" " + encodeIR(ir))
		ir = nil
	}
	x, err := s.start(rec, cmd)
	if err != nil {
		return err
	}
	for x.answer == nil {
		more, err := x.next()
		if err != nil {
			return err
		}
		if !more {
			continue
		}
		response := ir
		if ir == nil {
			if response, err = answerChallenge(client, x.challenge); err != nil {
				return x.abort(rec, err)
			}
		}
		ir = nil
		line := base64.StdEncoding.EncodeToString(response) + "\r\n"
		if err := x.send([]byte(line), "[redacted]"); err != nil {
			return err
		}
	}
	_, err = x.finish(rec)
	return err
}

// encodeIR encodes an initial response; an empty one is "=".
func encodeIR(ir []byte) string {
	if len(ir) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(ir)
}

func answerChallenge(client sasl.Client, challenge string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return nil, fmt.Errorf("%w: the challenge is not base64", report.ErrProtocol)
	}
	response, err := client.Next(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", report.ErrProtocol, err)
	}
	return response, nil
}

// abort cancels an authentication, reads the server's answer to that, and
// returns why, unless the answer was a reply that explains more.
func (x *exchange) abort(rec *Recorder, why error) error {
	if err := x.send([]byte("*\r\n"), "*"); err != nil {
		return err
	}
	for x.answer == nil {
		if _, err := x.next(); err != nil {
			return errors.Join(why, err)
		}
	}
	x.finish(rec)
	return why
}
