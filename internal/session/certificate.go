package session

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

// describeCertificate records what is known of the certificate, also of one
// that is refused.
func describeCertificate(rec *Recorder, v dial.Verification) {
	if v.Leaf == nil {
		return
	}
	now := time.Now()
	rec.MetricAt(report.CertificateDays, math.Floor(days(now, v.Until())), v.Until())
	if span := days(v.Leaf.NotBefore, v.Leaf.NotAfter); span > 0 {
		rec.Metric(report.CertificatePercent, 100*days(now, v.Leaf.NotAfter)/span)
	}
	rec.Fact("certificate_subject", v.Leaf.Subject.String())
	rec.Fact("certificate_issuer", v.Leaf.Issuer.String())
	rec.Fact("certificate_names", certificateNames(v.Leaf))
	rec.Fact("certificate_serial", v.Leaf.SerialNumber.Text(16))
	rec.Fact("certificate_not_before", v.Leaf.NotBefore.UTC().Format(time.RFC3339))
	rec.Fact("certificate_not_after", v.Leaf.NotAfter.UTC().Format(time.RFC3339))
	rec.Fact("certificate_key", keyName(v.Leaf))
	if v.Leaf.PublicKeyAlgorithm == x509.ECDSA {
		rec.Fact("certificate_other_key", "an RSA certificate may stand beside this one: --certificate-key=rsa asks for it")
	}
	rec.Fact("certificate_signature", v.Leaf.SignatureAlgorithm.String())
	rec.Fact("certificate_sha256", fingerprint(v.Leaf))
	rec.Fact("certificate_verified", v.Err == nil)
	if v.Err != nil {
		rec.Fact("certificate_error", v.Err.Error())
	}
	var served []string
	for _, c := range v.Served {
		served = append(served, fmt.Sprintf("%s, until %s", c.Subject, day(c.NotAfter)))
	}
	rec.Fact("certificate_chain", served)
	if len(v.Chains) > 0 {
		rec.Fact("certificate_first_end", v.Until().UTC().Format(time.RFC3339))
	}
}

// keyName returns the kind and size of a certificate's key: "RSA 2048",
// "ECDSA P-256".
func keyName(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}

// fingerprint returns the SHA-256 of a certificate in hex.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// days returns the days between two times. A time.Duration ends at 292 years, and
// certificates do not: see RFC 5280 section 4.1.2.5 on 99991231235959Z.
func days(from, to time.Time) float64 {
	return float64(to.UnixMilli()-from.UnixMilli()) / (24 * 60 * 60 * 1000)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// describeTLS records what was agreed in the handshake.
func describeTLS(rec *Recorder, cs *tls.ConnectionState, v dial.Verification) {
	suite := tls.CipherSuiteName(cs.CipherSuite)
	rec.Fact("tls_version", tls.VersionName(cs.Version))
	rec.Fact("tls_cipher_suite", suite)
	exchange := "RSA"
	if cs.CurveID != 0 {
		exchange = cs.CurveID.String()
	}
	rec.Fact("tls_key_exchange", exchange)
	stapled := stapling(cs.OCSPResponse, v)
	rec.Fact("tls_ocsp_stapling", stapled)
	rec.Fact("tls_alpn", cmp.Or(cs.NegotiatedProtocol, "none"))
	if stapled == "none" && v.Leaf != nil && mustStaple(v.Leaf) {
		rec.Remark("the certificate asks for OCSP stapling (must-staple) and the server sends no OCSP answer: some clients refuse that")
	}
	if stapled == "revoked" {
		rec.Remark("the certificate is revoked: the server itself sends the OCSP answer that says so")
	}
	if cs.Version < tls.VersionTLS12 {
		rec.Remark("the server speaks " + tls.VersionName(cs.Version) + ", which mail clients of today refuse")
	} else if cs.Version == tls.VersionTLS12 && cs.CurveID == 0 {
		rec.Remark("the key exchange is RSA (" + suite + "): anybody who gets the server's key can read this session")
	}
}

// mustStaple says whether a certificate wants an OCSP answer in the handshake. See
// RFC 7633 section 4: the feature is status_request, 5.
func mustStaple(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		var features []int
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}) {
			_, err := asn1.Unmarshal(e.Value, &features)
			return err == nil && slices.Contains(features, 5)
		}
	}
	return false
}

// stapling says what the OCSP answer that came with the handshake says. See RFC
// 6066 section 8.
func stapling(raw []byte, v dial.Verification) string {
	if len(raw) == 0 || v.Leaf == nil {
		return "none"
	}
	var issuer *x509.Certificate // nil: the answer's signature is not looked at
	switch {
	case len(v.Chains) > 0 && len(v.Chains[0]) > 1:
		issuer = v.Chains[0][1]
	case len(v.Served) > 1:
		issuer = v.Served[1]
	}
	answer, err := ocsp.ParseResponseForCert(raw, v.Leaf, issuer)
	switch {
	case err != nil:
		return "unreadable"
	case !answer.NextUpdate.IsZero() && time.Now().After(answer.NextUpdate):
		return "out of date"
	}
	status := map[int]string{ocsp.Good: "good", ocsp.Revoked: "revoked"}[answer.Status]
	return cmp.Or(status, "unknown")
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
	left := days(time.Now(), v.Until())
	words := "certificate " + report.InDays(math.Floor(left)) + " left"
	if left < 0 {
		words = "certificate expired " + report.InDays(math.Floor(-left)) + " ago"
	}
	return fmt.Sprintf("%s, %s (%s)", version, words, report.Foreign(who))
}
