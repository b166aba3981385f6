package session

import (
	"context"
	"fmt"
	"slices"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
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

// runList counts the rows of LIST and keeps none: a server may have 100,000.
func runList(_ context.Context, s *Session, rec *Recorder) error {
	rows := 0
	expected := mailboxes{wanted: s.cfg.Expect.Mailboxes, found: map[string]bool{}}
	cmd := s.newCommand("LIST").str(encodeName(s.cfg.ListReference)).str(encodeName(s.cfg.ListPattern))
	_, err := s.do(rec, cmd, func(r *wire.Response) {
		if w := r.Words(1); len(w) == 1 && w[0] == "LIST" {
			rows++
			expected.take(r)
		}
	})
	if err != nil {
		return err
	}
	if expected.lacksUse() && s.offers("SPECIAL-USE") {
		// RFC 6154 section 3: the plain LIST need not carry the attributes.
		cmd := s.newCommand("LIST", "(SPECIAL-USE)").str(encodeName(s.cfg.ListReference)).str(encodeName(s.cfg.ListPattern))
		if _, err := s.do(rec, cmd, func(r *wire.Response) {
			if w := r.Words(1); len(w) == 1 && w[0] == "LIST" {
				expected.take(r)
			}
		}); err != nil {
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
