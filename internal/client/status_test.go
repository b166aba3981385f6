package client

import (
	"maps"
	"testing"

	"check_imap_session/internal/wire"
)

// asked are the items that the tests ask for.
var asked = []string{"MESSAGES", "UNSEEN", "SIZE", "RECENT", "DELETED"}

func TestParseStatus(t *testing.T) {
	for _, tt := range []struct {
		line string
		want StatusData
	}{
		{`* STATUS INBOX (MESSAGES 231 UNSEEN 3)`, StatusData{"MESSAGES": 231, "UNSEEN": 3}},
		{`* STATUS "a b" (unseen 0 SIZE 5000000000 RECENT 1)`, StatusData{"UNSEEN": 0, "SIZE": 5000000000, "RECENT": 1}},
		{"* STATUS {5}\r\nINBOX (UNSEEN 1)", StatusData{"UNSEEN": 1}},
		{`* STATUS INBOX  ( UNSEEN  1  DELETED 2 )`, StatusData{"UNSEEN": 1, "DELETED": 2}},
		{`* STATUS INBOX (UNSEEN -1 DELETED x SIZE 9223372036854775808)`, StatusData{}},
		{`* STATUS INBOX (UNSEEN 1 HIGHESTMODSEQ 5 X-ITEM 6)`, StatusData{"UNSEEN": 1}},
		{`* STATUS INBOX ()`, StatusData{}},
		{`* STATUS INBOX (UNSEEN`, StatusData{}},
		{`* STATUS INBOX`, StatusData{}},
	} {
		got := parsed(t, tt.line, func(r *wire.Response) StatusData {
			data := StatusData{}
			parseStatus(r, asked, data)
			return data
		})
		if !maps.Equal(got, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.line, got, tt.want)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	fuzzParser(f, []string{"STATUS INBOX (MESSAGES 231 UNSEEN 3)", "STATUS {1}\r\na (X", "STATUS a (UNSEEN -1 (b) 2)"},
		func(t *testing.T, r *wire.Response) {
			data := StatusData{}
			parseStatus(r, asked, data)
			for item, n := range data {
				if n < 0 {
					t.Errorf("%q: %s is %d", r.Line, item, n)
				}
			}
		})
}
