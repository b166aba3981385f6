package session

import (
	"context"
	"fmt"
	"slices"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

var listStep = Step{
	Name:    report.StepList,
	Doc:     "LIST, RFC 9051 section 6.3.9",
	About:   report.AboutStore,
	Needs:   Authenticated,
	Gives:   Authenticated,
	Wanted:  always,
	Explain: explainList,
	Run:     runList,
}

func explainList(c Config) Explanation {
	pattern := wireName(c.ListReference) + " " + wireName(c.ListPattern)
	h := Explanation{
		Sends:   []Sent{{Text: "LIST " + pattern, Answer: "* LIST (...) ... INBOX, a line for each folder"}},
		Expects: expectsAll("listed:", c.Expect.Mailboxes),
	}
	if slices.ContainsFunc(c.Expect.Mailboxes, specialUse) {
		h.Sends = append(h.Sends, Sent{Text: "LIST (SPECIAL-USE) " + pattern, When: "where the uses were not listed and the server offers SPECIAL-USE"})
	}
	return h
}

// runList counts the rows of LIST and keeps no more than those that come closest to
// the mailbox: a server may have 100,000.
func runList(_ context.Context, s *Session, rec *Recorder) error {
	expected := mailboxes{wanted: s.cfg.Expect.Mailboxes, found: map[string]bool{}}
	var each func(*imap.ListData)
	s.near = s.cfg.near()
	switch {
	case len(s.near) > 0:
		each = func(row *imap.ListData) {
			expected.take(row)
			for i := range s.near {
				s.near[i].take(row)
			}
		}
	case len(expected.wanted) > 0:
		each = expected.take
	}
	rows, err := s.conn.List(rec, "", s.cfg.ListReference, s.cfg.ListPattern, each)
	if err != nil {
		return err
	}
	if expected.lacksUse() && s.conn.Offers(imap.CapSpecialUse) {
		// RFC 6154 section 3: the plain LIST need not carry the attributes.
		if _, err := s.conn.List(rec, "(SPECIAL-USE)", s.cfg.ListReference, s.cfg.ListPattern, each); err != nil {
			return err
		}
	}
	for _, name := range expected.missing() {
		if specialUse(name) {
			unexpected(rec, "no mailbox is listed as %s", name)
		} else {
			unexpected(rec, "mailbox %s is not listed", name)
		}
	}
	rec.Metric(report.Folders, float64(rows))
	rec.Detail(plural(int64(rows), "folder"))
	return nil
}

// plural returns "1 folder", "2 folders".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
