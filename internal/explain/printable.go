package explain

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable returns what the user gave as one line that shows all that is in it: a line
// end, an escape of the terminal or an invisible character is written as Go writes it,
// \n or \x1b.
func printable(s string) string {
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if unicode.IsPrint(r) && r != utf8.RuneError {
			b.WriteRune(r)
		} else {
			escaped := strconv.Quote(s[:size])
			b.WriteString(escaped[1 : len(escaped)-1])
		}
		s = s[size:]
	}
	return b.String()
}
