package session

import (
	"regexp"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// Expect is what the user expects of the server. What is not as expected is a fault
// that does not end the session. The zero value expects nothing.
type Expect struct {
	Greeting     *regexp.Regexp // matches the greeting's text; nil for any
	Capabilities []string       // offered before login (under TLS, where there is TLS) or after it
	Forbidden    []string       // offered neither before nor after
	Mailboxes    []string       // listed: names in UTF-8, or special uses (\Trash)
	Headers      []Header       // of the fetched message
	UIDValidity  uint32         // of the mailbox; 0 for any
	Writable     bool           // the mailbox is opened read-write; needs Config.ReadWrite
	Rights       imap.RightSet  // that MYRIGHTS names at least; nil for any
	ID           *regexp.Regexp // matches the answer to ID, written "name=N, version=V, ..."; nil for any
}

// capabilities says whether anything is expected of the capabilities.
func (e Expect) capabilities() bool { return len(e.Capabilities)+len(e.Forbidden) > 0 }

// expectGreeting checks the greeting.
func (s *Session) expectGreeting(rec *Recorder, words string) {
	if re := s.cfg.Expect.Greeting; re != nil && !re.MatchString(words) {
		rec.Fault(report.ErrExpectation, "the greeting does not match %s", re)
	}
}

// expectCapabilities checks the lists from before and after login. It is called
// when no further list will come.
func (s *Session) expectCapabilities(rec *Recorder, lists ...imap.CapSet) {
	offered := func(name string) bool {
		return slices.ContainsFunc(lists, func(set imap.CapSet) bool {
			_, ok := set[client.CapabilityNamed(name)]
			return ok
		})
	}
	for _, name := range s.cfg.Expect.Capabilities {
		if !offered(name) {
			rec.Fault(report.ErrExpectation, "%s is missing", name)
		}
	}
	for _, name := range s.cfg.Expect.Forbidden {
		if offered(name) {
			rec.Fault(report.ErrExpectation, "%s is offered", name)
		}
	}
}

// unlisted returns those of the expected mailboxes that a row of LIST does not name.
func unlisted(expected []string, row *imap.ListData) []string {
	if client.HasAttr(row, imap.MailboxAttrNonExistent) {
		return expected
	}
	return slices.DeleteFunc(expected, func(want string) bool {
		return row.Mailbox == want || strings.EqualFold(want, "INBOX") && strings.EqualFold(row.Mailbox, "INBOX") ||
			specialUse(want) && client.HasAttr(row, imap.MailboxAttr(want))
	})
}

// specialUse says whether an expected mailbox is named by what it is for. See
// RFC 6154 section 2.
func specialUse(name string) bool { return strings.HasPrefix(name, `\`) }
