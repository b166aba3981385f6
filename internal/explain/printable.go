package explain

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable returns what the user gave as one line that nobody can take for another:
// a line end, an escape of the terminal or a character that nobody sees is written as
// Go writes it, \n or \x1b.
func printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for at, size := 0, 0; at < len(s); at += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[at:])
		if unicode.IsPrint(r) && r != utf8.RuneError {
			b.WriteRune(r)
			continue
		}
		escaped := strconv.Quote(s[at : at+size])
		b.WriteString(escaped[1 : len(escaped)-1])
	}
	return b.String()
}
