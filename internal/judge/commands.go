package judge

import (
	"errors"
	"regexp"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// courierBad is what Courier says, with NO, where BAD is meant.
const courierBad = "Error in IMAP command received by server."

// notUnderstood reports a command that the server could not read, or would not
// take at this point.
func notUnderstood(e *report.StepError) bool {
	return errors.Is(e.Err, report.ErrBad) || errors.Is(e.Err, report.ErrNo) && strings.EqualFold(e.Reply.Text, courierBad)
}

func badMechanismExample() *report.StepError {
	e := exampleReply(report.StepLogin, report.ErrBad, imap.StatusResponseTypeBad, "", "Syntax error.")
	e.Mechanism = "PLAIN"
	return e
}

// commandFailures come before the wordings of a refused command: what servers say about
// search keys, or about a full disk, means something else in other answers.
func commandFailures() []failureRow {
	return []failureRow{
		{Kind: "search_keys", Match: badKeys, Detail: whichKeys, Source: "Dovecot, Cyrus, Courier",
			Advice:  "check the search keys (RFC 9051 section 6.4.4)",
			Example: keysExample(report.ErrBad, imap.StatusResponseTypeBad, "Unknown argument AND")},
		{Kind: "login_disabled", Match: tlsWantedUnderTLS(), Source: "Dovecot, Zimbra; RFC 5530 section 3",
			Advice:  "TLS is on: does a proxy in front take it off, and does the server trust that proxy?",
			Example: exampleReply(report.StepLogin, report.ErrNo, imap.StatusResponseTypeNo, imap.ResponseCodePrivacyRequired, "Plaintext authentication disallowed on non-secure (SSL/TLS) connections.")},
		{Kind: "unavailable", Match: both(fullDisk(), on(report.StepLogin)), Source: "Dovecot, Cyrus",
			Advice:  "the disk of the server is full",
			Example: exampleReply(report.StepLogin, report.ErrNo, imap.StatusResponseTypeNo, imap.ResponseCodeServerBug, "write() failed: No space left on device")},
		{Kind: "rejected", Match: fullDisk(), Source: "Dovecot, Cyrus",
			Advice:  "the disk of the server is full",
			Example: exampleReply(report.StepSelect, report.ErrNo, imap.StatusResponseTypeNo, imap.ResponseCodeServerBug, "write() failed: No space left on device")},
	}
}

// badKeys reports that the server does not understand the keys of --search. A
// charset that it does not have (RFC 3501 section 6.4.4) is that of the keys.
func badKeys(e *report.StepError) bool {
	if e.SearchKeys == "" || e.Reply == nil {
		return false
	}
	return notUnderstood(e) || coded(imap.ResponseCodeBadCharset)(e)
}

// maxKeys is how much of the keys is shown, in runes.
const maxKeys = 60

func whichKeys(e *report.StepError) string {
	keys := []rune(e.SearchKeys)
	if len(keys) > maxKeys {
		keys = append(keys[:maxKeys-3], []rune("...")...)
	}
	return "the server does not understand --search=" + string(keys)
}

func keysExample(err error, status imap.StatusResponseType, text string) *report.StepError {
	e := exampleReply(report.StepSearch, err, status, "", text)
	e.SearchKeys = "FROM bob AND SEEN"
	return e
}

// fullDisk returns a match for the system's words for a full disk (ENOSPC), which
// servers pass on with any code or none.
func fullDisk() match {
	full := words(`no space left on device`)
	return func(e *report.StepError) bool { return refused(e, full) }
}

// tlsWantedUnderTLS returns a match for a server that wants TLS although it is on.
func tlsWantedUnderTLS() match {
	wanted := words(tlsWanted)
	return func(e *report.StepError) bool {
		return e.Encrypted && e.Step == report.StepLogin && (coded(imap.ResponseCodePrivacyRequired)(e) || refused(e, wanted))
	}
}

// refused says whether a reply that ended the step has such words.
func refused(e *report.StepError, words *regexp.Regexp) bool {
	return e.Reply != nil && refusal(e) && words.MatchString(e.Reply.Text)
}
