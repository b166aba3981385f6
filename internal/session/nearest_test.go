package session

import (
	"fmt"
	"strings"
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

func TestNearest(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		rows       string // separated by commas
		delim      rune
		near       string // closest first
		differ     report.Difference
	}{
		{"nothing near", "Zebra", "INBOX,Archive,Sent", '/', "", 0},
		{"there it is", "Sent", "sent,Sent,Sents", '/', "", 0},
		{"first words", "Sent Items", "INBOX,Sent Messages,Sent,Drafts", '/', "Sent,Sent Messages", report.DifferLetters},
		{"a letter", "Archiv", "Archives,Archive", '/', "Archive,Archives", report.DifferLetters},
		{"case", "sent mail", "Sent Messages,Sent Mail", '/', "Sent Mail,Sent Messages", report.DifferCase},
		{"quotes", `"Sent"`, "Sent", '/', "Sent", report.DifferQuotes},
		{"quotes inside", `INBOX."Sent"`, "INBOX.Sent", '.', "INBOX.Sent", report.DifferQuotes},
		{"curly quotes", "\u201eSent\u201c", "Sent", '/', "Sent", report.DifferQuotes},
		{"quotes around INBOX", `"INBOX"`, "INBOX", '/', "INBOX", report.DifferQuotes},
		{"composed", "Entwu\u0308rfe", "Entw\u00fcrfe", '/', "Entw\u00fcrfe", report.DifferForm},
		{"decomposed", "Entw\u00fcrfe", "Entwu\u0308rfe", '/', "Entwu\u0308rfe", report.DifferForm},
		{"decomposed, Cyrillic", "\u0427\u0430\u0439", "\u0427\u0430\u0438\u0306", '/', "\u0427\u0430\u0438\u0306", report.DifferForm},
		{"decomposed, Hangul", "\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af", '/', "\u1112\u1161\u11ab\u1100\u1173\u11af", report.DifferForm},
		{"another accent", "Entw\u00fcrfe", "Entw\u00f6rfe", '/', "Entw\u00f6rfe", report.DifferLetters},
		{"an accent left out", "Entwurfe", "Entw\u00fcrfe", '/', "Entw\u00fcrfe", report.DifferLetters},
		{"a blank at the end", "Sent ", "Sent", '/', "Sent", report.DifferBlanks},
		{"two blanks", "Sent  Items", "Sent Items", '/', "Sent Items", report.DifferBlanks},
		{"a blank that does not break", "Sent\u00a0Items", "Sent Items", '/', "Sent Items", report.DifferBlanks},
		{"a dash", "Sent\u2013Items", "Sent-Items", '/', "Sent-Items", report.DifferBlanks},
		{"zero width", "Se\u200bnt", "Sent", '/', "Sent", report.DifferBlanks},
		{"from the wire", "Entw&APw-rfe", "Entw\u00fcrfe", '/', "Entw\u00fcrfe", report.DifferEncoding},
		{"another delimiter", "Archive/2024", "Archive,Archive.2024", '.', "Archive.2024,Archive", report.DifferDelimiter},
		{"another delimiter and a prefix", "Archive/2024", "INBOX.Archive.2024", '.', "INBOX.Archive.2024", report.DifferPrefix},
		{"prefix", "Sent", "INBOX,INBOX.Sent", '.', "INBOX.Sent", report.DifferPrefix},
		{"prefix of a name with levels", "a.b", "INBOX.a.b", '.', "INBOX.a.b", report.DifferPrefix},
		{"prefix and case", "sent", "INBOX.Sent", '.', "INBOX.Sent", report.DifferPrefix},
		{"no levels", "Sent", "INBOX.Sent", 0, "", 0},
		{"three at most", "Sent", "Sent 1,Sent 2,Sent 3,Sent 4", '/', "Sent 1,Sent 2,Sent 3", report.DifferLetters},
		{"long names", strings.Repeat("x", 300), strings.Repeat("x", 301), '/', "", 0},
		{"empty", "Sent", "", '/', "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := nearest{to: tt.want}
			for name := range strings.SplitSeq(tt.rows, ",") {
				n.take(&imap.ListData{Mailbox: name, Delim: tt.delim})
			}
			var names []string
			for _, m := range n.best {
				names = append(names, m.Name)
			}
			if got := strings.Join(names, ","); got != tt.near || len(n.best) > 0 && n.best[0].Differ != tt.differ {
				t.Errorf("near %q: got %+v, want %q, which differ by %d", tt.want, n.best, tt.near, tt.differ)
			}
		})
	}
}

// TestNearestIsOpen leaves out what cannot be opened.
func TestNearestIsOpen(t *testing.T) {
	n := nearest{to: "Sent"}
	n.take(&imap.ListData{Mailbox: "SENT", Attrs: []imap.MailboxAttr{`\NoSelect`}})
	n.take(&imap.ListData{Mailbox: "SENT", Attrs: []imap.MailboxAttr{`\nonexistent`}})
	if n.best != nil {
		t.Errorf("got %+v, want none", n.best)
	}
}

// BenchmarkNearest looks at as many rows as a large server lists.
func BenchmarkNearest(b *testing.B) {
	rows := make([]*imap.ListData, 100_000)
	for i := range rows {
		rows[i] = &imap.ListData{Mailbox: fmt.Sprintf("Shared/Customer %d/Orders", i), Delim: '/'}
	}
	for b.Loop() {
		n := nearest{to: "Shared/Customer 4711/Order"}
		for _, row := range rows {
			n.take(row)
		}
	}
}

// FuzzNearest compares any two names: the result does not depend on luck, and a
// name is never near itself.
func FuzzNearest(f *testing.F) {
	f.Add("Sent Items", "Sent", int32('/'))
	f.Add("Entwu\u0308rfe", "Entw\u00fcrfe", int32(0))
	f.Add("\u0301", "\ud55c", int32('.'))
	f.Add("\xff", "", int32(-1))
	f.Fuzz(func(t *testing.T, want, name string, delim int32) {
		n := nearest{to: want}
		for range nearestKept + 2 {
			n.take(&imap.ListData{Mailbox: name, Delim: delim})
		}
		if len(n.best) > nearestKept || want == name && n.best != nil {
			t.Errorf("near %q: %+v", want, n.best)
		}
		if sameLetters(want, name) != sameLetters(name, want) {
			t.Errorf("%q and %q differ by their order", want, name)
		}
	})
}
