package client

import (
	"reflect"
	"testing"
	"unicode/utf8"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

func TestParseList(t *testing.T) {
	attrs := func(words ...imap.MailboxAttr) []imap.MailboxAttr { return words }
	for _, tt := range []struct {
		name, line string
		want       imap.ListData
	}{
		{"plain", `* LIST (\HasNoChildren \Trash) "/" Trash`, imap.ListData{Attrs: attrs(`\HasNoChildren`, `\Trash`), Delim: '/', Mailbox: "Trash"}},
		{"no attributes", `* LIST () "." INBOX`, imap.ListData{Delim: '.', Mailbox: "INBOX"}},
		{"lower case", `* list (\trash) nil inbox`, imap.ListData{Attrs: attrs(`\trash`), Mailbox: "inbox"}},
		{"no delimiter", `* LIST () NIL "a b"`, imap.ListData{Mailbox: "a b"}},
		{"empty delimiter", `* LIST () "" INBOX`, imap.ListData{Mailbox: "INBOX"}},
		{"delimiter not escaped", `* LIST () "\" INBOX`, imap.ListData{Delim: '\\', Mailbox: "INBOX"}},
		{"double spaces", `* LIST  (  \Noselect  )  "/"  INBOX`, imap.ListData{Attrs: attrs(`\Noselect`), Delim: '/', Mailbox: "INBOX"}},
		{"spaces without quotes", `* LIST () "/" Sent Items`, imap.ListData{Delim: '/', Mailbox: "Sent Items"}},
		{"TAB in the name", "* LIST () \"/\" a\tb", imap.ListData{Delim: '/', Mailbox: "a\tb"}},
		{"modified UTF-7", `* LIST () "/" "Entw&APw-rfe"`, imap.ListData{Delim: '/', Mailbox: "Entwürfe"}},
		{"wrong modified UTF-7", `* LIST () "/" "R & D"`, imap.ListData{Delim: '/', Mailbox: "R & D"}},
		{"UTF-8", `* LIST () "/" "Entwürfe"`, imap.ListData{Delim: '/', Mailbox: "Entwürfe"}},
		{"literal", "* LIST () \"/\" {3}\r\na/b", imap.ListData{Delim: '/', Mailbox: "a/b"}},
		{"cut", `* LIST (\Trash`, imap.ListData{Attrs: attrs(`\Trash`)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parsed(t, tt.line, parseList); !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("%q: got %+v, want %+v", tt.line, *got, tt.want)
			}
		})
	}
}

func TestHasAttr(t *testing.T) {
	row := &imap.ListData{Attrs: []imap.MailboxAttr{`\TRASH`}}
	if !HasAttr(row, imap.MailboxAttrTrash) || HasAttr(row, imap.MailboxAttrSent) {
		t.Errorf("%+v: want the attribute Trash in any case, and no other", row)
	}
}

func FuzzParseList(f *testing.F) {
	fuzzParser(f, []string{`LIST (\HasNoChildren) "/" INBOX`, `LIST () "\" a b`, "LIST () NIL {3}\r\na&b", "LIST", "LIST ((", `LIST () "/" "&AOQ"`},
		func(t *testing.T, r *wire.Response) {
			if data := parseList(r); data.Delim != utf8.RuneError && !utf8.ValidRune(data.Delim) {
				t.Errorf("%q: delimiter %x", r.Line, data.Delim)
			}
		})
}
