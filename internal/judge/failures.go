package judge

import (
	"fmt"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// failureRow is one row of the failure table: how a failure is recognised, and what
// to do about it. The first row that matches gives the kind.
type failureRow struct {
	Kind   string
	Match  match
	Advice string // an action or a question, one line
	// State is used in place of the kind's; OK, the zero value, means the kind's.
	State report.State
	// Phrase returns what follows the step's name in place of the kind's verb and
	// cause and of Detail; nil means these.
	Phrase func(*report.StepError) string
	// Detail returns what is worth saying after the kind's cause; nil and "" say
	// nothing.
	Detail func(*report.StepError) string
	// Example is a failure of this row; a test proves that this row, and none
	// above it, takes it.
	Example *report.StepError
	Source  string // where the recognition comes from
}

// failureRows is the failure table. It is put together for the first failure: a
// check that goes well needs none of it.
var failureRows = sync.OnceValue(failureTable)

// failureTable makes the failure table, in the order in which rows are tried.
func failureTable() []failureRow {
	return slices.Concat(
		ownFailures(),
		logoutFailures(),
		tokenFailures(),
		greetingFailures(),
		networkFailures(),
		proxyFailures(),
		certificateFailures(),
		tlsFailures(),
		sessionFailures(),
		wordingRows(busyWordings()),
		commandFailures(),
		wordingRows(wordings()),
		mechanismFailures(),
		codeFailures(),
		fallbacks(),
	)
}

// rowFor returns the row for a failure. The last row matches every failure.
func rowFor(e *report.StepError) *failureRow {
	rows := failureRows()
	for i := range rows {
		if rows[i].Match(e) {
			return &rows[i]
		}
	}
	return &rows[len(rows)-1]
}

// example builds a failure for the table.
func example(step string, err error) *report.StepError {
	return &report.StepError{Step: step, Err: err}
}

// about says what the step of an example is about.
func about(a report.About, e *report.StepError) *report.StepError {
	e.About = a
	return e
}

func exampleReply(step string, err error, status imap.StatusResponseType, code imap.ResponseCode, text string) *report.StepError {
	return &report.StepError{Step: step, Err: err, Encrypted: true,
		Reply: &report.Reply{Status: string(status), Code: string(code), Text: text}}
}

func setupExample(step string, err error, u report.Setup) *report.StepError {
	return &report.StepError{Step: step, Err: err, Setup: u}
}

// ownFailures are about this program and what it was told, not about the server.
func ownFailures() []failureRow {
	return []failureRow{
		{Kind: "interrupted", Match: is(report.ErrInterrupted), Detail: waiting,
			Advice: "is the time limit of the scheduler below -t?", Example: example(report.StepLogin, report.ErrInterrupted)},
		{Kind: "internal", Match: is(report.ErrInternal), Detail: text,
			Advice:  "please report this with the output of -vvv",
			Example: example(report.StepList, fmt.Errorf("%w: boom", report.ErrInternal))},
		{Kind: "config", Match: is(report.ErrConfig), Detail: text,
			Advice:  "correct the file or command named here",
			Example: example(report.StepLogin, fmt.Errorf("%w: no such file", report.ErrConfig))},
	}
}

// logoutFailures come before all other failures of the server: whatever goes wrong with
// LOGOUT, the session was over.
func logoutFailures() []failureRow {
	return []failureRow{
		{Kind: "logout", Match: on(report.StepLogout), Detail: logoutDetail,
			Advice: "does the server log an error for this session?", Example: example(report.StepLogout, report.ErrTimeout)},
	}
}

// sessionFailures are conditions that the steps of the session report themselves.
func sessionFailures() []failureRow {
	return []failureRow{
		{Kind: "not_imap", Match: serviceWith("--tls=implicit"), Detail: serviceDetail,
			Advice:  "use --tls=implicit",
			Example: example(report.StepGreeting, &report.NotIMAP{Service: "TLS", Hint: "--tls=implicit"})},
		{Kind: "not_imap", Match: serviceWith("--tls=starttls"), Detail: serviceDetail,
			Advice:  "use --tls=starttls (or --tls=none)",
			Example: example(report.StepTLS, &report.NotIMAP{Service: "IMAP without TLS", Hint: "--tls=starttls"})},
		{Kind: "not_imap", Match: as[*report.NotIMAP](), Detail: serviceDetail,
			Advice:  "check -p: IMAP is usually on 993 (implicit TLS) or 143 (STARTTLS)",
			Example: example(report.StepGreeting, &report.NotIMAP{Service: "SMTP"})},
		{Kind: "too_large", Match: is(report.ErrTooLarge), Detail: text,
			Advice: "is this an IMAP server? see the transcript (-vvv)", Example: example(report.StepList, report.ErrTooLarge)},
		{Kind: "starttls_missing", Match: is(report.ErrStartTLSMissing),
			Advice:  "switch it on, use --tls=implicit -p 993, or find out what removes it on the way",
			Example: example(report.StepStartTLS, report.ErrStartTLSMissing)},
		{Kind: "starttls_refused", Match: both(is(report.ErrStartTLSRefused), preauth),
			Detail:  fixed("the server greeted with PREAUTH, which leaves no room for TLS"),
			Advice:  "use --tls=implicit, or find out who logs us in before TLS",
			Example: exampleReply(report.StepGreeting, report.ErrStartTLSRefused, imap.StatusResponseTypePreAuth, "", "Welcome.")},
		{Kind: "starttls_refused", Match: is(report.ErrStartTLSRefused),
			Advice:  "does the server find its certificate and key? see its log",
			Example: example(report.StepStartTLS, report.ErrStartTLSRefused)},
		{Kind: "plaintext_refused", Match: is(report.ErrPlaintextRefused), Detail: text,
			Advice:  "use --tls=starttls or implicit, or accept it: --allow-plaintext-auth",
			Example: example(report.StepLogin, report.ErrPlaintextRefused)},
		{Kind: "login_disabled", Match: both(is(report.ErrLoginDisabled), encrypted), Detail: text,
			Advice:  "use a mechanism it offers (--auth), such as OAuth",
			Example: &report.StepError{Step: report.StepLogin, Err: report.ErrLoginDisabled, Encrypted: true}},
		{Kind: "login_disabled", Match: is(report.ErrLoginDisabled), Detail: text,
			Advice: "use --tls=starttls or --tls=implicit", Example: example(report.StepLogin, report.ErrLoginDisabled)},
		{Kind: "no_mechanism", Match: is(report.ErrNoMechanism), Detail: text,
			Advice:  "choose one that is offered (--auth), or switch this one on",
			Example: example(report.StepLogin, report.ErrNoMechanism)},
		{Kind: "auth_failed", Match: is(report.ErrServerProof), Detail: fixed("the server did not prove that it knows the password"),
			Advice:  "is this the right server? another one may answer in its place (the password was not sent)",
			Example: example(report.StepLogin, report.ErrServerProof),
			Source:  "RFC 5802 section 3"},
		{Kind: "auth_failed", Match: as[*report.LoginHeld](), Phrase: heldPhrase,
			Advice: checkPassword, Example: example(report.StepLogin, &report.LoginHeld{Address: "192.0.2.7"})},
		{Kind: "message_missing", Match: at(report.ErrMessageMissing, report.StepSearch), Detail: text,
			Advice:  "is mail arriving here, and does --search say what is meant?",
			Example: example(report.StepSearch, report.ErrMessageMissing)},
		{Kind: "message_missing", Match: at(report.ErrMessageMissing, report.StepAppend), Detail: text,
			Advice:  "does the mail store lose mail, or does a rule move it? see the log of the server",
			Example: example(report.StepAppend, report.ErrMessageMissing)},
		{Kind: "no_permission", Match: is(report.ErrReadOnly), Detail: text,
			Advice:  "check the rights of the user (ACL), or is the mail store mounted read-only?",
			Example: example(report.StepAppend, fmt.Errorf("%w: Probe is read-only", report.ErrReadOnly))},
		{Kind: "message_missing", Match: is(report.ErrMailboxEmpty), Phrase: fixed("failed, the mailbox is empty"),
			Advice:  "is mail arriving here?",
			Example: example(report.StepFetch, fmt.Errorf("%w: %w", report.ErrMessageMissing, report.ErrMailboxEmpty))},
		{Kind: "message_misfiled", Match: is(report.ErrMisfiled), Detail: text,
			Advice:  "see what the spam filter says of it, or train it",
			Example: example(report.StepFetch, fmt.Errorf("%w: the message is in Junk", report.ErrMisfiled)),
			Source:  "RFC 6154 section 2"},
		{Kind: "message_missing", Match: is(report.ErrMessageMissing), Detail: text,
			Advice:  "is mail arriving here, and does --message name one that exists?",
			Example: example(report.StepFetch, report.ErrMessageMissing)},
		{Kind: "expectation", Match: is(report.ErrNotOffered), Detail: text,
			Advice:  "switch it on in the server, or do not ask for it",
			Example: example(report.StepQuota, fmt.Errorf("%w: capability QUOTA is missing", report.ErrNotOffered))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepFetch), Detail: text,
			Advice:  "is this the message that is meant (--message)?",
			Example: example(report.StepFetch, fmt.Errorf("%w: message 42 has no header field X-Canary", report.ErrExpectation))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepSelect), Detail: text,
			Advice:  "was the mailbox moved or restored, or were its rights changed?",
			Example: example(report.StepSelect, fmt.Errorf("%w: INBOX is read-only", report.ErrExpectation))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepRights), Detail: text,
			Advice:  "was the list of rights (ACL) of the mailbox changed?",
			Example: example(report.StepRights, fmt.Errorf("%w: alice may not insert mail (i) in INBOX (rights lrs)", report.ErrExpectation))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepList), Detail: text,
			Advice:  "was the folder renamed or deleted, or does --list leave it out?",
			Example: example(report.StepList, fmt.Errorf("%w: mailbox Sent is not listed", report.ErrExpectation))},
		{Kind: "expectation", Match: is(report.ErrExpectation), Detail: text,
			Advice:  "was the server changed or upgraded?",
			Example: example(report.StepCapability, fmt.Errorf("%w: IDLE is missing", report.ErrExpectation))},
	}
}

// fallbacks take what no row above has taken.
func fallbacks() []failureRow {
	return []failureRow{
		{Kind: "bad", Match: both(notUnderstood, func(e *report.StepError) bool { return e.Step == report.StepLogin && e.Mechanism != "" }),
			Advice:  "does the server accept this mechanism, with an initial response? try another --auth",
			Example: badMechanismExample()},
		{Kind: "bad", Match: notUnderstood, Source: "Courier answers NO where BAD is meant",
			Advice:  "the server did not accept the command: see the transcript (-vvv)",
			Example: exampleReply(report.StepList, report.ErrNo, imap.StatusResponseTypeNo, "", courierBad)},
		{Kind: "auth_failed", Match: at(report.ErrNo, report.StepLogin),
			Advice:  "is it the password? see the log of the server",
			Example: exampleReply(report.StepLogin, report.ErrNo, imap.StatusResponseTypeNo, "", "No.")},
		{Kind: "unavailable", Match: at(report.ErrBye, report.StepLogin),
			Advice:  "see the log of the server: it cut off the login itself",
			Example: exampleReply(report.StepLogin, report.ErrBye, imap.StatusResponseTypeBye, "", "Bye.")},
		{Kind: "rejected", Match: is(report.ErrNo),
			Advice:  "see the log of the server",
			Example: exampleReply(report.StepList, report.ErrNo, imap.StatusResponseTypeNo, "", "Not now.")},
		{Kind: "bye", Match: is(report.ErrBye),
			Advice:  "is the server shutting down, overloaded, or blocking this address?",
			Example: exampleReply(report.StepGreeting, report.ErrBye, imap.StatusResponseTypeBye, "", "Overloaded.")},
		{Kind: "closed", Match: both(both(gone, beforeGreeting), certificateKey), Detail: waiting,
			Advice:  "does the server have a certificate of the kind of --certificate-key?",
			Example: setupExample(report.StepTLS, report.ErrClosed, report.Setup{CertificateKey: "ecdsa"})},
		{Kind: "closed", Match: both(gone, beforeGreeting), Detail: waiting,
			Advice:  "too many connections, a crash, or a port that expects --proxy-protocol? see the log of the server",
			Example: example(report.StepTLS, report.ErrClosed)},
		{Kind: "closed", Match: gone, Detail: waiting,
			Advice:  "see the log of the server: too many connections from here, or a crash?",
			Example: example(report.StepList, report.ErrClosed)},
		{Kind: "protocol", Match: func(*report.StepError) bool { return true }, Detail: protocolDetail,
			Advice:  "see the transcript (-vvv), and report it",
			Example: &report.StepError{Step: report.StepSelect, Err: report.ErrProtocol, Line: "* what"}},
	}
}
