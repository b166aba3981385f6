package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"check_imap_session/internal/client"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

var tlsStep = Step{
	Name:    report.StepTLS,
	Doc:     "TLS handshake and verification, RFC 8314",
	Needs:   Connected,
	Wanted:  func(c *Config) bool { return c.TLS == TLSImplicit },
	When:    "--tls=implicit",
	Explain: explainTLS,
	Run:     runTLS,
}

var tlsAfterStartTLSStep = Step{
	Name:    report.StepTLS,
	Doc:     "TLS handshake and verification, RFC 9051 section 6.2.1",
	Needs:   Greeted,
	Wanted:  func(c *Config) bool { return c.TLS == TLSStart },
	When:    "--tls=starttls",
	Explain: explainTLS,
	Run:     runTLS,
}

func explainTLS(c *Config) Explanation {
	trusted := "the system's roots"
	if c.Files.CA != "" {
		trusted = c.Files.CA
	}
	does := fmt.Sprintf("makes the TLS handshake for the name %s and verifies the certificate against %s", c.Cert.ServerName, trusted)
	if c.Cert.Insecure {
		does = fmt.Sprintf("makes the TLS handshake for the name %s; any certificate will do (--insecure)", c.Cert.ServerName)
	}
	return Explanation{Does: does}
}

func runTLS(ctx context.Context, s *Session, rec *Recorder) error {
	rec.Waiting("the TLS handshake")
	rec.Begin()
	hello := &firstWrite{at: time.Now()}
	var found dial.Verification
	err := s.conn.Upgrade(func(nc net.Conn) (net.Conn, error) {
		hello.Conn = nc
		cert := s.cfg.Cert
		if s.cfg.Match != nil {
			cert.Trust = s.cfg.Match.is
		}
		tc, v, err := dial.Handshake(ctx, hello, cert)
		found = v
		if err != nil {
			return nil, err
		}
		cs := tc.ConnectionState()
		s.tls = &cs
		return tc, nil
	})
	rec.Span(hello.at, time.Now())
	describeCertificate(rec, found)
	switch {
	case err != nil && errors.Is(found.Err, report.ErrConfig):
		// HandshakeContext returns the end of ctx in its place.
		if errors.Is(context.Cause(ctx), report.ErrInterrupted) {
			return ctx.Err()
		}
		return &report.StepError{Err: found.Err}
	case err != nil:
		return s.handshakeFault(rec, err, found)
	}
	s.conn.Mark(tls.VersionName(s.tls.Version) + " from here on")
	describeTLS(rec, s.tls, found)
	rec.Detail(tlsDetail(s.tls, found))
	s.matchCertificate(rec, found)
	if found.Partial {
		s.verifyLater = func(ctx context.Context) { s.verifyAgain(ctx, rec, found) }
		return nil
	}
	s.remarkOnChain(rec, found)
	return nil
}

// remarkOnChain says what is doubtful about a chain and is not a failure.
func (s *Session) remarkOnChain(rec *Recorder, found dial.Verification) {
	for _, c := range found.Unused(time.Now()) {
		rec.Remark(fmt.Sprintf("the server also sends an expired certificate that no verified chain needs: %s, until %s", report.Foreign(c.Subject.String()), day(c.NotAfter)))
	}
	if found.Err != nil && s.cfg.Match == nil {
		rec.Remark(fmt.Sprintf("--insecure: without it the certificate would be refused: %s", report.Foreign(found.Err.Error())))
	}
}

// verifyAgain verifies against all trusted certificates once the session is over:
// with --insecure only words depend on it, and loading them takes as long as a
// session does.
func (s *Session) verifyAgain(ctx context.Context, rec *Recorder, found dial.Verification) {
	if ctx.Err() == nil {
		found = dial.Verify(ctx, found.Served, s.cfg.Cert.ServerName, s.cfg.Cert.Roots)
		describeCertificate(rec, found)
		rec.Fact("tls_ocsp_stapling", stapling(s.tls.OCSPResponse, found))
		rec.Detail(tlsDetail(s.tls, found))
	}
	s.remarkOnChain(rec, found)
}

// firstWrite is a connection that notes when something is first written to it: a
// handshake begins with its ClientHello, and not with making the keys for it.
type firstWrite struct {
	net.Conn
	at      time.Time // before that, when it was made
	written bool
}

// Write implements net.Conn.
func (f *firstWrite) Write(p []byte) (int, error) {
	if !f.written {
		f.at, f.written = time.Now(), true
	}
	return f.Conn.Write(p)
}

// handshakeFault tells a server that does not speak TLS here from one whose
// handshake fails, and says how another certificate differs from the one wanted.
func (s *Session) handshakeFault(rec *Recorder, err error, found dial.Verification) error {
	var header tls.RecordHeaderError
	switch {
	case errors.Is(err, report.ErrOtherCertificate):
		s.cfg.Match.showBoth(rec, found.Leaf)
		return fmt.Errorf("%w: %s", report.ErrOtherCertificate, s.cfg.Match.difference(found.Leaf))
	case !errors.As(err, &header):
		return err
	}
	first := string(header.RecordHeader[:])
	if s.cfg.TLS == TLSStart {
		return &report.StepError{Err: fmt.Errorf("%w: %w", report.ErrInjected, err), Line: first}
	}
	return &report.StepError{Err: client.PlainService(first), Line: first}
}
