package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

var listStep = Step{
	Name:    report.StepList,
	Doc:     "LIST, RFC 9051 section 6.3.9",
	About:   report.AboutStore,
	Needs:   Authenticated,
	Wanted:  always,
	Explain: explainList,
	Run:     runList,
}

func explainList(c *Config) Explanation {
	pattern := client.MailboxWord(c.ListReference) + " " + client.MailboxWord(c.ListPattern)
	e := Explanation{
		Sends:   []Sent{{Text: "LIST " + pattern, Answer: "* LIST (...) ... INBOX, a line for each folder"}},
		Expects: expectsAll("listed:", c.Expect.Mailboxes),
	}
	if slices.ContainsFunc(c.Expect.Mailboxes, specialUse) {
		e.Sends = append(e.Sends, Sent{Text: "LIST (SPECIAL-USE) " + pattern, When: "where the uses were not listed and the server offers SPECIAL-USE"})
	}
	return e
}

// runList counts the rows of LIST and keeps no more than those that come closest to
// the mailbox: a server may have 100,000.
func runList(_ context.Context, s *Session, rec *Recorder) error {
	s.near = s.cfg.near()
	missing := slices.Clone(s.cfg.Expect.Mailboxes)
	each := func(row *imap.ListData) {
		missing = unlisted(missing, row)
		for i := range s.near {
			s.near[i].take(row)
		}
	}
	if len(s.near) == 0 && len(missing) == 0 {
		each = nil
	}
	rows, err := s.conn.List(rec, "", s.cfg.ListReference, s.cfg.ListPattern, each)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(missing, specialUse) && s.conn.Offers(imap.CapSpecialUse) {
		// RFC 6154 section 3: the plain LIST need not carry the attributes.
		if _, err := s.conn.List(rec, "(SPECIAL-USE)", s.cfg.ListReference, s.cfg.ListPattern, each); err != nil {
			return err
		}
	}
	for _, name := range missing {
		if specialUse(name) {
			rec.Fault(report.ErrExpectation, "no mailbox is listed as %s", name)
		} else {
			rec.Fault(report.ErrExpectation, "mailbox %s is not listed", name)
		}
	}
	rec.Metric(report.Folders, float64(rows))
	rec.Detail(plural(rows, "folder"))
	return nil
}

// canBeOpened says whether a row of LIST names a mailbox that can be opened. See RFC
// 9051 section 7.3.1.
func canBeOpened(row *imap.ListData) bool {
	return !client.HasAttr(row, imap.MailboxAttrNonExistent) && !client.HasAttr(row, imap.MailboxAttrNoSelect)
}

// lastLevel returns the part of a mailbox name behind the last delimiter; a delimiter
// of 0 means that names have no levels.
func lastLevel(name string, delim rune) string {
	if i := strings.LastIndex(name, string(delim)); delim != 0 && i >= 0 {
		return name[i+len(string(delim)):]
	}
	return name
}

// plural returns "1 folder", "2 folders".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
