package client

import (
	"encoding/base64"
	"errors"
	"fmt"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

// maxIR is the longest initial response, in bytes of base64, that goes into the
// command line: servers may refuse lines of more than 8192 bytes, but read longer
// responses to a "+". See RFC 9051 section 4.
const maxIR = 8000

// Login sends LOGIN. See RFC 9051 section 6.2.3. listed are the capabilities that
// came with the answer, nil when none did: then those from before still hold.
func (c *Conn) Login(t Timer, user, password string) (listed imap.CapSet, err error) {
	cmd := c.newCommand("LOGIN").str(user).secret(password)
	return c.logIn(func() error { return c.run(t, cmd) })
}

// Authenticate runs a SASL exchange; listed is as with Login. See RFC 9051
// section 6.2.2.
func (c *Conn) Authenticate(t Timer, mechanism auth.Client) (listed imap.CapSet, err error) {
	name, ir, err := mechanism.Start()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	cmd := c.newCommand("AUTHENTICATE", name)
	if ir != nil && c.Offers(imap.CapSASLIR) && base64.StdEncoding.EncodedLen(len(ir)) <= maxIR { // RFC 4959
		cmd.hidden(" " + encodeIR(ir))
		ir = nil
	}
	return c.logIn(func() error { return c.authenticate(t, cmd, mechanism, ir) })
}

// logIn keeps what is secret in a login out of the transcript, and finds out
// whether capabilities came with it.
func (c *Conn) logIn(attempt func() error) (listed imap.CapSet, err error) {
	c.transcript.Secret(true)
	defer c.transcript.Secret(false)
	before := c.Capabilities
	c.Capabilities = nil
	err = attempt()
	if listed = c.Capabilities; listed == nil || err != nil {
		c.Capabilities = before
	}
	return listed, err
}

// authenticate sends the command and answers the challenges. ir is the initial
// response, nil when the command has it or there is none.
func (c *Conn) authenticate(t Timer, cmd *command, mechanism auth.Client, ir []byte) error {
	x, err := c.start(t, cmd)
	if err != nil {
		return err
	}
	for x.reply == nil {
		more, err := x.next()
		if err != nil {
			return err
		}
		if !more {
			continue
		}
		response := ir
		if ir == nil {
			if response, err = answerChallenge(mechanism, x.challenge); err != nil {
				return x.abort(err)
			}
		}
		ir = nil
		// An empty response is an empty line, not the "=" of an initial one.
		line := base64.StdEncoding.EncodeToString(response) + "\r\n"
		if err := x.send(line, "[redacted]"); err != nil {
			return err
		}
	}
	c.notice(mechanism.Explanation())
	if _, err = x.finish(); err != nil {
		return err
	}
	if err := mechanism.Verify(); err != nil {
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

func answerChallenge(mechanism auth.Client, challenge string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return nil, fmt.Errorf("%w: the challenge is not base64", report.ErrProtocol)
	}
	response, err := mechanism.Next(raw)
	if err != nil {
		return nil, saslFault(err)
	}
	return response, nil
}

// saslFault gives a mechanism's complaint about the server its condition.
func saslFault(err error) error {
	if errors.Is(err, report.ErrServerProof) || errors.Is(err, report.ErrPlaintextRefused) {
		return err
	}
	return fmt.Errorf("%w: %w", report.ErrProtocol, report.ForeignError(err))
}

// abort cancels an authentication, reads the server's answer to that, and returns
// why, joined with the error of the connection when there is no answer.
func (x *exchange) abort(why error) error {
	if err := x.send("*\r\n", "*"); err != nil {
		return err
	}
	if err := x.await(); err != nil {
		return errors.Join(why, err)
	}
	x.finish()
	return why
}
