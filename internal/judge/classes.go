package judge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// Class is one row of the failure table: how a failure is recognised, and what
// to do about it. The first row that matches gives the kind.
type Class struct {
	Kind   string
	Match  func(*report.StepError) bool
	Advice string // an action or a question, one line
	// State is used in place of the kind's; OK, the zero value, means the kind's.
	State report.State
	// Phrase returns what stands behind the step's name in place of the kind's verb and
	// cause and of Detail; nil means these.
	Phrase func(*report.StepError) string
	// Detail returns what is worth saying behind the kind's phrase; nil and ""
	// say nothing.
	Detail func(*report.StepError) string
	// Example is a failure of this class; a test proves that this row, and none
	// above it, takes it.
	Example *report.StepError
	Source  string // where the recognition comes from
}

// classes is the failure table. It is put together for the first failure: a
// check that goes well needs none of it.
var classes = sync.OnceValue(Classes)

// Classes returns the failure table, in the order in which rows are tried.
func Classes() []Class {
	return slices.Concat(ourClasses(), logoutClasses(), tokenClasses(), arrivedClasses(), networkClasses(), proxyClasses(), tlsClasses(), serviceClasses(), wordingClasses(busyWordings()), commandClasses(), wordingClasses(wordings()), mechanismClasses(), codeClasses(), lastClasses())
}

// classify returns the row for a failure. The last row takes everything.
func classify(e *report.StepError) Class {
	all := classes()
	for _, c := range all {
		if c.Match(e) {
			return c
		}
	}
	return all[len(all)-1]
}

// is returns a Match for a condition.
func is(target error) func(*report.StepError) bool {
	return func(e *report.StepError) bool { return errors.Is(e.Err, target) }
}

// at returns a Match for a condition at certain steps.
func at(target error, steps ...string) func(*report.StepError) bool {
	return func(e *report.StepError) bool { return errors.Is(e.Err, target) && onStep(e, steps) }
}

func onStep(e *report.StepError, steps []string) bool {
	return len(steps) == 0 || slices.Contains(steps, e.Step)
}

// as returns a Match for an error type.
func as[T error]() func(*report.StepError) bool {
	return func(e *report.StepError) bool {
		var t T
		return errors.As(e.Err, &t)
	}
}

func both(a, b func(*report.StepError) bool) func(*report.StepError) bool {
	return func(e *report.StepError) bool { return a(e) && b(e) }
}

func either(ms ...func(*report.StepError) bool) func(*report.StepError) bool {
	return func(e *report.StepError) bool {
		for _, m := range ms {
			if m(e) {
				return true
			}
		}
		return false
	}
}

func notOn(steps ...string) func(*report.StepError) bool {
	return func(e *report.StepError) bool { return !onStep(e, steps) }
}

// onStore reports a step that depends on the mail store.
func onStore(e *report.StepError) bool { return e.About == report.AboutStore || onMailbox(e) }

// onMailbox reports a step that names the mailbox to the server.
func onMailbox(e *report.StepError) bool { return e.About == report.AboutMailbox }

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

func ourClasses() []Class {
	return []Class{
		{Kind: "interrupted", Match: is(report.ErrInterrupted), Detail: waiting,
			Advice: "is the time limit of the scheduler below -t?", Example: example(report.StepLogin, report.ErrInterrupted)},
		{Kind: "internal", Match: is(report.ErrInternal), Detail: text,
			Advice: "please report this with the output of -vvv", Example: example(report.StepList, fmt.Errorf("%w: boom", report.ErrInternal))},
		{Kind: "config", Match: is(report.ErrConfig), Detail: text,
			Advice: "correct the file or command named here", Example: example(report.StepLogin, fmt.Errorf("%w: no such file", report.ErrConfig))},
	}
}

// logoutClasses stand before all that is the server's: whatever goes wrong with
// LOGOUT, the session was over.
func logoutClasses() []Class {
	return []Class{
		{Kind: "logout", Match: func(e *report.StepError) bool { return e.Step == report.StepLogout }, Detail: logoutDetail,
			Advice: "does the server log an error for this session?", Example: example(report.StepLogout, report.ErrTimeout)},
	}
}

func serviceClasses() []Class {
	return []Class{
		{Kind: "not_imap", Match: serviceWith("--tls=implicit"), Detail: serviceDetail,
			Advice: "use --tls=implicit", Example: example(report.StepGreeting, &report.NotIMAP{Service: "TLS", Hint: "--tls=implicit"})},
		{Kind: "not_imap", Match: serviceWith("--tls=starttls"), Detail: serviceDetail,
			Advice: "use --tls=starttls (or --tls=none)", Example: example(report.StepTLS, &report.NotIMAP{Service: "IMAP without TLS", Hint: "--tls=starttls"})},
		{Kind: "not_imap", Match: as[*report.NotIMAP](), Detail: serviceDetail,
			Advice: "check -p: IMAP is usually on 993 (implicit TLS) or 143 (STARTTLS)", Example: example(report.StepGreeting, &report.NotIMAP{Service: "SMTP"})},
		{Kind: "too_large", Match: is(report.ErrTooLarge), Detail: text,
			Advice: "is this an IMAP server? see the transcript (-vvv)", Example: example(report.StepList, report.ErrTooLarge)},
		{Kind: "starttls_missing", Match: is(report.ErrStartTLSMissing),
			Advice: "switch it on, use --tls=implicit -p 993, or find out what removes it on the way", Example: example(report.StepStartTLS, report.ErrStartTLSMissing)},
		{Kind: "starttls_refused", Match: both(is(report.ErrStartTLSRefused), preauth), Detail: fixed("the server greeted with PREAUTH, which leaves no room for TLS"),
			Advice: "use --tls=implicit, or find out who logs us in before TLS", Example: exampleReply(report.StepGreeting, report.ErrStartTLSRefused, imap.StatusResponseTypePreAuth, "", "Welcome.")},
		{Kind: "starttls_refused", Match: is(report.ErrStartTLSRefused),
			Advice: "does the server find its certificate and key? see its log", Example: example(report.StepStartTLS, report.ErrStartTLSRefused)},
		{Kind: "plaintext_refused", Match: is(report.ErrPlaintextRefused), Detail: text,
			Advice: "use --tls=starttls or implicit, or accept it: --allow-plaintext-auth", Example: example(report.StepLogin, report.ErrPlaintextRefused)},
		{Kind: "login_disabled", Match: both(is(report.ErrLoginDisabled), func(e *report.StepError) bool { return e.Encrypted }), Detail: text,
			Advice: "use a mechanism it offers (--auth), such as OAuth", Example: &report.StepError{Step: report.StepLogin, Err: report.ErrLoginDisabled, Encrypted: true}},
		{Kind: "login_disabled", Match: is(report.ErrLoginDisabled), Detail: text,
			Advice: "use --tls=starttls or --tls=implicit", Example: example(report.StepLogin, report.ErrLoginDisabled)},
		{Kind: "no_mechanism", Match: is(report.ErrNoMechanism), Detail: text,
			Advice: "choose one that is offered (--auth), or switch this one on", Example: example(report.StepLogin, report.ErrNoMechanism)},
		{Kind: "auth_failed", Match: is(report.ErrServerProof), Detail: fixed("the server did not prove that it knows the password"),
			Advice: "is this the right server? another one may answer in its place (the password was not sent)", Example: example(report.StepLogin, report.ErrServerProof), Source: "RFC 5802 section 3"},
		{Kind: "auth_failed", Match: as[*report.LoginHeld](), Phrase: heldPhrase,
			Advice: checkPassword, Example: example(report.StepLogin, &report.LoginHeld{Address: "192.0.2.7"})},
		{Kind: "message_missing", Match: at(report.ErrMessageMissing, report.StepSearch), Detail: text,
			Advice: "is mail arriving here, and does --search say what is meant?", Example: example(report.StepSearch, report.ErrMessageMissing)},
		{Kind: "message_missing", Match: at(report.ErrMessageMissing, report.StepAppend), Detail: text,
			Advice: "does the mail store lose mail, or does a rule move it? see the log of the server", Example: example(report.StepAppend, report.ErrMessageMissing)},
		{Kind: "no_permission", Match: is(report.ErrReadOnly), Detail: text,
			Advice: "check the rights of the user (ACL), or is the mail store mounted read-only?", Example: example(report.StepAppend, fmt.Errorf("%w: Probe is read-only", report.ErrReadOnly))},
		{Kind: "message_missing", Match: is(report.ErrMailboxEmpty), Phrase: fixed("failed, the mailbox is empty"),
			Advice: "is mail arriving here?", Example: example(report.StepFetch, fmt.Errorf("%w: %w", report.ErrMessageMissing, report.ErrMailboxEmpty))},
		{Kind: "message_misfiled", Match: is(report.ErrMisfiled), Detail: text,
			Advice: "see what the spam filter says of it, or train it", Example: example(report.StepFetch, fmt.Errorf("%w: the message is in Junk", report.ErrMisfiled)), Source: "RFC 6154 section 2"},
		{Kind: "message_missing", Match: is(report.ErrMessageMissing), Detail: text,
			Advice: "is mail arriving here, and does --message name one that exists?", Example: example(report.StepFetch, report.ErrMessageMissing)},
		{Kind: "expectation", Match: is(report.ErrNotOffered), Detail: text,
			Advice: "switch it on in the server, or do not ask for it", Example: example(report.StepQuota, fmt.Errorf("%w: capability QUOTA is missing", report.ErrNotOffered))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepFetch), Detail: text,
			Advice: "is this the message that is meant (--message)?", Example: example(report.StepFetch, fmt.Errorf("%w: message 42 has no header field X-Canary", report.ErrExpectation))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepSelect), Detail: text,
			Advice: "was the mailbox moved or restored, or were its rights changed?", Example: example(report.StepSelect, fmt.Errorf("%w: INBOX is read-only", report.ErrExpectation))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepRights), Detail: text,
			Advice: "was the list of rights (ACL) of the mailbox changed?", Example: example(report.StepRights, fmt.Errorf("%w: alice may not insert mail (i) in INBOX (rights lrs)", report.ErrExpectation))},
		{Kind: "expectation", Match: at(report.ErrExpectation, report.StepList), Detail: text,
			Advice: "was the folder renamed or deleted, or does --list leave it out?", Example: example(report.StepList, fmt.Errorf("%w: mailbox Sent is not listed", report.ErrExpectation))},
		{Kind: "expectation", Match: is(report.ErrExpectation), Detail: text,
			Advice: "was the server changed or upgraded?", Example: example(report.StepCapability, fmt.Errorf("%w: IDLE is missing", report.ErrExpectation))},
	}
}

// lastClasses take what no row above has taken.
func lastClasses() []Class {
	return []Class{
		{Kind: "bad", Match: both(notUnderstood, func(e *report.StepError) bool { return e.Step == report.StepLogin && e.Mechanism != "" }),
			Advice: "does the server accept this mechanism, with an initial response? try another --auth", Example: badMechanismExample()},
		{Kind: "bad", Match: notUnderstood, Source: "Courier answers NO where BAD is meant",
			Advice: "the server did not accept the command: see the transcript (-vvv)", Example: exampleReply(report.StepList, report.ErrNo, imap.StatusResponseTypeNo, "", courierBad)},
		{Kind: "auth_failed", Match: at(report.ErrNo, report.StepLogin),
			Advice: "is it the password? see the log of the server", Example: exampleReply(report.StepLogin, report.ErrNo, imap.StatusResponseTypeNo, "", "No.")},
		{Kind: "unavailable", Match: at(report.ErrBye, report.StepLogin),
			Advice: "see the log of the server: it cut off the login itself", Example: exampleReply(report.StepLogin, report.ErrBye, imap.StatusResponseTypeBye, "", "Bye.")},
		{Kind: "rejected", Match: is(report.ErrNo),
			Advice: "see the log of the server", Example: exampleReply(report.StepList, report.ErrNo, imap.StatusResponseTypeNo, "", "Not now.")},
		{Kind: "bye", Match: is(report.ErrBye),
			Advice: "is the server shutting down, overloaded, or blocking this address?", Example: exampleReply(report.StepGreeting, report.ErrBye, imap.StatusResponseTypeBye, "", "Overloaded.")},
		{Kind: "closed", Match: both(both(gone, beforeGreeting), setup(func(u report.Setup) bool { return u.CertificateKey != "" })), Detail: waiting,
			Advice: "does the server have a certificate of the kind of --certificate-key?", Example: setupExample(report.StepTLS, report.ErrClosed, report.Setup{CertificateKey: "ecdsa"})},
		{Kind: "closed", Match: both(gone, beforeGreeting), Detail: waiting,
			Advice: "too many connections, a crash, or a port that expects --proxy-protocol? see the log of the server", Example: example(report.StepTLS, report.ErrClosed)},
		{Kind: "closed", Match: gone, Detail: waiting,
			Advice: "see the log of the server: too many connections from here, or a crash?", Example: example(report.StepList, report.ErrClosed)},
		{Kind: "protocol", Match: func(*report.StepError) bool { return true }, Detail: protocolDetail,
			Advice: "see the transcript (-vvv), and report it", Example: &report.StepError{Step: report.StepSelect, Err: report.ErrProtocol, Line: "* what"}},
	}
}

// gone reports a connection that ended without a word.
func gone(e *report.StepError) bool {
	return errors.Is(e.Err, report.ErrClosed) || errors.Is(e.Err, syscall.ECONNRESET) ||
		errors.Is(e.Err, syscall.EPIPE) || errors.Is(e.Err, syscall.ECONNABORTED)
}

func fixed(s string) func(*report.StepError) string {
	return func(*report.StepError) string { return s }
}

// text is the detail that is in the error itself, without the condition's own
// words in front of it. What a condition of ours does not say is foreign.
func text(e *report.StepError) string {
	msg := strings.TrimPrefix(e.Err.Error(), report.ErrToken.Error()+": ")
	for _, c := range []error{report.ErrSelfSigned, report.ErrMissingIntermediate, report.ErrUnknownAuthority, report.ErrWeakSignature, report.ErrWeakKey} {
		if errors.Is(e.Err, c) {
			return msg
		}
	}
	for _, c := range []error{report.ErrConfig, report.ErrInternal, report.ErrTooLarge, report.ErrMisfiled, report.ErrReadOnly, report.ErrMessageMissing, report.ErrExpectation, report.ErrNotOffered, report.ErrAddressFailed, report.ErrNodesDiffer, report.ErrValidityDiffers, report.ErrManyAddresses, report.ErrCertificateMismatch, report.ErrOtherCertificate, report.ErrLoginDisabled, report.ErrPlaintextRefused, report.ErrNoMechanism, report.ErrNoAddress, report.ErrToken} {
		if errors.Is(e.Err, c) {
			if msg == c.Error() {
				return ""
			}
			msg = strings.TrimPrefix(strings.TrimPrefix(msg, c.Error()), ", ")
			msg = strings.TrimPrefix(msg, ": ")
			if c == report.ErrInternal || c == report.ErrConfig || c == report.ErrToken { // around any other error
				return report.Foreign(msg)
			}
			return msg
		}
	}
	msg, _, _ = strings.Cut(msg, "\n")
	return report.Foreign(strings.TrimPrefix(msg, "remote error: "))
}

func waiting(e *report.StepError) string {
	if e.Waiting == "" {
		return ""
	}
	return withOthers("waiting for "+e.Waiting, e, report.ErrTimeout)
}

// setup returns a Match for what was asked for.
func setup(has func(report.Setup) bool) func(*report.StepError) bool {
	return func(e *report.StepError) bool { return has(e.Setup) }
}

func setupExample(step string, err error, u report.Setup) *report.StepError {
	return &report.StepError{Step: step, Err: err, Setup: u}
}

// serviceWith returns a Match for a service that a certain flag would reach.
func serviceWith(hint string) func(*report.StepError) bool {
	return func(e *report.StepError) bool {
		var n *report.NotIMAP
		return errors.As(e.Err, &n) && n.Hint == hint
	}
}

func serviceDetail(e *report.StepError) string {
	var n *report.NotIMAP
	errors.As(e.Err, &n)
	if n.Binary > 0 {
		return fmt.Sprintf("not IMAP: %d bytes of binary data", n.Binary)
	}
	if n.Service == "" {
		return "no IMAP server answers"
	}
	return "this is " + n.Service
}

func preauth(e *report.StepError) bool {
	return e.Reply != nil && imap.StatusResponseType(e.Reply.Status) == imap.StatusResponseTypePreAuth
}

func logoutDetail(e *report.StepError) string {
	if errors.Is(e.Err, report.ErrTimeout) {
		return "no answer"
	}
	return ""
}

func protocolDetail(e *report.StepError) string {
	msg := e.Err.Error()
	if rest, ok := strings.CutPrefix(msg, report.ErrProtocol.Error()+": "); ok {
		return rest
	}
	if errors.Is(e.Err, report.ErrProtocol) {
		return ""
	}
	return text(e)
}
