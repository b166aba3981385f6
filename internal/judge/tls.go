package judge

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"check_imap_session/internal/report"
)

// tlsFailures tell apart what can be wrong with a handshake.
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

func alertWith(name string, u report.Setup) *report.StepError {
	e := exampleAlert(name)
	e.Setup = u
	return e
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
