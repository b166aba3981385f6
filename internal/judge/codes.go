package judge

import (
	"errors"
	"regexp"
	"slices"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// coded returns a match for NO, BAD and BYE with a response code.
func coded(code imap.ResponseCode) match {
	return func(e *report.StepError) bool { return e.Reply != nil && codeOf(e) == code && refusal(e) }
}

// codeOf returns the response code of a failure that has a reply.
func codeOf(e *report.StepError) imap.ResponseCode { return imap.ResponseCode(e.Reply.Code) }

// refusal says whether it was a reply that ended the step.
func refusal(e *report.StepError) bool {
	return errors.Is(e.Err, report.ErrNo) || errors.Is(e.Err, report.ErrBad) || errors.Is(e.Err, report.ErrBye)
}

func codeExample(step string, code imap.ResponseCode) *report.StepError {
	return exampleReply(step, report.ErrNo, imap.StatusResponseTypeNo, code, "No.")
}

// inClear takes TLS away from an example.
func inClear(e *report.StepError) *report.StepError {
	e.Encrypted = false
	return e
}

const rfc5530 = "RFC 5530 section 3"

// codeFailures tell failures apart by response code.
func codeFailures() []failureRow {
	return []failureRow{
		{Kind: "referral", Match: coded(codeReferral), Detail: referredTo, Source: "RFC 2221, RFC 2193",
			Advice: "point -H there", Example: referralExample()},
		{Kind: "auth_failed", Match: coded(imap.ResponseCodeAuthenticationFailed), Source: rfc5530,
			Advice: checkPassword, Example: codeExample(report.StepLogin, imap.ResponseCodeAuthenticationFailed)},
		{Kind: "auth_failed", Match: both(coded(imap.ResponseCodeAuthorizationFailed), on(report.StepLogin)), Source: rfc5530,
			Advice:  "may these credentials act as this user? check shared mailbox rights",
			Example: codeExample(report.StepLogin, imap.ResponseCodeAuthorizationFailed)},
		{Kind: "no_permission", Match: coded(imap.ResponseCodeAuthorizationFailed), Source: rfc5530,
			Advice:  "check the rights of the user (ACL)",
			Example: codeExample(report.StepSelect, imap.ResponseCodeAuthorizationFailed)},
		{Kind: "auth_expired", Match: coded(imap.ResponseCodeExpired), Source: rfc5530,
			Advice: "set a new password for this account", Example: codeExample(report.StepLogin, imap.ResponseCodeExpired)},
		{Kind: "bye", Match: both(coded(imap.ResponseCodeUnavailable), on(report.StepGreeting)), Source: rfc5530,
			Advice:  "is the server being restarted on purpose? if not, see its log",
			Example: exampleReply(report.StepGreeting, report.ErrBye, imap.StatusResponseTypeBye, imap.ResponseCodeUnavailable, "Shutting down.")},
		{Kind: "unavailable", Match: coded(imap.ResponseCodeUnavailable), Source: rfc5530,
			Advice:  "is its user database, mail store or back end down?",
			Example: codeExample(report.StepLogin, imap.ResponseCodeUnavailable)},
		{Kind: "limit", Match: coded(imap.ResponseCodeLimit), Source: rfc5530,
			Advice:  "are sessions of this user left open, or does the check run too often?",
			Example: codeExample(report.StepLogin, imap.ResponseCodeLimit)},
		{Kind: "unavailable", Match: both(coded(imap.ResponseCodeInUse), on(report.StepLogin)), Source: rfc5530,
			Advice: lockedAdvice, Example: codeExample(report.StepLogin, imap.ResponseCodeInUse)},
		{Kind: "rejected", Match: coded(imap.ResponseCodeInUse), Source: rfc5530,
			Advice: lockedAdvice, Example: codeExample(report.StepSelect, imap.ResponseCodeInUse)},
		{Kind: "no_permission", Match: coded(imap.ResponseCodeNoPerm), Source: rfc5530,
			Advice: "check the rights of the user (ACL)", Example: codeExample(report.StepSelect, imap.ResponseCodeNoPerm)},
		{Kind: "login_disabled", Match: coded(imap.ResponseCodePrivacyRequired), Source: rfc5530,
			Advice:  "use --tls=starttls or --tls=implicit",
			Example: inClear(codeExample(report.StepLogin, imap.ResponseCodePrivacyRequired))},
		{Kind: "auth_failed", Match: both(coded(imap.ResponseCodeContactAdmin), on(report.StepLogin)), Source: rfc5530,
			Advice:  "is the account disabled or locked? ask its admin",
			Example: codeExample(report.StepLogin, imap.ResponseCodeContactAdmin)},
		{Kind: "rejected", Match: coded(imap.ResponseCodeContactAdmin), Source: rfc5530,
			Advice: "ask the admin of the server", Example: codeExample(report.StepSelect, imap.ResponseCodeContactAdmin)},
		{Kind: "over_quota", Match: coded(imap.ResponseCodeOverQuota), Source: rfc5530,
			Advice: "delete mail or raise the quota", Example: codeExample(report.StepSelect, imap.ResponseCodeOverQuota)},
		{Kind: "auth_failed", Match: both(coded(imap.ResponseCodeNonExistent), on(report.StepLogin)), Source: rfc5530,
			Advice: "check the user name", Example: codeExample(report.StepLogin, imap.ResponseCodeNonExistent)},
		{Kind: "mailbox_missing", Match: both(either(coded(imap.ResponseCodeNonExistent), coded(imap.ResponseCodeTryCreate)), onMailbox),
			Detail: whichMailbox, Source: rfc5530,
			Advice:  missingMailbox,
			Example: about(report.AboutMailbox, codeExample(report.StepSelect, imap.ResponseCodeNonExistent))},
		{Kind: "message_missing", Match: both(coded(imap.ResponseCodeNonExistent), on(report.StepFetch)), Source: rfc5530,
			Advice:  "does --message name a message that exists?",
			Example: codeExample(report.StepFetch, imap.ResponseCodeNonExistent)},
		{Kind: "unavailable", Match: both(coded(imap.ResponseCodeServerBug), on(report.StepLogin)), Source: rfc5530,
			Advice:  "internal error on the server: see its log",
			Example: codeExample(report.StepLogin, imap.ResponseCodeServerBug)},
		{Kind: "rejected", Match: coded(imap.ResponseCodeServerBug), Source: rfc5530,
			Advice:  "internal error on the server: see its log",
			Example: codeExample(report.StepSelect, imap.ResponseCodeServerBug)},
		{Kind: "bad", Match: coded(imap.ResponseCodeClientBug), Source: rfc5530,
			Advice:  "the server says we made a mistake: report it with -vvv",
			Example: codeExample(report.StepList, imap.ResponseCodeClientBug)},
		{Kind: "rejected", Match: coded(imap.ResponseCodeCorruption), Source: rfc5530,
			Advice:  "the mail store is damaged: see the log and repair the mailbox",
			Example: codeExample(report.StepSelect, imap.ResponseCodeCorruption)},
		{Kind: "rejected", Match: both(coded(imap.ResponseCodeCannot), not(on(report.StepLogin))), Source: rfc5530,
			Advice:  "the server cannot do that: does it allow such a name?",
			Example: codeExample(report.StepSelect, imap.ResponseCodeCannot)},
	}
}

// wording is a sentence by which servers that send no code, or a misleading
// one, say why. Rows are tried in order, before the codes.
type wording struct {
	Kind   string
	Code   imap.ResponseCode // the row needs this code; "" means none or ALERT
	Steps  []string          // only at these, or at those that are about About; both empty means any
	About  []report.About    // the first one is that of the example
	Except string            // but never at this step; "" means none
	Words  *regexp.Regexp    // matches the reply's text, case does not matter
	Server *regexp.Regexp    // matches the greeting too; nil means any server
	Clear  bool              // only without TLS
	// Password rows are about a password: not for tokens and certificates.
	Password bool
	Advice   string
	Example  string                  // a text as a real server says it
	Status   imap.StatusResponseType // of the example; "" means NO
	Source   string
}

// wordingRows turns wordings into rows of the failure table.
func wordingRows(wordings []wording) []failureRow {
	var out []failureRow
	for _, w := range wordings {
		c := failureRow{Kind: w.Kind, Match: w.matches, Advice: w.Advice, Source: w.Source, Example: w.example()}
		if w.Kind == "mailbox_missing" {
			c.Detail = whichMailbox
		}
		out = append(out, c)
	}
	return out
}

func (w wording) matches(e *report.StepError) bool {
	if e.Reply == nil || !refusal(e) || !w.at(e) || w.Clear && e.Encrypted || w.Password && !triedPassword(e) {
		return false
	}
	code := codeOf(e)
	if code == imap.ResponseCodeAlert {
		code = ""
	}
	if code != w.Code || w.Server != nil && !w.Server.MatchString(e.Greeting) {
		return false
	}
	return w.Words.MatchString(e.Reply.Text)
}

// at says whether the row is meant for the step that failed.
func (w wording) at(e *report.StepError) bool {
	any := len(w.Steps) == 0 && len(w.About) == 0
	return e.Step != w.Except && (any || slices.Contains(w.Steps, e.Step) || slices.Contains(w.About, e.About))
}

func (w wording) example() *report.StepError {
	status, step := w.Status, report.StepLogin
	if status == "" {
		status = imap.StatusResponseTypeNo
	}
	var about report.About
	switch {
	case len(w.About) > 0:
		about = w.About[0]
		step = map[report.About]string{
			report.AboutAccount: report.StepLogin, report.AboutStore: report.StepList, report.AboutMailbox: report.StepSelect,
		}[about]
	case len(w.Steps) > 0:
		step = w.Steps[0]
	}
	err := map[imap.StatusResponseType]error{
		imap.StatusResponseTypeNo: report.ErrNo, imap.StatusResponseTypeBad: report.ErrBad, imap.StatusResponseTypeBye: report.ErrBye,
	}[status]
	e := exampleReply(step, err, status, w.Code, w.Example)
	e.About, e.Encrypted = about, !w.Clear
	if w.Server != nil {
		e.Greeting = exchangeOnlineGreeting
	}
	return e
}
