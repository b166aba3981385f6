package wire_test

import (
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/wire"
)

// tokens writes what a response scans to: atoms as they are, strings in ‹›.
func tokens(tb testing.TB, r *wire.Response) []string {
	tb.Helper()
	var out []string
	s := r.Scan()
	for range len(r.Line) + 1 { // no token is shorter than a byte
		switch t := s.Next(); t.Kind {
		case wire.TokenEnd:
			return out
		case wire.TokenAtom:
			out = append(out, t.Text)
		case wire.TokenString:
			out = append(out, "‹"+t.Text+"›")
		default:
			out = append(out, string(t.Kind))
		}
	}
	tb.Errorf("%.80q: more tokens than bytes", r.Line)
	return out
}

func TestScan(t *testing.T) {
	tests := []struct {
		name string
		sent string
		want []string
	}{
		{"atoms", `* LIST (\Noselect) NIL a`, []string{"LIST", "(", `\Noselect`, ")", "NIL", "a"}},
		{"string", `* X "a b" "" "(c)"`, []string{"X", "‹a b›", "‹›", "‹(c)›"}},
		{"escapes", `* X "a\"b" "c\\" "\\\"d"`, []string{"X", `‹a"b›`, `‹c\›`, `‹\"d›`}},
		{"backslash as delimiter", `* LIST () "\\" a`, []string{"LIST", "(", ")", `‹\›`, "a"}},
		{"backslash as delimiter, unescaped", `* LIST () "\" "a b"`, []string{"LIST", "(", ")", `‹\›`, "‹a b›"}},
		{"quotes in a string", `* X ("say "hi", you" b)`, []string{"X", "(", `‹say "hi", you›`, "b", ")"}},
		{"quotes in an address", `* X (("O"Neil" NIL "o" "h"))`, []string{"X", "(", "(", `‹O"Neil›`, "NIL", "‹o›", "‹h›", ")", ")"}},
		{"string never closed", `* X "a b`, []string{"X", "‹a b›"}},
		{"string that ends in a backslash", `* X "a\`, []string{"X", `‹a\›`}},
		{"lone quote", `* X "`, []string{"X", "‹›"}},
		{"strings side by side in lists", `* X ("a")("b")`, []string{"X", "(", "‹a›", ")", "(", "‹b›", ")"}},
		{"nested lists", `* X ((a)(b (c)) ())`, []string{"X", "(", "(", "a", ")", "(", "b", "(", "c", ")", ")", "(", ")", ")"}},
		{"blanks in lists", `* X ( )  (  a  )`, []string{"X", "(", ")", "(", "a", ")"}},
		{"never closed", `* X ((`, []string{"X", "(", "("}},
		{"closed too often", `* X ))a`, []string{"X", ")", ")", "a"}},
		{"sections", `* 1 FETCH (BODY[HEADER.FIELDS (FROM TO)]<0> NIL BODY[] a)`,
			[]string{"1", "FETCH", "(", "BODY[HEADER.FIELDS (FROM TO)]<0>", "NIL", "BODY[]", "a", ")"}},
		{"section never closed", `* X (BODY[HEADER a) b`, []string{"X", "(", "BODY[HEADER a) b"}},
		{"lone brackets", `* X ] a[ ]`, []string{"X", "]", "a[ ]"}},
		{"tabs", "* X\t(a\tb)\t\"c\td\" e\tf", []string{"X", "(", "a", "b", ")", "‹c\td›", "e", "f"}},
		{"no literal", `* X {5} ~{5} ~ {`, []string{"X", "{5}", "~{5}", "~", "{"}},
		{"what looks like a literal in a string", "* X \"{1}\" {1}\r\na", []string{"X", "‹{1}›", "‹a›"}},
		{"binary literal", "* X ~{1}\r\na b", []string{"X", "‹a›", "b"}},
		{"literal with nothing between", "* X({1}\r\na{1}\r\nb)", []string{"X", "(", "‹a›", "‹b›", ")"}},
		{"literal in a string", "* X \"{1}\r\na b\" {1}\r\nc", []string{"X", "‹{1} b›", "‹c›"}},
		{"literal in a section", "* X BODY[{1}\r\na b] c", []string{"X", "BODY[{1} b]", "c"}},
		{"bytes of no charset", "* X \xff \"\xfe\x00\"", []string{"X", "\xff", "‹\xfe\x00›"}},
		{"status", `T1 OK [X "a]`, []string{"OK", `[X "a]`}},
		{"nothing", "*", nil},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tokens(t, one(t, tt.sent+"\r\n")); !slices.Equal(got, tt.want) {
				t.Errorf("%q:\n got %q\nwant %q", tt.sent, got, tt.want)
			}
		})
	}
}

func TestIsNIL(t *testing.T) {
	tests := []struct {
		sent string
		want bool
	}{
		{"NIL", true}, {"nil", true}, {"NILS", false}, {`"NIL"`, false}, {"{3}\r\nNIL", false}, {"", false}, {"()", false},
	}
	for _, tt := range tests {
		t.Run(tt.sent, func(t *testing.T) {
			if got := one(t, "* "+tt.sent+"\r\n").Scan().Next().IsNIL(); got != tt.want {
				t.Errorf("%q: got %t, want %t", tt.sent, got, tt.want)
			}
		})
	}
}

func TestSize(t *testing.T) {
	c := wire.New(&feed{pieces: []string{"* {20}\r\n" + strings.Repeat("x", 20) + " \"a\\\"\"\r\n"}},
		wire.Limits{Total: 1000, Line: 100, Depth: 1, Keep: 8}, nil)
	r, err := c.Response()
	if err != nil {
		t.Fatal(err)
	}
	s := r.Scan()
	if got := s.Next(); got.Text != "xxxxxxxx" || got.Size != 20 {
		t.Errorf("literal: got %+v, want 8 bytes of 20", got)
	}
	if got := s.Next(); got.Text != `a"` || got.Size != 2 {
		t.Errorf("quoted: got %+v, want 2 bytes", got)
	}
}

func TestSkipAndRest(t *testing.T) {
	tests := []struct {
		name string
		sent string // its first list is skipped
		want string
	}{
		{"empty", "* () b", "b"},
		{"nested", `* (a (b "c)" (d)) e) f g`, "f g"},
		{"with a literal", "* (a {3}\r\n)))) f", "f"},
		{"never closed", "* (a (b) c", ""},
		{"rest with blanks", "* (a) \t b  c ", "b  c "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := one(t, tt.sent+"\r\n").Scan()
			s.Next()
			s.Skip()
			if got := s.Rest(); got != tt.want {
				t.Errorf("%q: got rest %q, want %q", tt.sent, got, tt.want)
			}
		})
	}
}
