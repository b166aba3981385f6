package client

import (
	"strings"
	"testing"
)

// TestParseCriteria takes what is one list of search keys, and rejects what
// could be more than that.
func TestParseCriteria(t *testing.T) {
	for _, tt := range []struct{ in, want string }{ // want is what goes over the wire, or "!" and what the error says
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
		{strings.Repeat("x", 4001), "!longer than 4000"},
	} {
		c, err := ParseCriteria(tt.in)
		got := ""
		if err != nil {
			got = "!" + err.Error()
		} else {
			conn := &Conn{Capabilities: parseCapabilities("IMAP4rev1 LITERAL+")}
			for _, ch := range c.appendTo(conn.newCommand("SEARCH"), nil).chunks {
				got += string(ch.data)
			}
		}
		if want, bad := strings.CutPrefix(tt.want, "!"); bad && (err == nil || !strings.Contains(got, want)) || !bad && got != want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// FuzzParseCriteria holds that accepted criteria are one line of ASCII with
// balanced parentheses outside of quotes, whatever the literals hold.
func FuzzParseCriteria(f *testing.F) {
	for _, seed := range []string{"UNSEEN", `FROM "a\"b" (OR SEEN (UNSEEN))`, `SUBJECT "ü"`, "x\r\ny", `"{1}"`, "((", `\"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := ParseCriteria(in)
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
