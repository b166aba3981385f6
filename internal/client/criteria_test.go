package client

import (
	"strings"
	"testing"
	"time"
)

// TestParseCriteria takes what is one list of search keys, and rejects what
// could be more than that.
func TestParseCriteria(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("", 3600)) // in UTC the day before
	for _, tt := range []struct{ in, want string }{                     // want is what goes over the wire, or "!" and what the error says
		{"", "SEARCH ALL"},
		{"UNSEEN", "SEARCH UNSEEN"},
		{" ALL ", "SEARCH ALL"},
		{`FROM "a b" (OR SEEN UNSEEN)`, `SEARCH FROM "a b" (OR SEEN UNSEEN)`},
		{`SUBJECT "a \"b\" \\ (c {3} )"`, `SEARCH SUBJECT "a \"b\" \\ (c {3} )"`},
		{`SUBJECT "Bücher" UNSEEN`, "SEARCH CHARSET UTF-8 SUBJECT {7+}\r\nBücher UNSEEN"},
		{`SUBJECT "ä" TO "ö"`, "SEARCH CHARSET UTF-8 SUBJECT {2+}\r\nä TO {2+}\r\nö"},
		{"UNSEEN\r\nA1 LOGOUT", "!control character"},
		{"UNSEEN\nx", "!control character"},
		{"a\x00b", "!control character"},
		{"SINCE {-1d}", "SEARCH SINCE 27-Feb-2026"},
		{"SINCE {-0d} UNSEEN", "SEARCH SINCE 28-Feb-2026 UNSEEN"},
		{`(BEFORE {-2w}) SUBJECT "{-1d}" NOT ON {-57d}`, `SEARCH (BEFORE 14-Feb-2026) SUBJECT "{-1d}" NOT ON 2-Jan-2026`},
		{`SUBJECT "ä" SINCE {-1d}`, "SEARCH CHARSET UTF-8 SUBJECT {2+}\r\nä SINCE 27-Feb-2026"},
		{"SINCE ({-1d})", "SEARCH SINCE (27-Feb-2026)"},
		{"SINCE {-36500d}", "SEARCH SINCE 25-Mar-1926"},
		{"SINCE {-36501d}", "!more than 100 years"},
		{"SINCE {-9999w}", "!more than 100 years"},
		{"SINCE {-99999999999d}", "!{-7d}"},
		{"SINCE {1d}", "!{-7d}"},
		{"SINCE {-1}", "!{-7d}"},
		{"SINCE {-1h}", "!{-7d}"},
		{"SINCE {--1d}", "!{-7d}"},
		{"SINCE {-1d", "!{-7d}"},
		{"SINCE {-1d}x", "!{-1d} has to stand by itself"},
		{"SINCE{-1d}", "!{-1d} has to stand by itself"},
		{`SUBJECT "a"{-1d}`, "!has to stand by itself"},
		{`SUBJECT "ä"{-1d}`, "!has to stand by itself"},
		{"SUBJECT {3}", "!literal"},
		{"SUBJECT {3+}", "!literal"},
		{`SUBJECT "a`, "!quote that is not closed"},
		{`SUBJECT "a\"`, "!quote that is not closed"},
		{`SUBJECT "a\n"`, "!in quotes"},
		{"(UNSEEN", "!( without its )"},
		{"UNSEEN)", "!) without its ("},
		{")(", "!) without its ("},
		{"SUBJECT Bücher", "!double quotes"},
		{"\xff", "!UTF-8"},
		{"RETURN (ALL) UNSEEN", "!RETURN is added"},
		{`charset utf-8 SUBJECT "ä"`, "!CHARSET is added"},
		{strings.Repeat("x", 4000), "SEARCH " + strings.Repeat("x", 4000)},
		{strings.Repeat("x", 4001), "!longer than 4000"},
	} {
		c, err := ParseCriteria(tt.in, now)
		got := ""
		if err != nil {
			got = "!" + err.Error()
		} else {
			conn := &Conn{Capabilities: parseCapabilities("IMAP4rev1 LITERAL+")}
			for _, ch := range c.appendTo(conn.newCommand("SEARCH"), nil).chunks {
				got += ch.data
			}
		}
		if want, bad := strings.CutPrefix(tt.want, "!"); bad && (err == nil || !strings.Contains(got, want)) || !bad && got != want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestNeedsWithin finds the keys of RFC 5032, each of which has a number.
func TestNeedsWithin(t *testing.T) {
	for in, want := range map[string]string{
		"UNSEEN":                        "",
		"OLDER 3600":                    "OLDER",
		"UNSEEN (NOT younger 60)":       "YOUNGER",
		"YOUNGER 60 OLDER 3600":         "YOUNGER",
		`SUBJECT "Bücher" YOUNGER 60`:   "YOUNGER",
		"FROM younger SUBJECT older":    "",
		`SUBJECT older SUBJECT "x"`:     "",
		`SUBJECT "ü" FROM older TO "ö"`: "",
		`SUBJECT "backup older 7 days"`: "",
	} {
		c, err := ParseCriteria(in, time.Time{})
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if got := c.NeedsWithin(); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

// FuzzParseCriteria holds that accepted criteria are one line of ASCII with
// balanced parentheses outside of quotes, whatever the literals hold.
func FuzzParseCriteria(f *testing.F) {
	for _, seed := range []string{"UNSEEN", `FROM "a\"b" (OR SEEN (UNSEEN))`, `SUBJECT "ü"`, "x\r\ny", `"{1}"`, "((", `\"`, "SINCE {-1d}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := ParseCriteria(in, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return
		}
		text := ""
		for _, p := range c.parts {
			if p.literal {
				continue
			}
			text += p.text
			if strings.ContainsFunc(p.text, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("%q: part %q is not a line of ASCII", in, p.text)
			}
		}
		depth, quoted := 0, false
		for i := 0; i < len(text); i++ {
			switch b := text[i]; {
			case quoted && b == '\\':
				i++
			case b == '"':
				quoted = !quoted
			case quoted:
			case b == '{':
				t.Fatalf("%q: a literal in %q", in, text)
			case b == '(':
				depth++
			case b == ')':
				if depth--; depth < 0 {
					t.Fatalf("%q: unbalanced %q", in, text)
				}
			}
		}
		if quoted || depth != 0 {
			t.Fatalf("%q: unbalanced %q", in, text)
		}
	})
}
