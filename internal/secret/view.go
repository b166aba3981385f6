package secret

import (
	"unicode"
	"unicode/utf8"
)

// view is how a finder looks at a text: it returns skip for a character that does
// not count, and the same character for those that are taken as equal.
type view func(rune) rune

const skip = -1

// invalid is added to a byte that is not UTF-8, so that it is equal to itself only.
const invalid = 0x200000

// next returns what the view makes of the first character of s, and its size in
// bytes: with its escapes undone, or as they are.
func (v view) next(s string, unescaped bool) (rune, int) {
	r, size := rune(s[0]), 1
	switch {
	case unescaped && escapes(s[0]):
		r, size = unescape(s)
	case r >= utf8.RuneSelf:
		r, size = decode(s)
	}
	return v(r), size
}

// runes returns the characters of s that count.
func (v view) runes(s string) []rune {
	out := make([]rune, 0, len(s))
	for at, size := 0, 0; at < len(s); at += size {
		var r rune
		if r, size = v.next(s[at:], false); r != skip {
			out = append(out, r)
		}
	}
	return out
}

// decode returns the first character of s and its size in bytes.
func decode(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		return invalid + rune(s[0]), 1
	}
	return r, size
}

// exactRune keeps every character; case does not matter, nor which blank it is.
func exactRune(r rune) rune {
	switch {
	case r >= invalid:
		return r
	case unicode.IsSpace(r):
		return ' '
	}
	return fold(r)
}

// visibleRune keeps what is to be seen and takes as equal what the sanitiser of the
// output makes equal. The characters that escapes, quotes and paths add are skipped.
func visibleRune(r rune) rune {
	switch r {
	case '"', '\'', '`', '\\', '/', '+', '&', ' ':
		return skip
	case '|':
		return '!'
	case '<':
		return '{'
	case '>':
		return '}'
	case '$':
		return '_'
	case '~':
		return '-'
	case ';':
		return ','
	}
	if invisible(r) {
		return skip
	}
	return fold(r)
}

// wordRune keeps letters and digits only.
func wordRune(r rune) rune {
	if invisible(r) || !unicode.IsLetter(r) && !unicode.IsNumber(r) {
		return skip
	}
	return fold(r)
}

// base64Rune keeps the characters of both alphabets of base64, which become one.
// Case does not matter: words are turned into upper case on their way too.
func base64Rune(r rune) rune {
	switch r {
	case '+', '-':
		return '+'
	case '/', '_':
		return '/'
	}
	if r >= utf8.RuneSelf {
		return skip
	}
	return wordRune(r)
}

// invisible says whether the sanitiser drops a character, makes it a blank or cannot
// print it.
func invisible(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f
	}
	return r >= invalid || r == utf8.RuneError || unicode.IsSpace(r) ||
		unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// fold makes one character of those that differ in case.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}
