package argv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
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

// A source is the place where a word was written; the zero source is the command line.
type source struct {
	file    string // stdinName for standard input
	line    int    // from 1
	section int    // which --extra-opts of the command line it is from, from 1
}

func (s source) String() string {
	switch s.file {
	case "":
		return ""
	case stdinName:
		return fmt.Sprintf("standard input:%d", s.line)
	}
	return fmt.Sprintf("%s:%d", s.file, s.line)
}

// noValue is for a flag that lacks its value; follower is the flag that stands
// in its place.
func noValue(o occurrence, follower string) *UsageError {
	if isSecret(o.flag) {
		follower = "a flag"
	}
	return o.fault("flag "+o.as+" needs a value, but "+follower+" follows",
		"a value that looks like a flag is written --"+o.flag.Name+"=VALUE")
}

// notInEnum is for a value that is not among those of its flag.
func notInEnum(o occurrence, value string) *UsageError {
	valid := slices.DeleteFunc(o.flag.EnumSlice(), func(v string) bool { return v == "" })
	hint := "one of " + strings.Join(valid, ", ")
	if near := Nearest(value, valid); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return o.fault(o.as+": "+Quote(value)+" is not valid", hint)
}

// oneHyphen is for the name of a long flag behind one hyphen.
func oneHyphen(name string) *UsageError {
	return &UsageError{Msg: "flag " + name + " has one hyphen", Hint: "write -" + name}
}

// strayWord is for a word that belongs to no flag. Behind a secret it may be the
// rest of one that was not quoted, and is not repeated.
func strayWord(arg string, last *kong.Flag) *UsageError {
	if last != nil && isSecret(last) {
		return &UsageError{
			Msg:  "a word behind --" + last.Name + " belongs to no flag",
			Hint: "quote the value of --" + last.Name,
		}
	}
	return &UsageError{
		Msg:  "the word " + Quote(arg) + " belongs to no flag",
		Hint: "only flags are taken; a value with blanks needs quotes",
	}
}

// unknown is for a flag that the grammar does not have. What followed its name is
// not repeated: it may be a secret.
func (l flagList) unknown(spelling string) *UsageError {
	e := &UsageError{Msg: "unknown flag " + plain(spelling), Hint: "--help lists the flags"}
	if near := l.nearest(spelling); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// Nearest returns the candidate that name begins ("host": hostname), the shortest
// of several, else the one with the fewest edits, the first of several. A third
// of the letters may differ, one in a short name; otherwise it returns "".
func Nearest(name string, candidates []string) string {
	best, fewest := "", 1+max(1, len(name)/3)
	if name == "" || len(name) > 64 {
		return ""
	}
	for _, c := range candidates {
		if strings.HasPrefix(c, name) && (best == "" || len(c) < len(best)) {
			best = c
		}
	}
	if best != "" && len(name) > 1 {
		return best
	}
	best = ""
	for _, c := range candidates {
		if n := edits(name, c); n < fewest {
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

// Quote shows a word of the admin's in a message: in quotes, with its control
// characters escaped, cut at 60 characters.
func Quote(s string) string {
	const limit = 60
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit]) + "..."
	}
	return strconv.QuoteToGraphic(s)
}

// plain is Quote without quotes where the word needs none.
func plain(s string) string {
	if q := Quote(s); q != `"`+s+`"` || strings.Contains(s, " ") {
		return q
	}
	return s
}
