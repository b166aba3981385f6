package session

import (
	"context"
	"fmt"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

var selectStep = Step{
	Name:    report.StepSelect,
	Doc:     "EXAMINE or SELECT, RFC 9051 sections 6.3.2 and 6.3.3",
	About:   report.AboutMailbox,
	Needs:   Authenticated,
	Gives:   Selected,
	Wanted:  (*Config).opens,
	Explain: explainSelect,
	Run:     runSelect,
}

// opens says whether the session opens mailboxes. Of those that --mailboxes finds,
// STATUS tells the numbers, as long as nothing inside of them is asked for.
func (c *Config) opens() bool {
	return c.Pattern == "" || c.fetches() || c.ReadWrite || c.Search.String() != "" || c.With[report.StepSearch] || c.With[report.StepStatus] ||
		c.hasThresholdOf(report.StepSearch) || c.hasThreshold(report.StepTime(report.StepSelect), report.MessagesDeleted)
}

// empty says whether STATUS has counted no message in the mailbox, so that there is
// no need to open it: queues are many, and most are empty.
func (s *Session) empty() bool {
	n, counted := s.statuses[s.mailbox.Name]["MESSAGES"]
	return counted && n == 0 && !s.cfg.ReadWrite && !s.cfg.fetches()
}

// verb returns the command that opens the mailbox.
func (c *Config) verb() string {
	if c.ReadWrite {
		return "SELECT"
	}
	return "EXAMINE"
}

func explainSelect(c *Config) Explanation {
	e := oneCommand(c.verb()+" "+client.MailboxWord(c.Mailbox), "* N EXISTS")
	if c.Expect.UIDValidity > 0 {
		e.Expects = append(e.Expects, fmt.Sprintf("UIDVALIDITY is %d", c.Expect.UIDValidity))
	}
	if c.Expect.Writable {
		e.Expects = append(e.Expects, "the mailbox can be written to")
	}
	return e
}

func runSelect(_ context.Context, s *Session, rec *Recorder) error {
	if s.empty() {
		s.conn.Exists = 0
		rec.Skip("it is empty, as STATUS says")
		return nil
	}
	verb := s.cfg.verb()
	counted, unreadable := false, ""
	var validity int64
	reply, err := s.conn.Open(rec, verb, s.cfg.Mailbox, func(item client.MailboxItem) {
		switch {
		case item.Unreadable != "":
			unreadable = item.Unreadable
		case item.Name == "EXISTS":
			counted = true
		case item.Flags != nil:
			rec.Fact(mailboxFacts[item.Name], flagWords(item.Flags))
		default:
			rec.Fact(mailboxFacts[item.Name], item.Number)
		}
		if item.Name == "UIDVALIDITY" {
			validity = item.Number
		}
	})
	if err != nil {
		return err
	}
	if !counted {
		return &report.StepError{Err: fmt.Errorf("%w: the answer to %s has no EXISTS that can be read", report.ErrProtocol, verb), Line: unreadable}
	}
	access := "read-write"
	if reply.Code == "READ-ONLY" || verb == "EXAMINE" {
		access = "read-only"
	}
	rec.Fact("access", access)
	s.expectMailbox(rec, validity, access)
	rec.Metric(report.Messages, float64(s.conn.Exists))
	rec.Detail(fmt.Sprintf("%s, %s, %s", s.named(), plural(int(s.conn.Exists), "message"), access))
	return nil
}

// expectMailbox checks what is expected of the open mailbox.
func (s *Session) expectMailbox(rec *Recorder, validity int64, access string) {
	e := s.cfg.Expect
	switch {
	case e.UIDValidity == 0 || validity == int64(e.UIDValidity):
	case validity == 0:
		rec.Fault(report.ErrExpectation, "the server gives no UIDVALIDITY for %s", s.named())
	default:
		rec.Fault(report.ErrExpectation, "UIDVALIDITY of %s is %d, not %d: mail clients throw away what they know of it",
			s.named(), validity, e.UIDValidity)
	}
	if e.Writable && access != "read-write" {
		rec.Fault(report.ErrExpectation, "%s is read-only", s.named())
	}
}

// mailboxFacts are the facts of what a server says of a mailbox it opens.
var mailboxFacts = map[string]string{
	"FLAGS":          "flags",
	"PERMANENTFLAGS": "permanent_flags",
	"RECENT":         "recent",
	"UIDVALIDITY":    "uidvalidity",
	"UIDNEXT":        "uidnext",
	"UNSEEN":         "first_unseen",
}

func flagWords(flags []imap.Flag) []string {
	words := make([]string, len(flags))
	for i, f := range flags {
		words[i] = string(f)
	}
	return words
}
