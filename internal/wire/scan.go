package wire

import (
	"bytes"
	"slices"
	"strings"
)

// Token kinds of a Scanner.
const (
	TokenEnd    = 'e' // nothing is left
	TokenAtom   = 'a' // an atom, a number, NIL, a flag, BODY[...]<0>
	TokenString = 's' // a quoted string or a literal
	TokenOpen   = '('
	TokenClose  = ')'
)

// Token is one piece of a response.
type Token struct {
	Kind byte
	Text string // atoms as sent; strings unescaped, literals as far as kept
	Size int64  // bytes of a string
}

// IsNIL reports whether the token is NIL, in any case.
func (t Token) IsNIL() bool { return t.Kind == TokenAtom && strings.EqualFold(t.Text, "NIL") }

// EndsList reports whether the token is the ")" of a list, or the end of a response
// that was cut off inside one.
func (t Token) EndsList() bool { return t.Kind == TokenClose || t.Kind == TokenEnd }

// Scanner takes a response apart. It never fails: what is not a token of the
// grammar becomes an atom, which means nothing to its caller.
type Scanner struct {
	line     []byte
	literals []literal
	pos      int
}

// Scan returns a Scanner that stands behind the response's tag.
func (r *Response) Scan() *Scanner {
	return &Scanner{line: r.Line, literals: r.literals, pos: len(r.Tag)}
}

// Data returns a Scanner that stands behind the first word, which says of what kind
// an untagged response is.
func (r *Response) Data() *Scanner {
	s := r.Scan()
	s.Next()
	return s
}

// Next returns the next token.
func (s *Scanner) Next() Token {
	for s.pos < len(s.line) && (s.line[s.pos] == ' ' || s.line[s.pos] == '\t') {
		s.pos++
	}
	if s.pos >= len(s.line) {
		return Token{Kind: TokenEnd}
	}
	switch b := s.line[s.pos]; b {
	case '(', ')':
		s.pos++
		return Token{Kind: b}
	case '"':
		return s.quoted()
	case '{', '~':
		if t, ok := s.literal(); ok {
			return t
		}
	}
	return s.atom()
}

// Rest returns what has not been scanned yet.
func (s *Scanner) Rest() string { return strings.TrimLeft(string(s.line[s.pos:]), " \t") }

// quoted reads a quoted string. Two things that healthy servers get wrong are
// forgiven: the delimiter "\" with its backslash unescaped, and quotes inside
// a string, which end it only where a space, a parenthesis or the end follows.
func (s *Scanner) quoted() Token {
	rest := s.line[s.pos+1:]
	if bytes.HasPrefix(rest, []byte(`\" `)) {
		s.pos += 3
		return Token{Kind: TokenString, Text: `\`, Size: 1}
	}
	var text []byte
	for i := 0; i < len(rest); i++ {
		switch b := rest[i]; {
		case b == '\\' && i+1 < len(rest):
			i++
			text = append(text, rest[i])
		case b == '"' && (i+1 == len(rest) || bytes.IndexByte([]byte(" ()"), rest[i+1]) >= 0):
			s.pos += i + 2
			return Token{Kind: TokenString, Text: string(text), Size: int64(len(text))}
		default:
			text = append(text, b)
		}
	}
	s.pos = len(s.line) // never closed
	return Token{Kind: TokenString, Text: string(text), Size: int64(len(text))}
}

func (s *Scanner) literal() (Token, bool) {
	at := s.pos
	if s.line[at] == '~' {
		at++
	}
	i, found := slices.BinarySearchFunc(s.literals, at, func(l literal, at int) int { return l.at - at })
	if !found {
		return Token{}, false
	}
	l := s.literals[i]
	s.pos = l.end
	return Token{Kind: TokenString, Text: string(l.data), Size: l.size}, true
}

// atom reads up to a space or a parenthesis; inside the square brackets of
// BODY[HEADER.FIELDS (FROM)] neither ends it.
func (s *Scanner) atom() Token {
	start, depth := s.pos, 0
loop:
	for ; s.pos < len(s.line); s.pos++ {
		switch s.line[s.pos] {
		case '[':
			depth++
		case ']':
			depth = max(depth-1, 0)
		case ' ', '\t', '(', ')':
			if depth == 0 {
				break loop
			}
		}
	}
	if s.pos == start { // a lone bracket would stop us for ever
		s.pos++
	}
	return Token{Kind: TokenAtom, Text: string(s.line[start:s.pos])}
}

// Skip reads over the rest of a parenthesised list whose "(" was just read.
func (s *Scanner) Skip() {
	for depth := 1; depth > 0; {
		switch s.Next().Kind {
		case TokenOpen:
			depth++
		case TokenClose:
			depth--
		case TokenEnd:
			return
		}
	}
}
