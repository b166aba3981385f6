package report

import "strings"

// Mailbox tells the mailboxes of a session that opens several. The zero value
// stands for what concerns the whole session, and for all of a session that opens
// one mailbox.
type Mailbox struct {
	Name string // in UTF-8
	// Label stands behind the @ of the mailbox's metrics, and no other mailbox of
	// the session has it.
	Label string
	Place int // from 1, in the order of the session
	// Listed says that the name came from the server.
	Listed bool
}

// At returns the name of a metric, or of a fact, of this mailbox: messages@INBOX.
func (m Mailbox) At(name string) string {
	if m.Label == "" {
		return name
	}
	return name + "@" + m.Label
}

// Of returns what a person calls a step, or a metric, of this mailbox: "select of
// INBOX".
func (m Mailbox) Of(name string) string {
	if m.Label == "" {
		return name
	}
	return name + " of " + m.Shown()
}

// Shown returns the name for a sentence, marked where it is foreign.
func (m Mailbox) Shown() string {
	if m.Listed {
		return Foreign(m.Name)
	}
	return m.Name
}

// Named says whether this is the mailbox that a user means by a name: INBOX in any
// case (RFC 9051 section 5.1), or the label.
func (m Mailbox) Named(name string) bool {
	return name == m.Name || name == m.Label || strings.EqualFold(m.Name, "INBOX") && strings.EqualFold(name, "INBOX")
}
