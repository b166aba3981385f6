package cli

import (
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// A walker reads a command line from left to right. It goes on after an error,
// because --help or --version may still follow.
type walker struct {
	flags    flagIndex
	args     []string    // not yet read
	words    []word      // read, in order
	locators []string    // the values of --extra-opts, "" where it had none
	asked    *kong.Flag  // the first --help or --version, nil when there was none
	last     *kong.Flag  // the flag read last, nil before the first
	err      *UsageError // the first
}

func (w *walker) fail(err *UsageError) {
	if w.err == nil {
		w.err = err
	}
}

func (w *walker) next() string {
	arg := w.args[0]
	w.args = w.args[1:]
	return arg
}

// walk reads all words. An empty one that is no flag's value is an unset macro
// in a command definition, and says nothing.
func (w *walker) walk() {
	for flagsEnded := false; len(w.args) > 0; {
		arg := w.next()
		switch {
		case arg == "":
		case flagsEnded, arg == "-", arg[0] != '-':
			w.fail(strayWord(arg, w.last))
		case arg == "--":
			flagsEnded = true
		case strings.HasPrefix(arg, "--"):
			w.long(arg[2:])
		default:
			w.short(arg[1:])
		}
	}
}

// long reads "--name" or "--name=value"; body is what follows the hyphens.
func (w *walker) long(body string) {
	name, value, hasValue := strings.Cut(body, "=")
	g, ok := w.flags.long(name)
	if !ok {
		// The value is not repeated: "--pasword=..." would show a secret.
		w.fail(w.flags.unknown("--"+name, source{}))
		return
	}
	if hasValue {
		g.value, g.hasValue = value, true
		w.add(g)
		return
	}
	w.addWithNext(g)
}

// short reads a cluster as getopt does: flags without a value, then at most one
// that takes the rest. One "=" between a letter and its value is dropped, so
// that "-p=993" is port 993.
func (w *walker) short(body string) {
	name, _, _ := strings.Cut(body, "=")
	if g, ok := w.flags.long(name); ok && utf8.RuneCountInString(name) > 1 {
		// "-password=x" is a slip for the long flag, not -p with "assword=x".
		if isAsk(g.flag) {
			w.add(g)
			return
		}
		w.fail(&UsageError{
			Msg:  "flag -" + name + " has one hyphen",
			Hint: "write --" + name,
		})
		return
	}
	for body != "" {
		_, size := utf8.DecodeRuneInString(body)
		letter, rest := body[:size], body[size:]
		g, ok := w.flags.short(letter)
		if !ok {
			w.fail(w.flags.unknown("-"+letter, source{}))
			return
		}
		kind := kindOf(g.flag)
		takesRest := kind == takesValue || kind == mayTakeValue || strings.HasPrefix(rest, "=")
		switch {
		case rest == "":
			w.addWithNext(g)
			return
		case takesRest:
			g.value, g.hasValue = strings.TrimPrefix(rest, "="), true
			w.add(g)
			return
		}
		w.add(g)
		body = rest
	}
}

// addWithNext adds a flag that stood alone, with the next word where that is
// its value. A flag that needs a value takes whatever follows, "-5:5" too, but
// not one of our own flags. One that may do without takes no word with a hyphen.
func (w *walker) addWithNext(g given) {
	switch kindOf(g.flag) {
	case takesValue:
		if len(w.args) == 0 {
			w.fail(noValue(g, ""))
			return
		}
		if follower := w.flags.leading(w.args[0]); follower != "" {
			w.fail(noValue(g, follower))
			return
		}
		g.value, g.hasValue = w.next(), true
	case mayTakeValue:
		if len(w.args) > 0 && !strings.HasPrefix(w.args[0], "-") {
			g.value, g.hasValue = w.next(), true
		}
	}
	w.add(g)
}

func (w *walker) add(g given) {
	w.last = g.flag
	if g.hasValue && g.value == "" {
		if g.flag.Tag.Has("emptyerror") {
			w.fail(&UsageError{Msg: g.as + " is empty", Hint: g.flag.Tag.Get("emptyerror")})
		}
		return
	}
	if g.flag.Name == extraOptsName {
		w.locators = append(w.locators, g.value)
		return
	}
	words, err := g.words()
	if err != nil {
		w.fail(err)
		return
	}
	if isAsk(g.flag) {
		// "--help=false" asks for nothing.
		if w.asked == nil && words[0].text == "--"+g.flag.Name {
			w.asked = g.flag
		}
		return
	}
	w.words = append(w.words, words...)
}
