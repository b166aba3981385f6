package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
)

// TestLongLists holds that of a list no more is kept than maxWords, whatever comes, and
// that a remark says so.
func TestLongLists(t *testing.T) {
	repeated := func(before, word, after string, n int) string {
		var b strings.Builder
		b.WriteString("greet\nserve NOOP GETQUOTAROOT NAMESPACE EXAMINE\nraw \"* " + before)
		for i := range n {
			b.WriteString(strings.ReplaceAll(word, "@", fmt.Sprint("w", i)))
		}
		b.WriteString(after + "\\r\\n\"\nS: {tag} OK done\nserve")
		return b.String()
	}
	capabilities := func(c *Conn, tm *timer) int { c.Noop(tm); return len(c.Capabilities) }
	flags := func(c *Conn, tm *timer) (n int) {
		c.Open(tm, "EXAMINE", "INBOX", func(item MailboxItem) { n = len(item.Flags) })
		return n
	}
	for _, tt := range []struct {
		kind, before, word, after string
		ask                       func(*Conn, *timer) int // returns how many words were kept
	}{
		{"capabilities", "CAPABILITY", " X-@", "", capabilities},
		{"capabilities", "OK [CAPABILITY", " X-@", "] done", capabilities},
		{"flags", "FLAGS (", " @", ")", flags},
		{"flags", "OK [PERMANENTFLAGS (", " @", ")] limited", flags},
		{"quota roots", "QUOTAROOT INBOX", " @", "", func(c *Conn, tm *timer) int { q, _ := c.QuotaRoot(tm, "INBOX"); return len(q.Roots) }},
		{"namespaces", "NAMESPACE NIL (", `(\"@\" \"/\")`, ") NIL", func(c *Conn, tm *timer) int { n, _ := c.Namespace(tm); return len(n.Other) }},
	} {
		t.Run(tt.kind+" "+tt.before, func(t *testing.T) {
			for _, n := range []int{maxWords - 1, maxWords + 500} {
				converse(t, repeated(tt.before, tt.word, tt.after, n), func(c *Conn, tm *timer, _ *imaptest.Record) {
					var remarks []string
					if n > maxWords {
						remarks = []string{"the server sends a list of 1000 " + tt.kind + " or more: no more are kept"}
					}
					if kept := tt.ask(c, tm); kept != min(n, maxWords) || !slices.Equal(tm.remarks, remarks) {
						t.Errorf("%d words: got %d and remarks %q, want %d and %q", n, kept, tm.remarks, min(n, maxWords), remarks)
					}
				})
			}
		})
	}
}

// TestManyHeaders holds what is kept of header fields, however many items bring them.
func TestManyHeaders(t *testing.T) {
	part := ` BODY[HEADER.FIELDS (SUBJECT)] "` + strings.Repeat("x", 50_000) + `"`
	m := parsed(t, "* 1 FETCH (UID 1"+part+part+")", parseFetch)
	m.Merge(m)
	if len(m.Header) != MaxHeader {
		t.Errorf("got %d bytes, want %d", len(m.Header), MaxHeader)
	}
}

// TestLongTexts keeps the beginning of what a server says for people, wherever it is.
func TestLongTexts(t *testing.T) {
	long, want := strings.Repeat("x", maxText+1), strings.Repeat("x", maxText)+"..."
	converse(t, "greet\nserve NOOP\nS: * NO "+long+"\nS: * OK "+long+"\nS: * BYE ["+long+" "+long+"] "+long+"\nS: {tag} NO [X "+long+"] "+long+"\nhold",
		func(c *Conn, tm *timer, _ *imaptest.Record) {
			var e *report.StepError
			if err := c.Noop(tm); !errors.As(err, &e) || e.Reply.Text != want || e.Reply.Arg != want {
				t.Errorf("reply %.100v", err)
			}
			if c.Bye.Text != want || c.Bye.Arg != want || c.Bye.Code != strings.ToUpper(want) || c.LastText != want {
				t.Errorf("BYE of %d bytes, text of %d", len(c.Bye.String()), len(c.LastText))
			}
			for _, n := range c.Notices {
				if len(n) > 4*maxText {
					t.Errorf("a notice of %d bytes", len(n))
				}
			}
		})
}
