package judge

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// tlsClasses tell apart what can be wrong with a handshake and a certificate.
func tlsClasses() []Class {
	return []Class{
		{Kind: "starttls_injection", Match: is(report.ErrInjected),
			Advice: "does something change the traffic on its way? no secret was sent", Example: example(report.StepTLS, report.ErrInjected)},
		{Kind: "certificate_mismatch", Match: is(report.ErrOtherCertificate), Detail: text, State: report.Critical,
			Advice: "no secret was sent: is this the server you mean?", Example: example(report.StepTLS, report.ErrOtherCertificate)},
		{Kind: "certificate_mismatch", Match: is(report.ErrCertificateMismatch), Detail: text,
			Advice: "renewed on disk, and the IMAP server not reloaded?", Example: example(report.StepTLS, report.ErrCertificateMismatch)},
		{Kind: "tls_expired", Match: func(e *report.StepError) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired
		}, Detail: expiredDetail,
			Advice: "renew it and reload the server, or set the clock right", Example: example(report.StepTLS, x509.CertificateInvalidError{Reason: x509.Expired})},
		{Kind: "tls_hostname", Match: hostIsAddress, Detail: hostnameDetail,
			Advice: "give the name with -H and the address with --address", Example: example(report.StepTLS, x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"mail.example.com"}}, Host: "192.0.2.7"})},
		{Kind: "tls_hostname", Match: as[x509.HostnameError](), Detail: hostnameDetail,
			Advice: "give the name clients use with -H, or renew it for this one", Example: example(report.StepTLS, x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"mail.example.com"}}, Host: "imap.example.com"})},
		{Kind: "tls_untrusted", Match: is(report.ErrSelfSigned), Detail: text,
			Advice: "trust it with --ca-file, or --insecure --certificate-matches", Example: example(report.StepTLS, report.ErrSelfSigned)},
		{Kind: "tls_untrusted", Match: is(report.ErrMissingIntermediate), Detail: text,
			Advice: "have the server send its chain, or give the CA with --ca-file", Example: example(report.StepTLS, report.ErrMissingIntermediate)},
		{Kind: "tls_untrusted", Match: is(report.ErrUnknownAuthority), Detail: text,
			Advice: "for a private authority give its certificate with --ca-file", Example: example(report.StepTLS, report.ErrUnknownAuthority)},
		{Kind: "tls_untrusted", Match: is(report.ErrWeakSignature), Detail: text,
			Advice: "have it signed again, with SHA-256", Example: example(report.StepTLS, report.ErrWeakSignature)},
		{Kind: "tls_untrusted", Match: is(report.ErrWeakKey), Detail: text,
			Advice: "renew it with a new key: ECDSA, or RSA 2048", Example: example(report.StepTLS, report.ErrWeakKey)},
		{Kind: "tls_untrusted", Match: func(e *report.StepError) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(e.Err, &invalid) && invalid.Reason == x509.IncompatibleUsage
		}, Detail: fixed("it is not made for servers"),
			Advice: "renew it with the extended key usage serverAuth", Example: example(report.StepTLS, x509.CertificateInvalidError{Reason: x509.IncompatibleUsage})},
		{Kind: "tls_untrusted", Match: either(as[x509.UnknownAuthorityError](), as[x509.CertificateInvalidError](), as[x509.ConstraintViolationError](), as[x509.SystemRootsError](), as[*tls.CertificateVerificationError](), as[x509.UnhandledCriticalExtension](), as[x509.InsecureAlgorithmError]()), Detail: text,
			Advice: "for a private authority give its certificate with --ca-file", Example: example(report.StepTLS, x509.ConstraintViolationError{})},
		{Kind: "tls_handshake", Match: either(alert("protocol version"), unsupportedVersion), Detail: handshakeDetail,
			Advice: "an old server? see what it speaks with --tls-min=1.0", Example: exampleAlert("protocol version not supported")},
		{Kind: "tls_handshake", Match: alert("handshake failure", "insufficient security"), Detail: handshakeDetail,
			Advice: "old ciphers only? try --tls-min=1.0. Or is a client certificate wanted?", Example: exampleAlert("handshake failure")},
		{Kind: "tls_handshake", Match: alert("certificate", "access denied"), Detail: handshakeDetail,
			Advice: "the server wants a client certificate that it knows", Example: exampleAlert("certificate required")},
		{Kind: "tls_handshake", Match: alert("unrecognized name"), Detail: handshakeDetail,
			Advice: "the server knows no such name: check -H and --server-name", Example: exampleAlert("unrecognized name")},
		{Kind: "tls_handshake", Match: alert(""), Detail: handshakeDetail,
			Advice: "does it want a client certificate, another TLS version or name?", Example: exampleAlert("internal error")},
		{Kind: "tls_handshake", Match: func(e *report.StepError) bool {
			return e.Step == report.StepTLS && !gone(e) && !as[*report.NotIMAP]()(e) && !errors.Is(e.Err, report.ErrTooLarge)
		}, Detail: handshakeDetail,
			Advice: "see the log of the server. Is it old? try --tls-min=1.0", Example: example(report.StepTLS, errors.New("tls: server chose an unconfigured cipher suite"))},
	}
}

func expiredDetail(e *report.StepError) string {
	var invalid x509.CertificateInvalidError
	if !errors.As(e.Err, &invalid) || invalid.Cert == nil {
		return ""
	}
	c := invalid.Cert
	if time.Now().Before(c.NotBefore) {
		return fmt.Sprintf("%s begins %s", certName(c), c.NotBefore.UTC().Format("2006-01-02 15:04 MST"))
	}
	return fmt.Sprintf("%s ended %s", certName(c), c.NotAfter.UTC().Format("2006-01-02 15:04 MST"))
}

func certName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return "CN=" + c.Subject.CommonName
	}
	return strings.Join(c.DNSNames, " ")
}

func hostnameDetail(e *report.StepError) string {
	var h x509.HostnameError
	if !errors.As(e.Err, &h) {
		return ""
	}
	names := append([]string(nil), h.Certificate.DNSNames...)
	for _, ip := range h.Certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("it names nothing but %s, not %s", certName(h.Certificate), h.Host)
	}
	return fmt.Sprintf("it is for %s, not for %s", someNames(names), h.Host)
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
	var h x509.HostnameError
	if !errors.As(e.Err, &h) {
		return false
	}
	_, err := netip.ParseAddr(h.Host)
	return err == nil
}

// crypto/tls has no types for what goes wrong in a handshake: an alert of the
// server is a net.OpError around a number that prints as its name, all else is
// text. See RFC 8446 section 6.2 for the alerts.

// alert returns a Match for an alert of the server with one of these words in
// its name.
func alert(words ...string) func(*report.StepError) bool {
	return func(e *report.StepError) bool {
		name, ok := alertName(e.Err)
		for _, w := range words {
			if ok && strings.Contains(name, w) {
				return true
			}
		}
		return false
	}
}

// alertName returns the name of an alert that the server sent.
func alertName(err error) (string, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
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
		return "alert of the server: " + name
	}
	msg, _, _ := strings.Cut(e.Err.Error(), "\n")
	var version uint16
	if _, err := fmt.Sscanf(msg, selectedVersion+"%x", &version); err == nil {
		return "the server chose " + tls.VersionName(version)
	}
	return strings.TrimPrefix(msg, "tls: ")
}
