package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"check_imap_session/internal/report"
)

func TestStatus(t *testing.T) {
	all := withStep("status")
	for _, x := range []trial{
		{name: "all at once", caps: "IMAP4rev2", change: both(withStep("status"), skips("fetch")),
			script: "greet\nserve", want: []string{"messages_unseen=3", "messages_deleted=0", "mailbox_size=21504"}, sent: `STATUS "INBOX" (UNSEEN DELETED SIZE)`},
		{name: "quota has the item too", caps: "IMAP4rev1 QUOTA QUOTA=RES-MESSAGE", change: both(asks(report.MessagesDeleted), skips("select")),
			script: "greet\nserve", want: []string{"messages_deleted=0", "-messages_unseen"}, sent: `STATUS "INBOX" (DELETED)`},
		{name: "plain server", caps: "IMAP4rev1", change: both(asks(report.MessagesUnseen), skips("fetch")),
			script: "greet\nserve", want: []string{"messages_unseen=3", "-messages_deleted", "-mailbox_size"}, sent: `STATUS "INBOX" (UNSEEN)`},
		{name: "deleted by SEARCH", caps: "IMAP4rev1", change: both(asks(report.MessagesDeleted), skips("fetch")),
			script: answering("SEARCH", "SEARCH 4 7"), want: []string{"messages_deleted=2"}, sent: "SEARCH DELETED"},
		{name: "deleted by ESEARCH", caps: "IMAP4rev1 ESEARCH", change: both(asks(report.MessagesDeleted), skips("fetch")),
			script: answering("SEARCH", `ESEARCH (TAG "{tag}") COUNT 5`), want: []string{"messages_deleted=5"}, sent: "SEARCH RETURN (COUNT) DELETED"},
		{name: "deleted, left out by STATUS", caps: "IMAP4rev1 STATUS=DELETED", change: both(asks(report.MessagesDeleted), skips("fetch")),
			script: "greet\nserve STATUS\nS: * STATUS INBOX ()\nS: {tag} OK done\nserve SEARCH\nS: * SEARCH 4 7\nS: {tag} OK done\nserve", want: []string{"messages_deleted=2"}, sent: `STATUS "INBOX" (DELETED); SEARCH DELETED`},
		{name: "deleted, left out and no mailbox open", caps: "IMAP4rev1 STATUS=DELETED", change: both(asks(report.MessagesDeleted), skips("select")),
			script: answering("STATUS", "STATUS INBOX ()"), want: []string{"-messages_deleted"}, fault: "messages_deleted cannot be measured: the answer to STATUS has no DELETED"},
		{name: "deleted in no open mailbox", caps: "IMAP4rev1", change: both(asks(report.MessagesDeleted), skips("select")),
			script: "greet\nserve", want: []string{"-messages_deleted"}, fault: "in an open mailbox only"},
		{name: "no size", caps: "IMAP4rev1", change: both(asks(report.MailboxSize), skips("select")),
			script: "greet\nserve", want: []string{"-mailbox_size"}, fault: "mailbox_size cannot be measured: capability STATUS=SIZE is missing"},
		{name: "no size and no threshold", caps: "IMAP4rev1", change: all, script: "greet\nserve", want: []string{"messages_unseen=3", "-mailbox_size", "-messages_deleted"}, sent: `STATUS "INBOX" (UNSEEN)`},
		{name: "left out", change: asks(report.MailboxSize), script: answering("STATUS", "STATUS INBOX (UNSEEN 3)"),
			want: []string{"-mailbox_size"}, fault: "the answer to STATUS has no SIZE"},
		{name: "odd numbers", change: asks(report.MessagesUnseen, report.MailboxSize), script: "greet\nserve STATUS\nS: * STATUS {5}\nraw \"INBOX (size 9223372036854775807 unseen -1)\\r\\n\"\nS: {tag} OK done\nserve",
			want: []string{"mailbox_size=9.223372036854776e+18", "-messages_unseen"}, fault: "messages_unseen cannot be measured"},
	} {
		x.run(t)
	}
}

func TestSearch(t *testing.T) {
	search := func(criteria string, more ...func(*Config)) func(*Config) {
		return func(c *Config) {
			var err error
			if c.Search, err = ParseCriteria(criteria); err != nil {
				t.Fatal(err)
			}
			c.Skip = set("fetch")
			for _, f := range more {
				f(c)
			}
		}
	}
	ages := asks(report.SearchOldestAge)
	fetch := func(rows ...string) string { return answering("FETCH", rows...) }
	for _, x := range []trial{
		{name: "count", change: search(`SUBJECT "x (y"`), script: "greet\nserve", want: []string{"search_found=3", "-search_oldest_age"}, sent: `SEARCH RETURN (COUNT) SUBJECT "x (y"`},
		{name: "plain server", caps: "IMAP4rev1", change: search("UNSEEN"), script: "greet\nserve", want: []string{"search_found=3"}, sent: "SEARCH UNSEEN"},
		{name: "by threshold alone", caps: "IMAP4rev1", change: both(asks(report.SearchFound), skips("fetch")), script: "greet\nserve", sent: "SEARCH ALL"},
		{name: "no answer is none found", caps: "IMAP4rev1", change: search("UNSEEN"), script: answering("SEARCH"), want: []string{"search_found=0"}},
		{name: "ESEARCH of revision 2", caps: "IMAP4rev2", change: search("UNSEEN", ages), script: answering("SEARCH", `ESEARCH (TAG "{tag}") ALL 2,40:42`),
			want: []string{"search_found=4", "search_oldest_age=600", "search_newest_age=600"}, sent: "SEARCH UNSEEN; FETCH 2,40:42 (INTERNALDATE)"},
		{name: "ages", change: search("UNSEEN", ages), want: []string{"search_found=3", "search_oldest_age=7200", "search_newest_age=0"}, sent: "SEARCH UNSEEN; FETCH 40:42 (INTERNALDATE)",
			script: fetch(`40 FETCH (INTERNALDATE "31-Dec-1999 23:00:00 +0000")`, `41 FETCH (INTERNALDATE "31-Dec-1999 17:00:00 -0500")`, `42 FETCH (INTERNALDATE " 1-Jan-2000 00:01:00 +0000")`)},
		{name: "vanished as Dovecot has it", change: search("UNSEEN", ages), want: []string{"search_found=3", "search_oldest_age=60"},
			script: fetch(`40 FETCH (INTERNALDATE "01-Jan-1970 00:00:00 +0000")`, `41 FETCH (INTERNALDATE "31-Dec-1999 23:59:00 +0000")`)},
		{name: "vanished, refused", change: search("UNSEEN", asks(report.SearchNewestAge)), want: []string{"search_found=3", "-search_newest_age"}, fault: "search_newest_age cannot be measured",
			script: "greet\nserve FETCH\nS: {tag} NO [EXPUNGEISSUED] gone\nserve"},
		{name: "nothing found, oldest", change: search("UNSEEN", ages), script: answering("SEARCH", "SEARCH"),
			want: []string{"search_found=0", "-search_oldest_age"}, sent: "SEARCH UNSEEN"},
		{name: "nothing found, newest", change: search("UNSEEN", asks(report.SearchNewestAge)), script: answering("SEARCH", "SEARCH"),
			want: []string{"search_found=0", "-search_newest_age"}, fault: "nothing was found"},
		{name: "WITHIN missing", change: search("older 600"), script: "greet\nserve", want: []string{"-found"}, fault: "OLDER needs the capability WITHIN"},
		{name: "WITHIN offered", caps: allCaps + " WITHIN", change: search("YOUNGER 600"), script: "greet\nserve", want: []string{"search_found=3"}, sent: "SEARCH RETURN (COUNT) YOUNGER 600"},
		{name: "a subject called older", change: search(`SUBJECT "OLDER 5" FROM older`), script: "greet\nserve", want: []string{"search_found=3"}},
		{name: "synchronising literal", caps: "IMAP4rev1", change: search(`SUBJECT "ü"`), script: "greet\nserve", want: []string{"search_found=3"}},
	} {
		x.run(t)
	}
}

// TestSearchWindows looks at a large mailbox in parts, and keeps the ends.
func TestSearchWindows(t *testing.T) {
	for _, tt := range []struct {
		messages int
		sets     string
	}{
		{searchWindow, ""},
		{searchWindow + 1, "1:50000 50001"},
		{120_000, "1:50000 50001:100000 100001:120000"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.cfg.Thresholds = map[string]string{report.SearchOldestAge: "-c"}
			script := fmt.Sprintf("greet\nserve EXAMINE\nS: * %d EXISTS\nS: {tag} OK done\n", tt.messages)
			sets := strings.Fields(tt.sets)
			for from := 1; from <= tt.messages; from += searchWindow {
				var numbers []string
				for n := from; n < min(from+searchWindow, tt.messages+1); n++ {
					numbers = append(numbers, fmt.Sprint(n))
				}
				script += "serve SEARCH\nS: * SEARCH " + strings.Join(numbers, " ") + "\nS: {tag} OK done\n"
			}
			script += "serve FETCH\nS: * 1 FETCH (INTERNALDATE \"31-Dec-1999 23:00:00 +0000\")\nS: {tag} OK done\nserve FETCH\nS: {tag} OK done\nserve"
			b.cfg.Skip = set("fetch")
			r := b.pass(t, script)
			if m, _ := r.Metric(report.SearchFound); m.Value != float64(tt.messages) {
				t.Errorf("found %v, want %d", m.Value, tt.messages)
			}
			var got []string
			for _, line := range b.record.Received() {
				if f := strings.Fields(line); len(f) > 3 && f[1] == "SEARCH" {
					got = append(got, f[2])
				}
				if f := strings.Fields(line); f[1] == "FETCH" {
					if want := fmt.Sprintf("1:100,%d:%d", tt.messages-99, tt.messages); f[2] != want {
						t.Errorf("fetched %s, want %s", f[2], want)
					}
				}
			}
			if !slices.Equal(got, sets) {
				t.Errorf("windows %q, want %q", got, sets)
			}
		})
	}
}

// TestTooManyHits refuses a count that cannot be.
func TestTooManyHits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.cfg.Thresholds = map[string]string{report.SearchOldestAge: "-c"}
		r := b.run(t, answering("SEARCH", `ESEARCH (TAG "x") ALL 1:4294967295`))
		if e := r.Failure(); e == nil || e.Step != "search" || !strings.Contains(e.Error(), "finds 4294967295 of 42") {
			t.Errorf("failure %v, want one of search", e)
		}
	})
}
