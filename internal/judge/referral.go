package judge

import (
	"net/url"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// codeReferral is the response code by which a server names another one for this
// user (RFC 2221) or this mailbox (RFC 2193). go-imap has no name for it.
const codeReferral imap.ResponseCode = "REFERRAL"

func referralExample() *report.StepError {
	e := codeExample(report.StepLogin, codeReferral)
	e.Reply.Arg = "imap://probe;AUTH=*@mx2.example.com/"
	return e
}

// referredTo says what the server refers to which server.
func referredTo(e *report.StepError) string {
	what := "client"
	switch {
	case e.Step == report.StepLogin:
		what = "user"
	case onMailbox(e):
		what = "mailbox"
	}
	host := report.Foreign(referralHost(e.Reply.Arg))
	if host == "" {
		host = "another one"
	}
	return "the server refers this " + what + " to " + host
}

// referralHost returns the server that the first URL of a referral names, with
// its port where that is given; "" where there is none. See RFC 5092 section 3.
func referralHost(arg string) string {
	first, _, _ := strings.Cut(arg, " ")
	u, err := url.Parse(first)
	if err != nil {
		return ""
	}
	return u.Host
}
