package judge

import (
	"errors"
	"slices"

	"check_imap_session/internal/report"
)

// proxyFailures are those after a PROXY header that a port does not expect: the
// server reads it as a command, or as TLS.
func proxyFailures() []failureRow {
	const advice = "does the port expect PROXY? else leave out --proxy-protocol"
	v1, v2 := report.Setup{Proxy: "v1"}, report.Setup{Proxy: "v2"}
	bye := exampleReply(report.StepStartTLS, report.ErrBye, "BYE", "", "Too many invalid IMAP commands.")
	bye.Setup = v2
	return []failureRow{
		{Kind: "bad", Match: both(proxyUnwanted, is(report.ErrBad)), Advice: advice,
			Example: &report.StepError{Step: report.StepStartTLS, Err: report.ErrBad, Setup: v2}},
		{Kind: "bad", Match: both(proxyUnwanted, is(report.ErrProtocol)), Advice: advice,
			Example: &report.StepError{Step: report.StepStartTLS, Err: report.ErrProtocol, Line: "PROXY BAD Error in IMAP command received by server.", Setup: v1}},
		{Kind: "bye", Match: both(proxyUnwanted, is(report.ErrBye)), Advice: advice, Example: bye, Source: "Dovecot"},
		{Kind: "closed", Match: both(proxyUnwanted, gone), Detail: waiting, Advice: advice,
			Example: &report.StepError{Step: report.StepTLS, Err: report.ErrClosed, Setup: v1}},
		{Kind: "tls_handshake", Match: both(proxyUnwanted, tlsFailed), Detail: handshakeDetail, Advice: advice,
			Example: setupExample(report.StepTLS, errors.New("tls: unexpected message"), v2)},
	}
}

// proxyUnwanted reports a failure before login of a session that began with a
// PROXY header.
func proxyUnwanted(e *report.StepError) bool {
	early := []string{report.StepConnect, report.StepTLS, report.StepGreeting, report.StepStartTLS, report.StepCapability}
	return e.Setup.Proxy != "" && slices.Contains(early, e.Step)
}

// beforeGreeting reports a step at which the server has said nothing yet.
func beforeGreeting(e *report.StepError) bool {
	return e.Setup.Proxy == "" && e.Greeting == "" && (e.Step == report.StepGreeting || e.Step == report.StepTLS && !e.Setup.StartTLS)
}
