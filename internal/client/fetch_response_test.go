package client

import (
	"reflect"
	"testing"
	"time"

	"check_imap_session/internal/wire"
)

func TestParseFetch(t *testing.T) {
	date := time.Date(1996, 7, 17, 9, 44, 25, 0, time.UTC)
	for _, tt := range []struct {
		name, line string
		want       *FetchData // InternalDate is compared as a moment
	}{
		{"RFC 9051 section 8", `* 12 FETCH (FLAGS (\Seen) INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 4286 ENVELOPE ("Wed, 17 Jul 1996" "say "hi" to" (("Terry Gray" NIL "gray" "cac")) NIL NIL NIL NIL NIL NIL "<B>"))`,
			&FetchData{Number: 12, Size: 4286, HasSize: true, InternalDate: date}},
		{"literal", "* 12 FETCH (BODY[HEADER]<0> {12}\r\nSubject: hi\n UID 7)", &FetchData{Number: 12, UID: 7, BodyBytes: 12, BodyParts: 1}},
		{"header fields", "* 1 FETCH (BODY[HEADER.FIELDS (X-A \"b c\")] {5}\r\nX-A:1 BODY[] \"abc\")", &FetchData{Number: 1, Header: "X-A:1", HasHeader: true, BodyBytes: 3, BodyParts: 1}},
		{"double spaces, MODSEQ (-1)", `* 1  FETCH  (FLAGS ()  MODSEQ (-1)  RFC822.SIZE  5)`, &FetchData{Number: 1, Size: 5, HasSize: true}},
		{"lower case", `* 1 fetch (rfc822.size 5)`, &FetchData{Number: 1, Size: 5, HasSize: true}},
		{"no space", `* 1 FETCH(RFC822.SIZE 5)`, &FetchData{Number: 1, Size: 5, HasSize: true}},
		{"unknown items", `* 1 FETCH (X-GM-LABELS ("\\Inbox" Foo) EMAILID (M1) RFC822.SIZE 5)`, &FetchData{Number: 1, Size: 5, HasSize: true}},
		{"size that cannot be", `* 1 FETCH (RFC822.SIZE -1)`, &FetchData{Number: 1}},
		{"date that cannot be", `* 1 FETCH (INTERNALDATE "00-Jan-0000 00:00:00 +0000" RFC822.SIZE 1)`, &FetchData{Number: 1, Size: 1, HasSize: true}},
		{"date NIL", `* 1 FETCH (INTERNALDATE NIL RFC822.SIZE 1)`, &FetchData{Number: 1, Size: 1, HasSize: true}},
		{"unsolicited flags", `* 1 FETCH (FLAGS (\Seen) UID 7)`, nil},
		{"number that cannot be", `* x FETCH (RFC822.SIZE 1)`, nil},
		{"another response", `* 1 EXPUNGE`, nil},
		{"cut", `* 1 FETCH (RFC822.SIZE`, &FetchData{Number: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := parsed(t, tt.line, parseFetch)
			if got != nil && tt.want != nil && got.InternalDate.Equal(tt.want.InternalDate) {
				got.InternalDate = tt.want.InternalDate
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestMerge joins the answers of servers that send the items of one message in
// two responses.
func TestMerge(t *testing.T) {
	date := time.Unix(1, 0)
	m := &FetchData{Number: 3, BodyBytes: 2, BodyParts: 1, Header: "a"}
	m.Merge(&FetchData{Number: 4, Size: 9, HasSize: true})
	m.Merge(&FetchData{Number: 3, UID: 7, Size: 5, HasSize: true, InternalDate: date, BodyBytes: 3, BodyParts: 1, Header: "b"})
	m.Merge(&FetchData{Number: 3, Size: 6, HasSize: true, InternalDate: date.Add(1)})
	want := &FetchData{Number: 3, UID: 7, Size: 5, HasSize: true, InternalDate: date, BodyBytes: 5, BodyParts: 2, Header: "ab"}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v, want %+v", m, want)
	}
}

func TestGone(t *testing.T) {
	if m := (&FetchData{InternalDate: time.Unix(0, 0)}); !m.Gone() {
		t.Errorf("%+v: want it gone", m)
	}
	if m := (&FetchData{InternalDate: time.Unix(0, 0), Size: 1}); m.Gone() {
		t.Errorf("%+v: want it there", m)
	}
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]string{ // want is RFC 3339; "" for an error
		"17-Jul-1996 02:44:25 -0700": "1996-07-17T09:44:25Z",
		" 1-Feb-1996 02:44:25 +0000": "1996-02-01T02:44:25Z",
		"1-Feb-1996 02:44:25 +0000":  "1996-02-01T02:44:25Z",
		"25-JUN-1998 10:57:38 -500":  "1998-06-25T15:57:38Z",
		"00-Jan-0000 00:00:00 +0000": "",
		"17-Jul-1996":                "",
		"-":                          "",
		"":                           "",
	} {
		got, err := parseDate(text)
		if want == "" && err == nil || want != "" && (err != nil || got.UTC().Format(time.RFC3339) != want) {
			t.Errorf("%q: got %v, %v, want %q", text, got, err, want)
		}
	}
}

func FuzzParseFetch(f *testing.F) {
	fuzzParser(f, []string{"1 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286)", "1 FETCH (BODY[HEADER]<0> {2}\r\nab UID 3)",
		"2 FETCH (BODY[HEADER.FIELDS (A)] NIL ENVELOPE ((", "1 FETCH (MODSEQ (-1)  RFC822.SIZE -1)", "1 FETCH (INTERNALDATE \"25-JUN-1998 10:57:38 -500\")"},
		func(t *testing.T, r *wire.Response) {
			if m := parseFetch(r); m != nil && (m.Size < 0 || m.BodyBytes < 0 || m.BodyParts < 0) {
				t.Errorf("%q: got %+v", r.Line, m)
			}
		})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"17-Jul-1996 02:44:25 -0700", " 1-Feb-1996 02:44:25 +000", "-500", "00-Jan-0000 00:00:00 +0000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := parseDate(s); err == nil && got.Location() == time.Local {
			t.Errorf("%q: got %v in the local zone", s, got)
		}
	})
}
