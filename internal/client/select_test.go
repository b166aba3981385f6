package client

import (
	"reflect"
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

func TestParseMailboxItem(t *testing.T) {
	flags := func(words ...imap.Flag) []imap.Flag { return append([]imap.Flag{}, words...) }
	for _, tt := range []struct {
		line string
		want MailboxItem // zero for a response that says nothing of the mailbox
	}{
		{"* 172 EXISTS", MailboxItem{Name: "EXISTS", Number: 172}},
		{"* 0 EXISTS", MailboxItem{Name: "EXISTS"}},
		{"*  3  exists ", MailboxItem{Name: "EXISTS", Number: 3}},
		{"* 4294967296 EXISTS", MailboxItem{Name: "EXISTS", Unreadable: "* 4294967296 EXISTS"}},
		{"* many EXISTS", MailboxItem{Name: "EXISTS", Unreadable: "* many EXISTS"}},
		{"* 1 RECENT", MailboxItem{Name: "RECENT", Number: 1}},
		{"* x RECENT", MailboxItem{}},
		{`* FLAGS (\Answered \Seen $Junk)`, MailboxItem{Name: "FLAGS", Flags: flags(imap.FlagAnswered, imap.FlagSeen, imap.FlagJunk)}},
		{"* FLAGS ()", MailboxItem{Name: "FLAGS", Flags: flags()}},
		{"* FLAGS ( )", MailboxItem{Name: "FLAGS", Flags: flags()}},
		{`* FLAGS (  \Seen   \Draft )`, MailboxItem{Name: "FLAGS", Flags: flags(imap.FlagSeen, imap.FlagDraft)}},
		{`* OK [PERMANENTFLAGS (\Deleted \*)] Limited`, MailboxItem{Name: "PERMANENTFLAGS", Flags: flags(imap.FlagDeleted, imap.FlagWildcard)}},
		{"* OK [UIDVALIDITY 3857529045] UIDs valid", MailboxItem{Name: "UIDVALIDITY", Number: 3857529045}},
		{"* OK [uidnext 4392]", MailboxItem{Name: "UIDNEXT", Number: 4392}},
		{"* OK [UNSEEN 12] first", MailboxItem{Name: "UNSEEN", Number: 12}},
		{"* OK [UIDNEXT ] none", MailboxItem{}},
		{"* OK [HIGHESTMODSEQ 7] no", MailboxItem{}},
		{"* OK ready", MailboxItem{}},
		{"* 1 FETCH (FLAGS ())", MailboxItem{}},
	} {
		got := parsed(t, tt.line, func(r *wire.Response) MailboxItem {
			item, ok := parseMailboxItem(r)
			if !ok {
				return MailboxItem{}
			}
			return item
		})
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %+v, want %+v", tt.line, got, tt.want)
		}
	}
}

func FuzzParseMailboxItem(f *testing.F) {
	fuzzParser(f, []string{"172 EXISTS", "x EXISTS", `FLAGS ( \Seen)`, "OK [UIDNEXT 1]", `OK [PERMANENTFLAGS (\*)]`, "-1 RECENT", "NO [UNSEEN"},
		func(t *testing.T, r *wire.Response) {
			item, ok := parseMailboxItem(r)
			if ok && item.Name == "" {
				t.Errorf("%q: an item without a name", r.Line)
			}
			if item.Name == "EXISTS" && (item.Number < 0 || item.Number > 1<<32-1) {
				t.Errorf("%q: %d messages", r.Line, item.Number)
			}
		})
}
