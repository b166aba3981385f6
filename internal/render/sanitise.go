package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuote is the most of a server's words that is shown at once, in runes and
// with the mark of the cut.
const maxQuote = 200

// cutMark ends a quotation that was longer.
const cutMark = "..."

// stateWords are the words that Icinga Web, in brackets, turns into coloured
// state balls wherever they stand. It does so for square and round brackets and
// upper case; every kind of bracket and case is taken here, since a reader is
// misled by those as well.
//
// See icingadb-web, library/Icingadb/Util/PluginOutput.php, TEXT_PATTERNS.
var stateWords = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN", "UP", "DOWN", "PENDING"}

// breakStates puts a blank behind the bracket in front of a state.
func breakStates(s string) string {
	var b strings.Builder
	done := 0
	for i, r := range s {
		if !opens(r) {
			continue
		}
		if inner := i + utf8.RuneLen(r); isState(s[inner:]) {
			b.WriteString(s[done:inner] + " ")
			done = inner
		}
	}
	return b.String() + s[done:]
}

func opens(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '(' || r == '[' || r == '{'
	}
	return unicode.Is(unicode.Ps, r)
}

// isState says whether s begins with a state and the bracket behind it.
func isState(s string) bool {
	for _, word := range stateWords {
		inside := firstRunes(s, len(word))
		if closing, _ := utf8.DecodeRuneInString(s[len(inside):]); strings.EqualFold(inside, word) && unicode.Is(unicode.Pe, closing) {
			return true
		}
	}
	return false
}

// escapes puts a blank behind a backslash that somebody would take for the
// beginning of an escape: Icinga Web shows \n and \t as a new line and a tab, and
// the mail commands of Debian's Nagios and Icinga print with printf %b, which
// knows more of them and ends the mail at \c. So CORP\nina stays on one line, and
// a mail about CORP\carol has an end. What follows the last character is not known:
// there it becomes a slash.
func escapes(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch last := i+1 == len(s); {
		case s[i] == '\\' && last:
			b.WriteByte('/')
		case s[i] == '\\' && strings.IndexByte(escapable, s[i+1]) >= 0:
			b.WriteString(`\ `)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// escapable is what may follow a backslash in printf %b. See printf(1) and bash(1).
const escapable = `abceEfnrtvxuU01234567"\`

// slashes replaces backslashes, with the blank that escapes may have put there.
func slashes(s string) string {
	parts := strings.Split(s, `\`)
	for i, p := range parts[1:] {
		rest, ok := strings.CutPrefix(p, " ")
		last := i+2 == len(parts)
		if ok && (rest == "" && !last || rest != "" && strings.IndexByte(escapable+"/", rest[0]) >= 0) {
			parts[i+1] = rest
		}
	}
	return strings.Join(parts, "/")
}

// lineText replaces what Text leaves, and what Nagios deletes from $SERVICEOUTPUT$
// (illegal_macro_output_chars) or, as `;`, shows as something else.
func lineText(s string) string {
	return strings.NewReplacer("~:", "-inf:", "~", "-", ";", ",", `"`, "", "'", "").Replace(s)
}

// Text makes any text safe for the plugin's output: what a server said, a
// certificate's subject, a DNS or file name, an error. It returns one line without
// outer blanks; layout is added around it, never passed through it. The result is
// valid UTF-8 without control characters, and Text of it is the same again.
//
//   - `|` becomes `!`: it would begin performance data.
//   - `<` and `>` become `{` and `}`, `&` becomes `+`: no tag, no entity.
//   - `$` becomes `_` and a backtick an apostrophe: Nagios hands the output to
//     shell commands.
//   - White space of any kind, line and paragraph separators included, becomes one
//     blank. Other control characters (C0 with ESC, DEL, C1) and everything
//     invisible are dropped: format characters (bidirectional controls, zero-width
//     characters, byte order marks, tags), variation selectors, fillers.
//   - Bytes that are not UTF-8, and noncharacters, become U+FFFD.
//   - A state in brackets, `[OK]` or `(critical)`, gets a blank inside: `[ OK]`.
//     So does a backslash that begins an escape of printf %b; one that ends the text
//     becomes `/`.
//
// Two safe texts side by side may not be safe: `(` + Text(name) + `)` is a state
// token when the name is OK. Compose first, then call Text; add the program's own
// `[OK]` last. Text does not mask secrets.
func Text(s string) string {
	return seal(harmless(s))
}

// Plain makes any text safe for a JSON string or a file: valid UTF-8 in one line
// without control characters and invisible ones, as in Text. All that is to be seen
// stays as it is, and so do blanks: no monitor and no mail command reads it.
func Plain(s string) string {
	return strings.Trim(visible(s), " ")
}

// Line makes any text safe for the words of the first output line. It does what
// Text does and replaces the rest of what Nagios deletes or changes there: `;`
// becomes `,`, quotes and apostrophes are dropped, `~` becomes `-`, and a
// backslash, which Nagios' pages leave out, becomes `/`.
//
// A range that is open below reads `-inf:5` for `~:5`. Line is for words only: the
// performance data behind them keeps the range as it is and does not pass here.
func Line(s string) string {
	return seal(blanks(lineText(slashes(harmless(s)))))
}

// Quote makes a server's words safe like Text and shortens them to 200 runes; the
// last three are `...` when something was cut. For the first line use
// Line(Quote(s)).
func Quote(s string) string {
	// One rune more than fits goes on, so that the second look sees the cut: seal
	// is slow on a megabyte, and only ever adds.
	return quoted(seal(firstRunes(harmless(s), maxQuote+1)), Plain)
}

// quoted makes a text safe by safe and shortens it.
func quoted(s string, safe func(string) string) string {
	s = safe(s)
	if utf8.RuneCountInString(s) <= maxQuote {
		return s
	}
	return strings.TrimRight(firstRunes(s, maxQuote-len(cutMark)), " ") + cutMark
}

// firstRunes returns the first n runes of s, or s when it has no more.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Fit drops whole lines from the end until all fit into max bytes, a newline behind
// each line counted, and says in a last line how many were cut, together with more that
// were left out before: `... 12 lines cut`. The first line always stays, even when it
// alone is longer; the last line is left out where it has no room. Lines that fit are
// returned as they are; the caller's slice is not changed. No line may contain a newline.
func Fit(lines []string, more, max int) []string {
	total := size(lines)
	if total <= max && more == 0 || len(lines) < 2 {
		return lines
	}
	for keep := len(lines) - 1; keep > 0; keep-- {
		total -= len(lines[keep]) + 1
		last := cutLine(len(lines) - keep + more)
		if total+len(last)+1 <= max {
			return append(lines[:keep:keep], last)
		}
	}
	return lines[:1:1]
}

// size returns how many bytes lines take, each with its newline.
func size(lines []string) (n int) {
	for _, l := range lines {
		n += len(l) + 1
	}
	return n
}

func cutLine(n int) string {
	if n == 1 {
		return "... 1 line cut"
	}
	return fmt.Sprintf("... %d lines cut", n)
}

// harmless replaces and drops single characters.
func harmless(s string) string {
	return blanks(strings.Map(safeRune, strings.ToValidUTF8(s, "\ufffd")))
}

// visible drops the characters that nobody sees.
func visible(s string) string {
	return strings.Map(visibleRune, strings.ToValidUTF8(s, "\ufffd"))
}

// seal breaks up the tokens of several characters. It goes last: what is dropped
// before may have stood inside one, as the apostrophe in [O'K].
func seal(s string) string {
	return breakStates(escapes(s))
}

// blanks collapses runs of white space and drops the outer ones.
func blanks(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

// safeRune returns what replaces r in safe text, or -1 for nothing.
func safeRune(r rune) rune {
	switch r {
	case '|':
		return '!'
	case '<':
		return '{'
	case '>':
		return '}'
	case '&':
		return '+'
	case '$':
		return '_'
	case '`':
		return '\''
	}
	return visibleRune(r)
}

// visibleRune returns r, a blank for white space of any kind, U+FFFD for a
// noncharacter, and -1 for what nobody sees.
func visibleRune(r rune) rune {
	switch {
	case ' ' <= r && r <= '~':
		return r
	case unicode.IsSpace(r), unicode.In(r, unicode.Z):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	case unicode.Is(unicode.Noncharacter_Code_Point, r):
		return utf8.RuneError
	}
	return r
}
