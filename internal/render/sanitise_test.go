package render

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// sanitised is a text and what a sanitiser makes of it.
type sanitised struct{ name, in, want string }

func check(t *testing.T, function string, f func(string) string, tests []sanitised) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := f(tt.in); got != tt.want {
				t.Errorf("%s(%q): got %q, want %q", function, tt.in, got, tt.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	check(t, "Text", Text, []sanitised{
		{"empty", "", ""},
		{"plain", "NO [AUTHENTICATIONFAILED] Authentication failed.", "NO [AUTHENTICATIONFAILED] Authentication failed."},
		{"letters of the world", "größe ✓ 邮箱 пошта", "größe ✓ 邮箱 пошта"},
		{"pipe", "ready | load=1", "ready ! load=1"},
		{"tag", "<user@host> <b class=x>", "{user@host} {b class=x}"},
		{"ampersand", "R&D &lt;b&gt;", "R+D +lt;b+gt;"},
		{"dollar and backtick", "$(id) `id` $HOSTNAME$", "_(id) 'id' _HOSTNAME_"},
		{"line ends and tabs", "a\r\nb\tc\vd\fe", "a b c d e"},
		{"NUL and BEL", "a\x00b\ac", "abc"},
		{"terminal escape", "\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"DEL and C1", "a\x7fb\u009bc", "abc"},
		{"NEL", "a\u0085b", "a b"},
		{"not UTF-8", "gr\xf6\xdfe", "gr\ufffde"},
		{"half a rune", "a\xe2\x82", "a\ufffd"},
		{"noncharacter", "a\ufffeb\U0010ffffc", "a\ufffdb\ufffdc"},
		{"separators", "a\u2028b\u2029c", "a b c"},
		{"wide blanks", "a\u00a0\u3000\u2003b", "a b"},
		{"bidirectional controls", "a\u202eb\u2066c\u2069d\u200fe\u061cf", "abcdef"},
		{"zero width", "a\u200bb\u200cc\u200dd\u2060e", "abcde"},
		{"byte order mark", "\ufeffa", "a"},
		{"soft hyphen and tags", "a\u00adb\U000e0041c", "abc"},
		{"variation selector and filler", "a\ufe0fb\u3164c\u034fd", "abcd"},
		{"runs of blanks", "  a    b  ", "a b"},
		{"blank that was not there", "a \x00 b", "a b"},
		{"state in square brackets", "[OK] [WARNING] [CRITICAL] [UNKNOWN] [UP] [DOWN]", "[ OK] [ WARNING] [ CRITICAL] [ UNKNOWN] [ UP] [ DOWN]"},
		{"state in round brackets", "(OK)(critical)", "( OK)( critical)"},
		{"state in mixed brackets", "[Ok) {up} <Down>", "[ Ok) { up} { Down}"},
		{"state in wide brackets", "\uff3bOK\uff3d", "\uff3b OK\uff3d"},
		{"nested brackets", "[([OK])]", "[([ OK])]"},
		{"state through something invisible", "[O\u200bK] (C\x00RITICAL)", "[ OK] ( CRITICAL)"},
		{"already broken", "[ OK]", "[ OK]"},
		{"not a state", "OK [OKAY] [CAPABILITY IMAP4rev1] [UNAVAILABLE]", "OK [OKAY] [CAPABILITY IMAP4rev1] [UNAVAILABLE]"},
		{"backslash n", `CORP\nina \\tom \x`, `CORP\ nina \ \ tom \ x`},
		{"backslash of no escape", `\Seen \Answered \* \- \ a`, `\Seen \Answered \* \- \ a`},
		{"backslash at the end", `C:\`, `C:/`},
		{"backslash n through something invisible", "\\\u200bn", `\ n`},
		{"quotes and range stay", `"~:5"; it's`, `"~:5"; it's`},
	})
}

func TestLine(t *testing.T) {
	check(t, "Line", Line, []sanitised{
		{"as Text", "a|b\n<c>", "a!b {c}"},
		{"semicolon", "a; b", "a, b"},
		{"quotes", `mailbox "INBOX" can't 'x'`, "mailbox INBOX cant x"},
		{"backtick", "`id`", "id"},
		{"empty quotes leave one blank", `name "" given`, "name given"},
		{"tilde", "~/Maildir", "-/Maildir"},
		{"range open below", "time 6.2 s is outside ~:5", "time 6.2 s is outside -inf:5"},
		{"range through something invisible", "~\u200b:5", "-inf:5"},
		{"state through a quote", `[O'K] ("UP")`, "[ OK] ( UP)"},
		{"backslash", `\"n CORP\carol`, `/n CORP/carol`},
		{"all that Nagios deletes", "`~$&|'\"<>", "-_+!{}"},
	})
}

func TestQuote(t *testing.T) {
	long := strings.Repeat("é", 250)
	tests := []sanitised{
		{"short", "bye | now", "bye ! now"},
		{"just fits", long[:400], long[:400]},
		{"one too many", long[:402], long[:394] + "..."},
		{"much too long", long, long[:394] + "..."},
		{"blanks do not count", strings.Repeat(" ", 300) + "x", "x"},
		{"no blank before the mark", strings.Repeat("a", 196) + " bcdef", strings.Repeat("a", 196) + "..."},
		{"state behind the cut", strings.Repeat("a", 196) + "[CRITICAL]", strings.Repeat("a", 196) + "[..."},
		{"blank of the state makes it too long", strings.Repeat("a", 196) + "[OK]", strings.Repeat("a", 196) + "[..."},
		{"state at the cut", strings.Repeat("a", 194) + "[OK] bcd", strings.Repeat("a", 194) + "[ O..."},
	}
	check(t, "Quote", Quote, tests)
	for _, tt := range tests {
		if n := utf8.RuneCountInString(Quote(tt.in)); n > 200 {
			t.Errorf("Quote(%q): got %d runes, want at most 200", tt.in, n)
		}
	}
}

func TestFit(t *testing.T) {
	lines := []string{"first | a=1", "two", "three", "four"} // 12 + 4 + 6 + 5 = 27 bytes
	tests := []struct {
		name  string
		lines []string
		max   int
		want  []string
	}{
		{"all fit", lines, 27, lines},
		{"nothing", nil, 10, nil},
		{"one byte over", lines, 26, []string{"first | a=1"}}, // the last line has 16 bytes
		{"room for the last line", append(slices.Clone(lines), strings.Repeat("x", 20)), 47,
			[]string{"first | a=1", "two", "three", "four", "... 1 line cut"}},
		{"two cut", append(slices.Clone(lines), strings.Repeat("x", 20)), 41,
			[]string{"first | a=1", "two", "three", "... 2 lines cut"}},
		{"only the first and how many", lines, 12 + 16, lines},
		{"only the first and how many, three longer", []string{"first", strings.Repeat("x", 50), "y", "z"}, 6 + 16, []string{"first", "... 3 lines cut"}},
		{"no room for how many", []string{"first", strings.Repeat("x", 50), "y", "z"}, 6 + 15, []string{"first"}},
		{"first alone too long", lines, 5, []string{"first | a=1"}},
		{"single line too long", lines[:1], 5, lines[:1]},
		{"no room at all", lines, -1, lines[:1]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.lines)
			got := Fit(tt.lines, 0, tt.max)
			if !slices.Equal(got, tt.want) {
				t.Errorf("Fit(%q, %d): got %q, want %q", tt.lines, tt.max, got, tt.want)
			}
			if !slices.Equal(tt.lines, before) {
				t.Errorf("Fit(%q, %d): the lines given became %q", before, tt.max, tt.lines)
			}
		})
	}
}

// TestFitBounds tries every size: the bound holds, the first line stays, what is
// kept is a prefix, and the last line counts right.
func TestFitBounds(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, strings.Repeat("x", i*7%23))
	}
	for max := range 500 {
		got := Fit(lines, 0, max)
		size := 0
		for _, l := range got {
			size += len(l) + 1
		}
		if size > max && len(got) > 1 {
			t.Errorf("Fit to %d: got %d bytes in %d lines", max, size, len(got))
		}
		kept := len(got)
		if kept > 1 && strings.HasPrefix(got[kept-1], "...") {
			kept--
			want := fmt.Sprintf("... %d line", len(lines)-kept)
			if !strings.HasPrefix(got[kept], want) {
				t.Errorf("Fit to %d: got last line %q, want %q", max, got[kept], want)
			}
		}
		if kept < 1 || !slices.Equal(got[:kept], lines[:kept]) {
			t.Errorf("Fit to %d: got %q, want the first %d lines", max, got, kept)
		}
	}
}

// escape is what printf %b replaces.
var escape = regexp.MustCompile(`\\([abceEfnrtvxuU0-7"\\]|$)`)

func FuzzSanitise(f *testing.F) {
	for _, s := range []string{
		"", "a | b=1", "[O\u200bK]", "(\x1b[31mCRITICAL)", "\xff\xfe", "~\u202e:5", "`$(id)`", `"[O'K]"`, `\'n`,
		"\u2028<b>&amp;", strings.Repeat("[OK]", 60), strings.Repeat("~:", 150), "\u2126\u017f[O\u212a]", "a\u0338\u034f",
	} {
		f.Add(s)
	}
	// The patterns are Icinga Web's and Nagios', written down again.
	ball := regexp.MustCompile(`(?i)[\[({](ok|warning|critical|unknown|up|down)[\])}]`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, f := range []struct {
			name string
			fn   func(string) string
		}{{"Text", Text}, {"Line", Line}, {"Quote", Quote}} {
			name, fn := f.name, f.fn
			got := fn(s)
			if again := fn(got); again != got {
				t.Errorf("%s(%q): got %q, then %q, want the same again", name, s, got, again)
			}
			if !utf8.ValidString(got) {
				t.Errorf("%s(%q): got %q, not UTF-8", name, s, got)
			}
			if strings.ContainsAny(got, "|<>&$`\ufeff") || strings.Contains(got, "  ") ||
				escape.MatchString(got) || got != strings.TrimSpace(got) {
				t.Errorf("%s(%q): got %q", name, s, got)
			}
			for _, r := range got {
				if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' ' {
					t.Errorf("%s(%q): got %q with %U", name, s, got, r)
				}
			}
			if ball.MatchString(got) {
				t.Errorf("%s(%q): got %q, a state token", name, s, got)
			}
			if name == "Line" && strings.ContainsAny(got, ";~'\"") {
				t.Errorf("Line(%q): got %q", s, got)
			}
			if name == "Quote" && utf8.RuneCountInString(got) > 200 {
				t.Errorf("Quote(%q): got %d runes", s, utf8.RuneCountInString(got))
			}
		}
		if a, b := Line(Text(s)), Line(s); a != b && !strings.ContainsAny(s, "'\"`") {
			t.Errorf("Line(Text(%q)): got %q, want %q", s, a, b)
		}
	})
}

func BenchmarkTextOfALongLine(b *testing.B) {
	s := strings.Repeat("* LIST (\\HasNoChildren) \"/\" \"Archive/2024\"\r\n", 2500) // 100 KiB
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Quote(s)
	}
}

// TestMail sends text through what Debian's Nagios and Icinga make mails with: it
// comes out as it went in.
func TestMail(t *testing.T) {
	printf, err := exec.LookPath("printf")
	if err != nil {
		t.Skip("skip: not installed: ", err)
	}
	for _, s := range []string{`account CORP\carol is locked`, `\a\b\c\d\e\f\g\n\r\t\v\x41\u0041\U00000041\0101\101\\c\"end\`, `\Seen \*`} {
		for _, safe := range []string{Text(s), Line(s), Quote(s)} {
			out, err := exec.Command(printf, "%b", safe+"\nbehind it").Output()
			if err != nil || string(out) != safe+"\nbehind it" {
				t.Errorf("%q becomes %q (%v)", safe, out, err)
			}
		}
	}
}
