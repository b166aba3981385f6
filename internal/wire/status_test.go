package wire_test

import (
	"slices"
	"testing"

	"check_imap_session/internal/wire"
)

func TestStatus(t *testing.T) {
	tests := []struct {
		sent string
		want wire.Status // the zero one: no status response
	}{
		{"* OK ready", wire.Status{Type: "OK", Text: "ready"}},
		{"T1 OK done", wire.Status{Type: "OK", Text: "done"}},
		{"T1 no  done", wire.Status{Type: "NO", Text: "done"}},
		{"T1  Bad done", wire.Status{Type: "BAD", Text: "done"}},
		{"* preauth hi", wire.Status{Type: "PREAUTH", Text: "hi"}},
		{"* BYE", wire.Status{Type: "BYE"}},
		{"T1 OK", wire.Status{Type: "OK"}},
		{"T1 OK ", wire.Status{Type: "OK"}},
		{"*OK hi", wire.Status{Type: "OK", Text: "hi"}},
		{"*\tOK\thi", wire.Status{Type: "OK", Text: "hi"}},
		{"* OK hi \t", wire.Status{Type: "OK", Text: "hi"}},
		{"* OK gr\xfc\xdfe", wire.Status{Type: "OK", Text: "gr\xfc\xdfe"}},
		{"T1 NO [AUTHENTICATIONFAILED] no", wire.Status{Type: "NO", Code: "AUTHENTICATIONFAILED", Text: "no"}},
		{"T1 NO [alert]no", wire.Status{Type: "NO", Code: "ALERT", Text: "no"}},
		{"T1 NO[alert] no", wire.Status{Type: "NO", Code: "ALERT", Text: "no"}},
		{"T1 NO [ALERT]", wire.Status{Type: "NO", Code: "ALERT"}},
		{"T1 NO [] no", wire.Status{Type: "NO", Text: "no"}},
		{"T1 NO [ ALERT ] no", wire.Status{Type: "NO", Code: "ALERT", Text: "no"}},
		{"* OK [UIDVALIDITY 3857529045] valid", wire.Status{Type: "OK", Code: "UIDVALIDITY", Arg: "3857529045", Text: "valid"}},
		{`* OK [PERMANENTFLAGS (\Deleted \*)] limited`, wire.Status{Type: "OK", Code: "PERMANENTFLAGS", Arg: `(\Deleted \*)`, Text: "limited"}},
		{`* OK [PERMANENTFLAGS (\Deleted Re[1] a]b \*)] limited`, wire.Status{Type: "OK", Code: "PERMANENTFLAGS", Arg: `(\Deleted Re[1] a]b \*)`, Text: "limited"}},
		{`* OK [PERMANENTFLAGS (\Deleted \*] limited`, wire.Status{Type: "OK", Code: "PERMANENTFLAGS", Arg: `(\Deleted \*`, Text: "limited"}},
		{`* OK [X )] text`, wire.Status{Type: "OK", Code: "X", Arg: ")", Text: "text"}},
		{`T1 OK [X "a]b" c] text`, wire.Status{Type: "OK", Code: "X", Arg: `"a]b" c`, Text: "text"}},
		{`T1 OK [X "a\"]b"] text`, wire.Status{Type: "OK", Code: "X", Arg: `"a\"]b"`, Text: "text"}},
		{`T1 OK [X "a] text`, wire.Status{Type: "OK", Code: "X", Arg: `"a`, Text: "text"}},
		{`T1 OK [X] say "]"`, wire.Status{Type: "OK", Code: "X", Text: `say "]"`}},
		{"T1 OK [X text", wire.Status{Type: "OK", Text: "[X text"}},
		{"T1 OK [", wire.Status{Type: "OK", Text: "["}},
		{"T1 OK text [X]", wire.Status{Type: "OK", Text: "text [X]"}},
		{"* OKAY", wire.Status{}},
		{"* 1 EXISTS", wire.Status{}},
		{"* LIST () \"/\" OK", wire.Status{}},
		{"OK done", wire.Status{}},
		{"*", wire.Status{}},
		{"", wire.Status{}},
	}
	for _, tt := range tests {
		t.Run(tt.sent, func(t *testing.T) {
			got, ok := one(t, tt.sent+"\r\n").Status()
			if got != tt.want || ok != (tt.want != wire.Status{}) {
				t.Errorf("%q: got %+v, %t, want %+v", tt.sent, got, ok, tt.want)
			}
		})
	}
}

func TestTagAndWords(t *testing.T) {
	tests := []struct {
		sent  string
		tag   string
		n     int
		words []string
	}{
		{"* 23 Fetch (FLAGS ())", "*", 2, []string{"23", "FETCH"}},
		{"* 23 Fetch (FLAGS ())", "*", 0, nil},
		{"* 23  \tFetch \t", "*", 5, []string{"23", "FETCH"}},
		{"*23 EXISTS", "*", 1, []string{"23"}},
		{"T1 ok done", "T1", 1, []string{"OK"}},
		{"T1", "T1", 1, nil},
		{"+ idling", "+", 1, []string{"IDLING"}},
		{"+", "+", 1, nil},
		{"+idling", "+", 1, []string{"IDLING"}},
		{" OK", "", 1, []string{"OK"}},
		{"", "", 3, nil},
		{"* \xff\xfe x", "*", 2, []string{"\uFFFD\uFFFD", "X"}},
	}
	for _, tt := range tests {
		t.Run(tt.sent, func(t *testing.T) {
			r := one(t, tt.sent+"\r\n")
			if got := r.Words(tt.n); r.Tag != tt.tag || !slices.Equal(got, tt.words) {
				t.Errorf("%q: got tag %q, %d words %q, want %q, %q", tt.sent, r.Tag, tt.n, got, tt.tag, tt.words)
			}
		})
	}
}
