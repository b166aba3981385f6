package session

import (
	"context"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

var greetingStep = Step{
	Name:   report.StepGreeting,
	Doc:    "the server's greeting, RFC 9051 section 7.1",
	Needs:  Connected,
	Gives:  Greeted,
	Wanted: always,
	Explain: func(c *Config) Explanation {
		e := Explanation{Does: "waits for the greeting"}
		if re := c.Expect.Greeting; re != nil {
			e.Expects = []string{"it matches " + re.String()}
		}
		return e
	},
	Run: runGreeting,
}

func runGreeting(_ context.Context, s *Session, rec *Recorder) error {
	reply, err := s.conn.Greeting(rec)
	if err != nil {
		return err
	}
	rec.Fact("greeting", reply.String())
	s.expectGreeting(rec, reply.String())
	switch imap.StatusResponseType(reply.Status) {
	case imap.StatusResponseTypeOK:
		rec.Detail(report.Foreign(reply.Text))
	case imap.StatusResponseTypePreAuth:
		s.preauth = true
		rec.Fact("preauth", true)
		if s.cfg.TLS == TLSStart {
			// RFC 9051 section 6.2.1 allows STARTTLS in the not authenticated
			// state only, so the session would go on without encryption.
			return &report.StepError{Err: report.ErrStartTLSRefused, Reply: reply}
		}
		rec.Detail("PREAUTH: the server has already logged us in")
	case imap.StatusResponseTypeBye:
		return &report.StepError{Err: report.ErrBye, Reply: reply}
	case imap.StatusResponseTypeNo:
		return &report.StepError{Err: report.ErrNo, Reply: reply}
	default:
		return &report.StepError{Err: report.ErrBad, Reply: reply}
	}
	return nil
}
