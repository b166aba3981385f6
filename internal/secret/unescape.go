package secret

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// hasEscape says whether an escape may stand in s.
func hasEscape(s string) bool { return strings.ContainsAny(s, `%\&`) }

// escapes says whether an escape begins with c.
func escapes(c byte) bool { return c == '%' || c == '\\' || c == '&' }

// unescape returns the character that s begins with and its size in bytes. An escape
// is one character: percent-encoding (RFC 3986 section 2.1), the backslash of IMAP,
// JSON, Go and C, and the character references of HTML.
func unescape(s string) (rune, int) {
	switch s[0] {
	case '%':
		return percent(s)
	case '\\':
		return backslash(s)
	}
	return reference(s)
}

// percent decodes %XX, and several of them where they are one character of UTF-8.
func percent(s string) (rune, int) {
	var raw [utf8.UTFMax]byte
	n := 0
	for ; n < len(raw) && len(s) >= 3*n+3 && s[3*n] == '%'; n++ {
		b, err := strconv.ParseUint(s[3*n+1:3*n+3], 16, 8)
		if err != nil {
			break
		}
		raw[n] = byte(b)
	}
	if n == 0 {
		return '%', 1
	}
	r, size := decode(string(raw[:n]))
	return r, 3 * size
}

// letters stand behind a backslash for these control characters.
const (
	letters  = "abefnrtv"
	controls = "\a\b\x1b\f\n\r\t\v"
)

// backslash decodes \", \n, \x41, \101, \u0041 and \U00000041.
func backslash(s string) (rune, int) {
	if len(s) < 2 {
		return '\\', 1
	}
	switch c := s[1]; {
	case strings.IndexByte("\\\"'/`", c) >= 0:
		return rune(c), 2
	case strings.IndexByte(letters, c) >= 0:
		return rune(controls[strings.IndexByte(letters, c)]), 2
	case c == 'x':
		return number(s, 2, 2, 16)
	case '0' <= c && c <= '3':
		return number(s, 1, 3, 8)
	case c == 'U':
		return number(s, 2, 8, 16)
	case c == 'u':
		r, n := number(s, 2, 4, 16)
		if utf16.IsSurrogate(r) && strings.HasPrefix(s[n:], `\u`) {
			if low, more := number(s[n:], 2, 4, 16); utf16.DecodeRune(r, low) != utf8.RuneError {
				return utf16.DecodeRune(r, low), n + more
			}
		}
		return r, n
	}
	return '\\', 1
}

// number decodes the escape of s whose digits begin behind its first bytes.
func number(s string, first, digits, base int) (rune, int) {
	if len(s) >= first+digits {
		if r, err := strconv.ParseUint(s[first:first+digits], base, 31); err == nil && r <= utf8.MaxRune {
			return rune(r), first + digits
		}
	}
	return '\\', 1
}

// longestReference bounds the search for the end of a character reference.
const longestReference = 12

// reference decodes &lt;, &#60; and &#x3c;.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), longestReference)], ';')
	if end < 0 {
		return '&', 1
	}
	text := html.UnescapeString(s[:end+1])
	if r, size := utf8.DecodeRuneInString(text); size == len(text) && r != utf8.RuneError {
		return r, end + 1
	}
	return '&', 1
}
