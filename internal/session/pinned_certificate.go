package session

import (
	"crypto/x509"
	"fmt"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

// Match is the certificate that the server must show: the one on its disk, say,
// to notice that it was renewed and not reloaded.
type Match struct {
	SHA256 string            // of the certificate, lower-case hex
	Cert   *x509.Certificate // nil when only the fingerprint is known
	Source string            // the flag's value, for messages
}

// is says whether a served leaf is the one.
func (m *Match) is(leaf *x509.Certificate) bool { return fingerprint(leaf) == m.SHA256 }

// difference tells both certificates apart, in a few words.
func (m *Match) difference(served *x509.Certificate) string {
	want := brief(m.SHA256)
	if m.Cert != nil {
		want += " until " + day(m.Cert.NotAfter)
	}
	return fmt.Sprintf("served is %s until %s, expected %s", brief(fingerprint(served)), day(served.NotAfter), want)
}

// showBoth describes both certificates in full.
func (m *Match) showBoth(rec *Recorder, served *x509.Certificate) {
	rec.Remark("served certificate: " + identity(served))
	want := "SHA-256 " + m.SHA256
	if m.Cert != nil {
		want = identity(m.Cert)
	}
	rec.Remark("expected certificate: " + want + " (" + m.Source + ")")
}

// identity returns serial, dates and fingerprint of a certificate.
func identity(c *x509.Certificate) string {
	return fmt.Sprintf("%s to %s, serial %s, SHA-256 %s", day(c.NotBefore), day(c.NotAfter), c.SerialNumber.Text(16), fingerprint(c))
}

// brief shortens a fingerprint for a sentence.
func brief(hex string) string { return hex[:min(len(hex), 8)] }

// matchCertificate compares the certificate that the server shows, once it is
// trusted. With --insecure the handshake has compared it already.
func (s *Session) matchCertificate(rec *Recorder, v dial.Verification) {
	m := s.cfg.Match
	if m == nil || v.Leaf == nil {
		return
	}
	rec.Fact("certificate_expected_sha256", m.SHA256)
	rec.Fact("certificate_matches", m.is(v.Leaf))
	if !m.is(v.Leaf) {
		m.showBoth(rec, v.Leaf)
		rec.Fault(report.ErrCertificateMismatch, "%s", m.difference(v.Leaf))
	}
}
