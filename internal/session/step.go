// Package session runs an IMAP session step by step and measures it. A Step is
// a value: what it needs, what it measures, and how it runs; the Catalog lists
// the steps in protocol order, Plan picks those a Config wants, Run runs them
// and returns a report.Report that is complete whatever happened. It judges
// nothing: no state, no threshold, no words for the user.
//
// The conversation itself, IMAP4rev1 and IMAP4rev2, is package client's: a step
// sends commands through it and turns what the server says into metrics, facts
// and faults.
//
// To add a step: write one file with its Step, add one line to catalog.go.
package session

import (
	"context"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// Level is how far a session has come. See RFC 9051 section 3.
type Level int

// The levels, each above the one before.
const (
	Cold Level = iota
	Connected
	Greeted
	Authenticated
	Selected
)

// Step is one step of the session.
type Step struct {
	Name string // public API: stem of its metric time_<name>, JSON key
	Doc  string // "LOGIN, RFC 9051 section 6.2.3"
	// Mailbox is the one of several mailboxes that the step is planned for; Plan sets
	// it. Zero in the catalog, and in a session that opens one mailbox.
	Mailbox report.Mailbox
	// About is what the step depends on; judge looks for the cause of a failure
	// there. The zero value means the network, or the server as such.
	About report.About
	// Own returns the mailbox that the step names to the server, when it is not one of
	// those that the session is about. Nil for any other step.
	Own func(*Config) string
	// Needs is the level the session must have reached; a step whose level no
	// earlier step gives is not planned.
	Needs Level
	// Gives is the level reached when the step has passed; zero when it changes none.
	Gives Level
	// Final steps are tried after a failure too, as long as the connection is
	// in a state to be spoken on.
	Final bool
	// Only are the metrics that are measured here, of a step that stands in the
	// catalog twice and measures others in the other place. Nil means all that
	// report's table has for the step, which is how every other step has it.
	Only []string
	// Also are metrics of another step that this one measures in a session without
	// that step.
	Also []string
	// Wanted says whether a configuration wants the step. Nil makes the step
	// optional: it is wanted when somebody asks for it, see Why.
	Wanted func(*Config) bool
	// When puts Wanted into words: "HOST is a name". "" for a step that every
	// session has, and for an optional one.
	When string
	// Flag is the flag of its own that asks for an optional step, "--search"; ""
	// when there is no such flag. Given says whether it was given; nil without Flag.
	Flag  string
	Given func(*Config) bool
	// Capability is what the server must offer for an optional step. Where it
	// does not, the step is skipped and that is a fault. "" for nothing.
	Capability imap.Cap
	// Consults says that the step looks at the capabilities that hold after
	// login, so that they have to be known. A Capability implies it.
	Consults bool
	// Explain says what the step does with a configuration, for --explain and for
	// a person who wants to do the same by hand.
	Explain func(*Config) Explanation
	// Run does it. Its error is a *report.StepError or anything that the
	// session can make one of.
	Run func(ctx context.Context, s *Session, rec *Recorder) error
}

// always is the Wanted of steps that every session has.
func always(*Config) bool { return true }
