package session

import (
	"context"
	"errors"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

var starttlsStep = Step{
	Name:    report.StepStartTLS,
	Doc:     "STARTTLS, RFC 9051 section 6.2.1",
	Needs:   Greeted,
	Wanted:  func(c *Config) bool { return c.TLS == TLSStart },
	When:    "--tls=starttls",
	Explain: sends("STARTTLS", ""),
	Run:     runStartTLS,
}

// runStartTLS asks for TLS. Where the server has listed its capabilities and
// STARTTLS is not among them, it is not asked; where it has listed none, the
// answer says it, and no CAPABILITY is spent on it.
func runStartTLS(_ context.Context, s *Session, rec *Recorder) error {
	if s.conn.Capabilities != nil && !s.conn.Offers(imap.CapStartTLS) {
		return report.ErrStartTLSMissing
	}
	reply, err := s.conn.StartTLS(rec)
	switch {
	case errors.Is(err, report.ErrBad):
		return &report.StepError{Err: report.ErrStartTLSMissing, Reply: reply}
	case errors.Is(err, report.ErrNo):
		return &report.StepError{Err: report.ErrStartTLSRefused, Reply: reply}
	}
	return err
}
