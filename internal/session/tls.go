package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

var tlsStep = Step{
	Name:    "tls",
	Doc:     "TLS handshake and verification, RFC 8314",
	Needs:   Connected,
	Gives:   Connected,
	Metrics: tlsMetrics,
	Wanted:  func(c Config) bool { return c.TLS == TLSImplicit },
	Run:     runTLS,
}

var tlsAfterStartTLSStep = Step{
	Name:    "tls",
	Doc:     "TLS handshake and verification, RFC 9051 section 6.2.1",
	Needs:   Greeted,
	Gives:   Greeted,
	Metrics: tlsMetrics,
	Wanted:  func(c Config) bool { return c.TLS == TLSStart },
	Run:     runTLS,
}

var tlsMetrics = []report.MetricDef{
	report.MustMetric(report.CertificateDays),
	report.MustMetric(report.CertificatePercent),
}

func runTLS(ctx context.Context, s *Session, rec *Recorder) error {
	s.cfg.Cert.Roots.Pool() // its error, if any, comes again in the verification
	rec.Waiting("the TLS handshake")
	rec.Begin()
	var found dial.Verification
	s.pending = true // nothing can be said on a half made connection
	err := s.conn.Upgrade(func(nc net.Conn) (net.Conn, error) {
		tc, v, err := dial.Handshake(ctx, nc, s.cfg.Cert)
		found = v
		if err != nil {
			return nil, err
		}
		cs := tc.ConnectionState()
		s.tls = &cs
		return tc, nil
	})
	rec.End(time.Now())
	describeCertificate(rec, found)
	if err != nil {
		return s.handshakeFault(err)
	}
	s.pending, s.fresh = false, true
	s.forget()
	s.transcript.Add("-", tls.VersionName(s.tls.Version)+" from here on")
	rec.Fact("tls_version", tls.VersionName(s.tls.Version))
	rec.Fact("tls_cipher_suite", tls.CipherSuiteName(s.tls.CipherSuite))
	rec.Detail(tlsDetail(s.tls, found))
	if found.Err != nil {
		rec.Remark(fmt.Sprintf("--insecure: the certificate would have been refused: %v", found.Err))
	}
	return nil
}

// handshakeFault tells a server that does not speak TLS here from one whose
// handshake fails.
func (s *Session) handshakeFault(err error) error {
	var header tls.RecordHeaderError
	if !errors.As(err, &header) {
		return err
	}
	first := string(header.RecordHeader[:])
	if s.cfg.TLS == TLSStart {
		return &report.StepError{Err: fmt.Errorf("%w: %w", report.ErrInjected, err), Line: first}
	}
	return &report.StepError{Err: plainService(first), Line: first}
}

// describeCertificate records what is known of the certificate, also of one
// that is refused.
func describeCertificate(rec *Recorder, v dial.Verification) {
	if v.Leaf == nil {
		return
	}
	now := time.Now()
	rec.Metric(report.CertificateDays, math.Floor(v.Until().Sub(now).Hours()/24))
	if span := v.Leaf.NotAfter.Sub(v.Leaf.NotBefore); span > 0 {
		rec.Metric(report.CertificatePercent, 100*float64(v.Leaf.NotAfter.Sub(now))/float64(span))
	}
	rec.Fact("certificate_subject", v.Leaf.Subject.String())
	rec.Fact("certificate_issuer", v.Leaf.Issuer.String())
	rec.Fact("certificate_names", certificateNames(v.Leaf))
	rec.Fact("certificate_serial", v.Leaf.SerialNumber.Text(16))
	rec.Fact("certificate_not_before", v.Leaf.NotBefore.UTC().Format(time.RFC3339))
	rec.Fact("certificate_not_after", v.Leaf.NotAfter.UTC().Format(time.RFC3339))
	rec.Fact("certificate_verified", v.Err == nil)
	if v.Err != nil {
		rec.Fact("certificate_error", v.Err.Error())
	}
}

// certificateNames returns the names and addresses a certificate is for.
func certificateNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// tlsDetail returns "TLS 1.3, certificate 61 days left (CN=..., R11)".
func tlsDetail(cs *tls.ConnectionState, v dial.Verification) string {
	version := tls.VersionName(cs.Version)
	if v.Leaf == nil {
		return version
	}
	who := "CN=" + v.Leaf.Subject.CommonName
	if v.Leaf.Subject.CommonName == "" {
		who = strings.Join(certificateNames(v.Leaf), " ")
	}
	if issuer := v.Leaf.Issuer.CommonName; issuer != "" {
		who += ", " + issuer
	}
	days := math.Floor(time.Until(v.Until()).Hours() / 24)
	return fmt.Sprintf("%s, certificate %.0f days left (%s)", version, days, who)
}
