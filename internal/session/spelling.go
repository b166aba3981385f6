package session

import (
	"strings"
	"unicode"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// spelledApart says how the spelling of two names differs that look the same, or of
// which one was copied from elsewhere; report.DifferLetters for any other two names.
func spelledApart(want, name string, delim rune) report.Difference {
	switch {
	case strings.ContainsAny(want, quoteMarks) && withoutQuotes(want) == name:
		return report.DifferQuotes
	case plainBlanks(want) == plainBlanks(name):
		return report.DifferBlanks
	case sameLetters(want, name):
		return report.DifferForm
	case strings.Contains(want, "&") && client.MailboxName(want) == name:
		return report.DifferEncoding
	case strings.EqualFold(want, name):
		return report.DifferCase
	case delim != 0 && strings.EqualFold(levels(want, delim), name):
		return report.DifferDelimiter
	}
	return report.DifferLetters
}

// quoteMarks are those that a shell, a configuration or a word processor leaves
// around a name.
const quoteMarks = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"

func withoutQuotes(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(quoteMarks, r) {
			return -1
		}
		return r
	}, name)
}

// plainBlanks returns a name with plain blanks and hyphens in place of all others,
// one blank at a time, and none that is invisible or at an end.
func plainBlanks(name string) string {
	if !isASCII(name) {
		name = strings.Map(plain, name)
	}
	if strings.Contains(name, "  ") {
		name = strings.Join(strings.Fields(name), " ")
	}
	return strings.Trim(name, " ")
}

// plain returns what a character looks like, -1 for nothing.
func plain(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Pd, r):
		return '-'
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// levels returns a name with the server's delimiter between its levels, in place of
// those that other servers have.
func levels(name string, delim rune) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '.' || r == '\\' {
			return delim
		}
		return r
	}, name)
}

// sameLetters says whether two names are the same but for their Unicode form: where
// one has a letter beyond ASCII, the other has a letter and its accents. Which accents
// they are takes the tables of Unicode and is not compared.
func sameLetters(x, y string) bool {
	if isASCII(x) && isASCII(y) {
		return false
	}
	a, b := takenApart(x), takenApart(y)
	for len(a) > 0 && len(b) > 0 {
		n, m := accents(a), accents(b)
		switch {
		case a[0] == b[0] && n == m:
		case n > m && b[0] >= 0x80, m > n && a[0] >= 0x80:
		default:
			return false
		}
		a, b = a[1+n:], b[1+m:]
	}
	return len(a) == len(b)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// accents returns how many accents stand behind the first letter.
func accents(name []rune) int {
	n := 0
	for n+1 < len(name) && unicode.Is(unicode.Mn, name[n+1]) {
		n++
	}
	return n
}

// takenApart returns the letters of a name, and of Hangul, whose syllables are
// letters put together, those letters. See the Unicode Standard, section 3.12.
func takenApart(name string) []rune {
	const first, syllables = 0xAC00, 11172
	const leading, vowel, trailing = 0x1100, 0x1161, 0x11A7
	var out []rune
	for _, r := range name {
		n := r - first
		if n < 0 || n >= syllables {
			out = append(out, r)
			continue
		}
		out = append(out, leading+n/588, vowel+n%588/28)
		if n%28 > 0 {
			out = append(out, trailing+n%28)
		}
	}
	return out
}
