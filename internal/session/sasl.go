package session

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

// maxIR is the longest initial response, in bytes of base64, that goes into the
// command line: servers may refuse lines of more than 8192 bytes, but read longer
// responses to a "+". See RFC 9051 section 4.
const maxIR = 8000

// authenticate runs a SASL exchange. See RFC 9051 section 6.2.2.
func (s *Session) authenticate(rec *Recorder, mode auth.Mode, caps imap.CapSet) error {
	credentials, err := s.credentials(mode)
	if err != nil {
		return &report.StepError{Err: err}
	}
	client := mode.Client(credentials)
	name, ir, err := client.Start()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	cmd := s.newCommandWith(caps, "AUTHENTICATE", name)
	if ir != nil && caps.Has(imap.CapSASLIR) && base64.StdEncoding.EncodedLen(len(ir)) <= maxIR { // RFC 4959
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
		// An empty response is an empty line, not the "=" of an initial one.
		line := base64.StdEncoding.EncodeToString(response) + "\r\n"
		if err := x.send([]byte(line), "[redacted]"); err != nil {
			return err
		}
	}
	s.quote(client.Explanation())
	if _, err = x.finish(rec); err != nil {
		return err
	}
	if err := client.Verify(); err != nil {
		return saslFault(err)
	}
	return nil
}

// encodeIR encodes an initial response; an empty one is "=".
func encodeIR(ir []byte) string {
	if len(ir) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(ir)
}

func answerChallenge(client auth.Client, challenge string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return nil, fmt.Errorf("%w: the challenge is not base64", report.ErrProtocol)
	}
	response, err := client.Next(raw)
	if err != nil {
		return nil, saslFault(err)
	}
	return response, nil
}

// saslFault gives a mechanism's complaint about the server its condition.
func saslFault(err error) error {
	if errors.Is(err, report.ErrServerProof) {
		return err
	}
	return fmt.Errorf("%w: %w", report.ErrProtocol, err)
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
