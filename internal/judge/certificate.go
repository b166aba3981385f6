package judge

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// certificateFailures tell apart what can be wrong with a certificate.
func certificateFailures() []failureRow {
	return []failureRow{
		{Kind: "certificate_mismatch", Match: is(report.ErrOtherCertificate), Detail: text, State: report.Critical,
			Advice:  "is this the right server? the password was not sent",
			Example: example(report.StepTLS, report.ErrOtherCertificate)},
		{Kind: "certificate_mismatch", Match: is(report.ErrCertificateMismatch), Detail: text,
			Advice:  "if it was renewed, reload the IMAP server",
			Example: example(report.StepTLS, report.ErrCertificateMismatch)},
		{Kind: "tls_expired", Match: func(e *report.StepError) bool { c := expired(e); return c != nil && time.Now().Before(c.NotBefore) },
			Phrase:  notYetValid,
			Advice:  "is the clock of this machine right?",
			Example: example(report.StepTLS, x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{NotBefore: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}})},
		{Kind: "tls_expired", Match: func(e *report.StepError) bool { c := expired(e); return c != nil && isIntermediate(c) }, Detail: expiredDetail,
			Advice:  "install the new intermediate certificate in the server and reload it",
			Example: example(report.StepTLS, x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{IsCA: true, RawSubject: []byte{1}}})},
		{Kind: "tls_expired", Match: func(e *report.StepError) bool { return expired(e) != nil }, Detail: expiredDetail,
			Advice:  "renew it and reload the IMAP server, or set the clock of this machine",
			Example: example(report.StepTLS, x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{}})},
		{Kind: "tls_hostname", Match: both(hostIsAddress, func(e *report.StepError) bool { return invisible(e) != "" }), Phrase: hostnamePhrase,
			Advice:  "renew it with the address as an IP address in subjectAltName",
			Example: example(report.StepTLS, x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"192.0.2.7"}}, Host: "192.0.2.7"})},
		{Kind: "tls_hostname", Match: hostIsAddress, Phrase: hostnamePhrase,
			Advice:  "give the name with -H and the address with --address",
			Example: example(report.StepTLS, x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"mail.example.com"}}, Host: "192.0.2.7"})},
		{Kind: "tls_hostname", Match: func(e *report.StepError) bool { return invisible(e) != "" }, Phrase: hostnamePhrase,
			Advice:  "renew it with the name in subjectAltName: clients no longer read the CN",
			Example: example(report.StepTLS, x509.HostnameError{Certificate: &x509.Certificate{Subject: pkix.Name{CommonName: "imap.example.com"}}, Host: "imap.example.com"}),
			Source:  "RFC 9525 section 6.3"},
		{Kind: "tls_hostname", Match: as[x509.HostnameError](), Phrase: hostnamePhrase,
			Advice:  "is the wrong certificate installed, or is -H wrong?",
			Example: example(report.StepTLS, x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"mail.example.com"}}, Host: "imap.example.com"})},
		{Kind: "tls_untrusted", Match: is(report.ErrSelfSigned), Detail: text,
			Advice:  "install the one from your CA, or trust this one with --ca-file",
			Example: example(report.StepTLS, report.ErrSelfSigned)},
		{Kind: "tls_untrusted", Match: is(report.ErrMissingIntermediate), Detail: text,
			Advice:  "install the whole chain in the server, or give a private CA with --ca-file",
			Example: example(report.StepTLS, report.ErrMissingIntermediate)},
		{Kind: "tls_untrusted", Match: is(report.ErrUnknownAuthority), Detail: text,
			Advice:  "for a private CA give its certificate with --ca-file",
			Example: example(report.StepTLS, report.ErrUnknownAuthority)},
		{Kind: "tls_untrusted", Match: is(report.ErrWeakSignature), Detail: text,
			Advice: "have it signed again, with SHA-256", Example: example(report.StepTLS, report.ErrWeakSignature)},
		{Kind: "tls_untrusted", Match: is(report.ErrWeakKey), Detail: text,
			Advice: "renew it with a new key: ECDSA, or RSA 2048", Example: example(report.StepTLS, report.ErrWeakKey)},
		{Kind: "tls_untrusted", Match: is(report.ErrMalformed), Detail: text,
			Advice:  "have it issued again: many mail clients refuse it too",
			Example: example(report.StepTLS, fmt.Errorf("%w: negative serial number", report.ErrMalformed))},
		{Kind: "tls_untrusted", Match: tlsText(unparsable, "elliptic curve", "unsupported public key"), Detail: parseDetail,
			Advice:  "this program does not know this type of key (brainpool, DSA): can the server show another certificate?",
			Example: example(report.StepTLS, errors.New(unparsable+"x509: unsupported elliptic curve"))},
		{Kind: "tls_untrusted", Match: tlsText(unparsable), Detail: parseDetail,
			Advice:  "have it issued again: it does not follow RFC 5280",
			Example: example(report.StepTLS, errors.New(unparsable+"x509: malformed tbs certificate"))},
		{Kind: "tls_untrusted", Match: func(e *report.StepError) bool {
			invalid, ok := errors.AsType[x509.CertificateInvalidError](e.Err)
			return ok && invalid.Reason == x509.IncompatibleUsage
		}, Detail: fixed("it is not made for servers"),
			Advice:  "renew it with the extended key usage serverAuth",
			Example: example(report.StepTLS, x509.CertificateInvalidError{Reason: x509.IncompatibleUsage})},
		{Kind: "tls_untrusted", Match: either(as[x509.UnknownAuthorityError](), as[x509.CertificateInvalidError](), as[x509.ConstraintViolationError](),
			as[x509.SystemRootsError](), as[*tls.CertificateVerificationError](), as[x509.UnhandledCriticalExtension](),
			as[x509.InsecureAlgorithmError]()),
			Detail:  text,
			Advice:  "for a private CA give its certificate with --ca-file",
			Example: example(report.StepTLS, x509.ConstraintViolationError{})},
	}
}

// unparsable stands in front of why crypto/x509 does not take a certificate.
const unparsable = "tls: failed to parse certificate from server: "

// parseDetail says why a certificate cannot be parsed.
func parseDetail(e *report.StepError) string {
	why, _, _ := strings.Cut(e.Err.Error(), "\n")
	return "the certificate cannot be parsed: " + strings.TrimPrefix(strings.TrimPrefix(why, unparsable), "x509: ")
}

// tlsText returns a match for an error of crypto/tls that begins in a way and, when
// there are words, has one of them behind it.
func tlsText(prefix string, words ...string) match {
	return func(e *report.StepError) bool {
		rest, ok := strings.CutPrefix(e.Err.Error(), prefix)
		return ok && (len(words) == 0 || containsAny(rest, words))
	}
}

// expired returns the certificate that is out of date; nil when that is not the
// failure.
func expired(e *report.StepError) *x509.Certificate {
	invalid, ok := errors.AsType[x509.CertificateInvalidError](e.Err)
	if !ok || invalid.Reason != x509.Expired {
		return nil
	}
	return invalid.Cert
}

func isIntermediate(c *x509.Certificate) bool {
	return c.IsCA && !bytes.Equal(c.RawSubject, c.RawIssuer)
}

func expiredDetail(e *report.StepError) string {
	c := expired(e)
	return fmt.Sprintf("%s ended on %s, %s ago", whose(c), c.NotAfter.UTC().Format(time.DateOnly), report.Roughly(time.Since(c.NotAfter)))
}

// notYetValid says from when on a certificate is valid, to the minute: it may be the
// clock of this machine that is wrong.
func notYetValid(e *report.StepError) string {
	c := expired(e)
	return fmt.Sprintf("certificate is not valid yet: %s begins on %s", whose(c), c.NotBefore.UTC().Format("2006-01-02 15:04 MST"))
}

func whose(c *x509.Certificate) string {
	name := certName(c)
	switch {
	case isIntermediate(c):
		return strings.TrimSpace("the intermediate " + name)
	case name == "":
		return "it"
	}
	return name
}

func certName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return "CN=" + report.Foreign(c.Subject.CommonName)
	}
	return report.Foreign(strings.Join(c.DNSNames, " "))
}

func hostnamePhrase(e *report.StepError) string {
	h, _ := errors.AsType[x509.HostnameError](e.Err)
	if why := invisible(e); why != "" {
		return "certificate is not for this name: " + why
	}
	names := slices.Clone(h.Certificate.DNSNames)
	for _, ip := range h.Certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("certificate is not for %s: it has no subjectAltName, and its subject is %s", h.Host, certName(h.Certificate))
	}
	return fmt.Sprintf("certificate is for %s, not for %s", report.Foreign(someNames(names)), h.Host)
}

// invisible says why a certificate is not for a name that it has in it, as far as a
// person can see; "" when it has not.
func invisible(e *report.StepError) string {
	h, ok := errors.AsType[x509.HostnameError](e.Err)
	if !ok {
		return ""
	}
	c := h.Certificate
	same := func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), h.Host) }
	_, err := netip.ParseAddr(h.Host)
	switch i := slices.IndexFunc(c.DNSNames, same); {
	case i >= 0 && err == nil:
		return h.Host + " is in it as a DNS name, not as an IP address"
	case i >= 0:
		return h.Host + " is in it with a blank at its end"
	case same(c.Subject.CommonName) && len(c.DNSNames)+len(c.IPAddresses) == 0:
		return h.Host + " is only in the CN, it has no subjectAltName"
	}
	return ""
}

// someNames lists the first names, as many as a headline has room for.
func someNames(names []string) string {
	const room = 60
	text := names[0]
	for i, n := range names[1:] {
		if len(text)+len(n) >= room {
			return fmt.Sprintf("%s and %d more", text, len(names)-1-i)
		}
		text += " " + n
	}
	return text
}

// hostIsAddress reports a certificate that does not fit an address.
func hostIsAddress(e *report.StepError) bool {
	h, ok := errors.AsType[x509.HostnameError](e.Err)
	if !ok {
		return false
	}
	_, err := netip.ParseAddr(h.Host)
	return err == nil
}
