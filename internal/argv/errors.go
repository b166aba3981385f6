package argv

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A UsageError says what is wrong with the command line or an ini file, without
// repeating a secret. It is printed as UNKNOWN and exits 3.
type UsageError struct {
	Msg    string // what was given
	Hint   string // what to do, or the nearest valid name; "" when there is nothing to say
	Source string // "file:line" or "file"; "" for the command line
	Err    error  // the cause, nil when there is none beneath
}

// Error returns source, message and hint in one line.
func (e *UsageError) Error() string {
	out := e.Msg
	if e.Source != "" {
		out = e.Source + ": " + out
	}
	if e.Hint != "" {
		out += " (" + e.Hint + ")"
	}
	return out
}

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

func usage(msg, hint string) *UsageError { return &UsageError{Msg: msg, Hint: hint} }

// A source is the place where a word was written; the zero source is the command line.
type source struct {
	file    string
	line    int // from 1
	section int // which --extra-opts of the command line it is from, from 1
}

func (s source) String() string {
	if s.line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", s.file, s.line)
}

// refusal returns the error for the word at which kong stopped. Of kong's own
// error it takes the flag's name or the word. Behind a secret neither is repeated:
// it may be the rest of one that was not quoted.
func (r *reader) refusal(kongs error) *UsageError {
	const list = "--help lists the flags"
	flag, isFlag := strings.CutPrefix(kongs.Error(), "unknown flag ")
	flag, _, _ = strings.Cut(flag, ", did you mean ")
	word := strings.TrimPrefix(kongs.Error(), "unexpected argument ")
	first, _ := utf8.DecodeRuneInString(word)
	hint := ""
	if isFlag {
		hint = r.instead(flag)
	}
	switch {
	case isFlag && !strings.HasPrefix(flag, "--") && !utf8.ValidString(flag): // kong takes a letter a byte
		return usage("a flag has a letter that is not ASCII", "type it again; "+list)
	case !isFlag && unicode.Is(unicode.Pd, first) && first != '-':
		return usage(fmt.Sprintf("a word begins with a dash (U+%04X), not with a hyphen", first), "type it again: a word processor changes hyphens, and quotes too")
	case r.last != nil && isSecret(r.last) && hint == "":
		return usage("a word after --"+r.last.Name+" does not belong to a flag", "quote the value of --"+r.last.Name)
	case !isFlag:
		return usage("the word "+Quote(word)+" does not belong to a flag", "only flags are taken; a value with blanks needs quotes")
	}
	return usage("unknown flag "+plain(flag), cmp.Or(hint, list))
}

// oneHyphen returns what to write for a long flag with one hyphen and a slip, whose
// first letter was taken for a flag of its own: "-pasword=x" is a port.
func (r *reader) oneHyphen(err *UsageError, words []word) *UsageError {
	for _, w := range words {
		name, _, has := strings.Cut(w.text, "=")
		if !has || len(name) < 5 || strings.HasPrefix(name, "--") || !strings.HasPrefix(err.Msg, name[:2]+":") {
			continue
		}
		if near := r.nearest("-" + name); near != "" {
			return usage("unknown flag "+plain(name), "did you mean "+near+"?")
		}
	}
	return err
}

// instead returns what to write in place of an unknown flag, "" when it resembles
// nothing.
func (r *reader) instead(flag string) string {
	hint := ""
	if r.foreign != nil {
		hint = r.foreign(flag)
	}
	if near := r.nearest(flag); near != "" && hint == "" {
		hint = "did you mean " + near + "?"
	}
	return hint
}

// nearest returns the spelling most like that of an unknown flag, "" when none is.
func (r *reader) nearest(flag string) string {
	name := strings.TrimLeft(flag, "-")
	var names []string
	for _, f := range r.kong.Model.Flags {
		if len(name) == 1 && strings.EqualFold(string(f.Short), name) {
			return "-" + string(f.Short)
		}
		if !f.Tag.Has("nosuggest") {
			names = append(append(names, f.Name), f.Aliases...)
		}
	}
	if near := Nearest(name, names); near != "" && len(name) > 1 {
		return "--" + near
	}
	return ""
}

// Nearest returns the candidate that name begins ("host": hostname), the shortest
// of several, else the last that ends with it ("login": time_login), else the one
// with the fewest edits, the first of several. A third of the letters may differ,
// one in a short name; otherwise it returns "".
func Nearest(name string, candidates []string) string {
	best, fewest := "", 1+max(1, len(name)/3)
	if name == "" || len(name) > 64 {
		return ""
	}
	begins := func(c string) bool { return len(name) > 1 && strings.HasPrefix(c, name) }
	for _, c := range candidates {
		switch n := edits(name, c); {
		case begins(c) && (!begins(best) || len(c) < len(best)):
			best, fewest = c, -1
		case strings.HasSuffix(c, "_"+name) && fewest >= 0:
			best, fewest = c, 0
		case n < fewest:
			best, fewest = c, n
		}
	}
	return best
}

// edits counts the bytes to insert, delete or replace between two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Quote shows a word of the admin's in a message: in quotes, cut at 60 characters.
// Signs that the output cannot hold (see package render), or that look like others,
// are described.
func Quote(s string) string {
	const limit = 60
	var b strings.Builder
	for i, r := range []rune(s) {
		name := signName(r)
		switch {
		case i == limit:
			return `"` + b.String() + `..."`
		case name != "":
			b.WriteString("(" + name + ")")
		case r < ' ' || r > '~' && !unicode.IsLetter(r) && !unicode.IsDigit(r):
			fmt.Fprintf(&b, "(U+%04X)", r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// signName is the name of a character that the output cannot hold, "" for others.
func signName(r rune) string {
	return map[rune]string{
		'~': "tilde", '$': "dollar", '&': "ampersand", '|': "bar", '\'': "quote", '"': "quote", '`': "backtick", '<': "less-than", '>': "greater-than", ';': "semicolon",
	}[r]
}

// plain is Quote without quotes where the word needs none.
func plain(s string) string {
	if q := Quote(s); q != `"`+s+`"` || strings.Contains(s, " ") {
		return q
	}
	return s
}
