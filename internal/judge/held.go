package judge

import (
	"errors"
	"time"

	"check_imap_session/internal/report"
)

// Rejected says whether a failure is that of user name, password or token, as the server
// has said: what locks an account when it is tried again and again.
func Rejected(e *report.StepError) bool {
	kind := rowFor(e).Kind
	return e.Step == report.StepLogin && e.Reply != nil && (kind == "auth_failed" || kind == "auth_expired")
}

// heldPhrase says why no login was tried. The times are UTC.
func heldPhrase(e *report.StepError) string {
	h, _ := errors.AsType[*report.LoginHeld](e.Err)
	if h.Address != "" {
		return "not tried: " + h.Address + " has rejected it already"
	}
	form := "15:04"
	if h.Next.Sub(h.Rejected) >= 24*time.Hour {
		form = "2006-01-02 15:04"
	}
	text := "not tried: rejected at " + h.Rejected.UTC().Format(form) + ", next try at " + h.Next.UTC().Format(form)
	if h.File {
		text += " or when " + secretWord(e) + " changes"
	}
	return text + " (lockout guard)"
}

// secretWord names what is shown at a login.
func secretWord(e *report.StepError) string {
	switch {
	case triedToken(e):
		return "the token"
	case !triedPassword(e):
		return "the client certificate"
	}
	return "the password"
}
