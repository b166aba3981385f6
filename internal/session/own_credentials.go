package session

import (
	"crypto/tls"
	"crypto/x509"
	"math"
	"time"

	"check_imap_session/internal/report"
)

// ownCredentials records when our own certificate and client secret expire. That is
// known before anything is sent, so it is measured even when the session fails.
func (j *journal) ownCredentials(c *Config) {
	if c.part {
		return
	}
	if cert := c.ownCertificate(); cert != nil {
		j.ends(report.ClientCertificateDays, cert.NotAfter)
		j.rep.Facts = append(j.rep.Facts, report.Fact{Name: "client_certificate_subject", Value: keptFact(cert.Subject.String())})
	}
	if end := c.ClientSecretExpires; !end.IsZero() {
		j.ends(report.ClientSecretDays, end)
		if j.started.After(end) {
			expired := "the secret of the OAuth client expired " + day(end) + ", by --oauth-client-secret-expires"
			j.rep.Remarks = append(j.rep.Remarks, report.Remark{Text: expired})
		}
	}
}

// ends records the days until something expires.
func (j *journal) ends(metric string, at time.Time) {
	def, _ := report.LookupMetric(metric)
	j.rep.Metrics = append(j.rep.Metrics, report.Metric{Def: def, Value: math.Floor(days(j.started, at)), At: at})
}

// ownCertificate returns the certificate of ours that expires first, nil for none: the
// one of the TLS handshake, or the one by which the OAuth client signs.
func (c *Config) ownCertificate() *x509.Certificate {
	var first *x509.Certificate
	take := func(own *tls.Certificate) {
		if own != nil && own.Leaf != nil && (first == nil || own.Leaf.NotAfter.Before(first.NotAfter)) {
			first = own.Leaf
		}
	}
	take(c.Cert.Certificate)
	if c.OAuth != nil {
		take(c.OAuth.Certificate)
	}
	return first
}
