package judge

import (
	"errors"
	"slices"
	"syscall"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// match recognises a failure.
type match func(*report.StepError) bool

// is returns a match for a condition.
func is(target error) match {
	return func(e *report.StepError) bool { return errors.Is(e.Err, target) }
}

// as returns a match for an error type.
func as[T error]() match {
	return func(e *report.StepError) bool {
		_, ok := errors.AsType[T](e.Err)
		return ok
	}
}

// on returns a match for a step.
func on(step string) match {
	return func(e *report.StepError) bool { return e.Step == step }
}

// at returns a match for a condition at one step.
func at(target error, step string) match { return both(is(target), on(step)) }

func both(a, b match) match {
	return func(e *report.StepError) bool { return a(e) && b(e) }
}

func either(ms ...match) match {
	return func(e *report.StepError) bool {
		return slices.ContainsFunc(ms, func(m match) bool { return m(e) })
	}
}

func not(m match) match {
	return func(e *report.StepError) bool { return !m(e) }
}

// onStore reports a step that depends on the mail store.
func onStore(e *report.StepError) bool { return e.About == report.AboutStore || onMailbox(e) }

// onMailbox reports a step that names the mailbox to the server.
func onMailbox(e *report.StepError) bool { return e.About == report.AboutMailbox }

// encrypted reports a failure under TLS.
func encrypted(e *report.StepError) bool { return e.Encrypted }

// certificateKey reports a session with --certificate-key.
func certificateKey(e *report.StepError) bool { return e.Setup.CertificateKey != "" }

// gone reports a connection that ended without a word.
func gone(e *report.StepError) bool {
	return errors.Is(e.Err, report.ErrClosed) || errors.Is(e.Err, syscall.ECONNRESET) ||
		errors.Is(e.Err, syscall.EPIPE) || errors.Is(e.Err, syscall.ECONNABORTED)
}

// serviceWith returns a match for a service that a certain flag would reach.
func serviceWith(hint string) match {
	return func(e *report.StepError) bool {
		n, ok := errors.AsType[*report.NotIMAP](e.Err)
		return ok && n.Hint == hint
	}
}

func preauth(e *report.StepError) bool {
	return e.Reply != nil && imap.StatusResponseType(e.Reply.Status) == imap.StatusResponseTypePreAuth
}
