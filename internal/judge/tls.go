package judge

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// tlsFailures tell apart what can be wrong with a handshake and a certificate.
func tlsFailures() []failureRow {
	version := either(alert("protocol version"), unsupportedVersion)
	cipher := alert("handshake failure", "insufficient security")
	tlsMin := func(version string) match {
		return func(e *report.StepError) bool { return e.Setup.TLSMin == version }
	}
	return []failureRow{
		{Kind: "starttls_injection", Match: is(report.ErrInjected),
			Advice:  "does something change the traffic on its way? the password was not sent",
			Example: example(report.StepTLS, report.ErrInjected)},
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
		{Kind: "tls_handshake", Match: both(version, tlsMin("1.0")), Detail: handshakeDetail,
			Advice:  "no version from TLS 1.0 to 1.3 works: is the server limited to SSL 3, or misconfigured?",
			Example: alertWith("protocol version not supported", report.Setup{TLSMin: "1.0"})},
		{Kind: "tls_handshake", Match: both(version, tlsMin("1.3")), Detail: handshakeDetail,
			Advice:  "does it speak TLS 1.3? else leave out --tls-min=1.3",
			Example: alertWith("protocol version not supported", report.Setup{TLSMin: "1.3"})},
		{Kind: "tls_handshake", Match: both(version, certificateKey), Detail: handshakeDetail,
			Advice:  "does it speak TLS 1.2? --certificate-key needs that",
			Example: alertWith("protocol version not supported", report.Setup{CertificateKey: "rsa"})},
		{Kind: "tls_handshake", Match: version, Detail: handshakeDetail,
			Advice:  "an old server? see what it speaks with --tls-min=1.0",
			Example: exampleAlert("protocol version not supported")},
		{Kind: "tls_handshake", Match: both(cipher, certificateKey), Detail: handshakeDetail,
			Advice:  "does the server have a certificate of the kind of --certificate-key?",
			Example: alertWith("handshake failure", report.Setup{CertificateKey: "rsa"})},
		{Kind: "tls_handshake", Match: both(cipher, tlsMin("1.0")), Detail: handshakeDetail,
			Advice:  "only ciphers that this program lacks (DHE, brainpool)? or is a client certificate wanted?",
			Example: alertWith("handshake failure", report.Setup{TLSMin: "1.0"})},
		{Kind: "tls_handshake", Match: cipher, Detail: handshakeDetail,
			Advice:  "old ciphers only? try --tls-min=1.0. Or is a client certificate wanted?",
			Example: exampleAlert("handshake failure")},
		{Kind: "tls_handshake", Match: alert("certificate", "access denied"), Detail: handshakeDetail,
			Advice: "the server wants a client certificate that it knows", Example: exampleAlert("certificate required")},
		{Kind: "tls_handshake", Match: alert("unrecognized name"), Detail: handshakeDetail,
			Advice:  "the server does not know this name: check -H and --server-name",
			Example: exampleAlert("unrecognized name")},
		{Kind: "tls_handshake", Match: both(tlsFailed, func(e *report.StepError) bool { return strings.Contains(e.Err.Error(), "no renegotiation") }),
			Phrase:  fixed("failed, the server asks to negotiate TLS once more"),
			Source:  "RFC 5246 section 7.4.1.1",
			Advice:  "switch renegotiation off in the server: TLS 1.3 has none, and this program does without",
			Example: example(report.StepGreeting, &net.OpError{Op: "local error", Err: errors.New("tls: no renegotiation")})},
		{Kind: "tls_handshake", Match: both(tlsFailed, not(on(report.StepTLS))),
			Phrase:  func(e *report.StepError) string { return "failed, TLS broke: " + handshakeDetail(e) },
			Advice:  "does the server or something on the way damage TLS? see its log",
			Example: example(report.StepList, &net.OpError{Op: "local error", Err: errors.New("tls: bad record MAC")})},
		{Kind: "tls_handshake", Match: alert(""), Detail: handshakeDetail,
			Advice: "does it want a client certificate, another TLS version or name?", Example: exampleAlert("internal error")},
		{Kind: "tls_handshake", Match: both(tlsFailed, tlsMin("1.0")), Detail: handshakeDetail,
			Advice:  "see the log of the server, and compare with openssl s_client",
			Example: setupExample(report.StepTLS, errors.New("tls: server chose an unconfigured cipher suite"), report.Setup{TLSMin: "1.0"})},
		{Kind: "tls_handshake", Match: tlsFailed, Detail: handshakeDetail,
			Advice:  "see the log of the server. Is it old? try --tls-min=1.0",
			Example: example(report.StepTLS, errors.New("tls: server chose an unconfigured cipher suite"))},
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

// tlsFailed reports whatever went wrong in the step tls, and at any other step
// what crypto/tls says: alerts of either side, records that make no sense.
func tlsFailed(e *report.StepError) bool {
	if gone(e) || as[*report.NotIMAP]()(e) || errors.Is(e.Err, report.ErrTooLarge) {
		return false
	}
	op, ok := errors.AsType[*net.OpError](e.Err)
	fromTLS := ok && (op.Op == "local error" || op.Op == "remote error") || as[tls.RecordHeaderError]()(e)
	for err := e.Err; err != nil && !fromTLS; err = errors.Unwrap(err) {
		fromTLS = strings.HasPrefix(err.Error(), "tls: ") || strings.HasPrefix(err.Error(), "x509: ")
	}
	return e.Step == report.StepTLS || fromTLS
}

func alertWith(name string, u report.Setup) *report.StepError {
	e := exampleAlert(name)
	e.Setup = u
	return e
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

// crypto/tls has no types for what goes wrong in a handshake: an alert of the
// server is a net.OpError around a number that prints as its name, all else is
// text. See RFC 8446 section 6.2 for the alerts.

// alert returns a match for an alert of the server with one of these words in
// its name.
func alert(words ...string) match {
	return func(e *report.StepError) bool {
		name, ok := alertName(e.Err)
		return ok && containsAny(name, words)
	}
}

func containsAny(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}

// alertName returns the name of an alert that the server sent.
func alertName(err error) (string, bool) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return "", false
	}
	return strings.TrimPrefix(op.Err.Error(), "tls: "), true
}

func exampleAlert(name string) *report.StepError {
	return example(report.StepTLS, &net.OpError{Op: "remote error", Err: errors.New("tls: " + name)})
}

const selectedVersion = "tls: server selected unsupported protocol version "

// unsupportedVersion reports a server that answers with a version of its own.
func unsupportedVersion(e *report.StepError) bool {
	return strings.HasPrefix(e.Err.Error(), selectedVersion)
}

// handshakeDetail is the alert, or what crypto/tls did not like.
func handshakeDetail(e *report.StepError) string {
	if name, ok := alertName(e.Err); ok {
		return "TLS alert from the server: " + name
	}
	msg, _, _ := strings.Cut(e.Err.Error(), "\n")
	var version uint16
	if _, err := fmt.Sscanf(msg, selectedVersion+"%x", &version); err == nil {
		return "the server chose " + tls.VersionName(version)
	}
	return report.Foreign(strings.TrimPrefix(msg, "tls: "))
}
