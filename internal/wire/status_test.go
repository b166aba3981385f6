package wire_test

import (
	"slices"
	"testing"

	"check_imap_session/internal/report"
)

func TestStatus(t *testing.T) {
	tests := []struct {
		sent string
		want report.Reply // the zero one: no status response
	}{
		{"* OK ready", report.Reply{Status: "OK", Text: "ready"}},
		{"T1 OK done", report.Reply{Status: "OK", Text: "done"}},
		{"T1 no  done", report.Reply{Status: "NO", Text: "done"}},
		{"T1  Bad done", report.Reply{Status: "BAD", Text: "done"}},
		{"* preauth hi", report.Reply{Status: "PREAUTH", Text: "hi"}},
		{"* BYE", report.Reply{Status: "BYE"}},
		{"T1 OK", report.Reply{Status: "OK"}},
		{"T1 OK ", report.Reply{Status: "OK"}},
		{"*OK hi", report.Reply{Status: "OK", Text: "hi"}},
		{"*\tOK\thi", report.Reply{Status: "OK", Text: "hi"}},
		{"* OK hi \t", report.Reply{Status: "OK", Text: "hi"}},
		{"* OK gr\xfc\xdfe", report.Reply{Status: "OK", Text: "gr\xfc\xdfe"}},
		{"T1 NO [AUTHENTICATIONFAILED] no", report.Reply{Status: "NO", Code: "AUTHENTICATIONFAILED", Text: "no"}},
		{"T1 NO [alert]no", report.Reply{Status: "NO", Code: "ALERT", Text: "no"}},
		{"T1 NO[alert] no", report.Reply{Status: "NO", Code: "ALERT", Text: "no"}},
		{"T1 NO [ALERT]", report.Reply{Status: "NO", Code: "ALERT"}},
		{"T1 NO [] no", report.Reply{Status: "NO", Text: "no"}},
		{"T1 NO [ ALERT ] no", report.Reply{Status: "NO", Code: "ALERT", Text: "no"}},
		{"* OK [UIDVALIDITY 3857529045] valid", report.Reply{Status: "OK", Code: "UIDVALIDITY", Arg: "3857529045", Text: "valid"}},
		{`* OK [PERMANENTFLAGS (\Deleted \*)] limited`, report.Reply{Status: "OK", Code: "PERMANENTFLAGS", Arg: `(\Deleted \*)`, Text: "limited"}},
		{`* OK [PERMANENTFLAGS (\Deleted Re[1] a]b \*)] limited`, report.Reply{Status: "OK", Code: "PERMANENTFLAGS", Arg: `(\Deleted Re[1] a]b \*)`, Text: "limited"}},
		{`* OK [PERMANENTFLAGS (\Deleted \*] limited`, report.Reply{Status: "OK", Code: "PERMANENTFLAGS", Arg: `(\Deleted \*`, Text: "limited"}},
		{`* OK [X )] text`, report.Reply{Status: "OK", Code: "X", Arg: ")", Text: "text"}},
		{`T1 OK [X "a]b" c] text`, report.Reply{Status: "OK", Code: "X", Arg: `"a]b" c`, Text: "text"}},
		{`T1 OK [X "a\"]b"] text`, report.Reply{Status: "OK", Code: "X", Arg: `"a\"]b"`, Text: "text"}},
		{`T1 OK [X "a] text`, report.Reply{Status: "OK", Code: "X", Arg: `"a`, Text: "text"}},
		{`T1 OK [X] say "]"`, report.Reply{Status: "OK", Code: "X", Text: `say "]"`}},
		{"T1 OK [X text", report.Reply{Status: "OK", Text: "[X text"}},
		{"T1 OK [", report.Reply{Status: "OK", Text: "["}},
		{"T1 OK text [X]", report.Reply{Status: "OK", Text: "text [X]"}},
		{"* OKAY", report.Reply{}},
		{"* 1 EXISTS", report.Reply{}},
		{"* LIST () \"/\" OK", report.Reply{}},
		{"OK done", report.Reply{}},
		{"*", report.Reply{}},
		{"", report.Reply{}},
	}
	for _, tt := range tests {
		t.Run(tt.sent, func(t *testing.T) {
			got, ok := one(t, tt.sent+"\r\n").Status()
			if got != tt.want || ok != (tt.want != report.Reply{}) {
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
