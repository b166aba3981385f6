package client

import (
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/wire"
)

func TestParseID(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []IDField
	}{
		{`* ID ("name" "Dovecot" "version" "2.3")`, []IDField{{"name", "Dovecot"}, {"version", "2.3"}}},
		{`* ID ("VENDOR" "x" "os" NIL "date" "")`, []IDField{{"vendor", "x"}, {"date", ""}}},
		{`* ID NIL`, nil},
		{`* ID ()`, nil},
		{`* ID`, nil},
		{`* ID (name Cyrus)`, []IDField{{"name", "Cyrus"}}},
		{"* ID (\"name\" {3}\r\na b)", []IDField{{"name", "a b"}}},
		{`* ID ("name")`, nil},
		{`* ID ("name" "a" "version"`, []IDField{{"name", "a"}}},
	} {
		if got := parsed(t, tt.line, parseID); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.line, got, tt.want)
		}
	}
	if got := parsed(t, "* ID ("+strings.Repeat(`"a" "b" `, 100)+")", parseID); len(got) != maxIDFields {
		t.Errorf("got %d fields, want %d", len(got), maxIDFields)
	}
}

func FuzzParseID(f *testing.F) {
	fuzzParser(f, []string{`ID ("name" "Dovecot")`, "ID NIL", `ID ("a" NIL`, "ID (({1}\r\na"},
		func(t *testing.T, r *wire.Response) {
			if got := parseID(r); len(got) > maxIDFields {
				t.Errorf("%q: %d fields", r.Line, len(got))
			}
		})
}
