package cli

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// The flags that the normaliser itself acts on, by their names in the grammar.
const (
	helpName      = "help"
	versionName   = "version"
	extraOptsName = "extra-opts"
)

// A flagKind says what may stand behind a flag.
type flagKind int

const (
	takesValue   flagKind = iota // a value, in the same word or the next
	mayTakeValue                 // a value or nothing: a type that tells kong IsBool and is none
	isSwitch                     // nothing, or true or false
	isCounter                    // nothing, or how often
)

func kindOf(f *kong.Flag) flagKind {
	switch {
	case f.Name == extraOptsName:
		return mayTakeValue
	case f.IsCounter():
		return isCounter
	case !f.IsBool():
		return takesValue
	case elemKind(f) == reflect.Bool:
		return isSwitch
	}
	return mayTakeValue
}

// elemKind is the kind of the flag's field, or of what it points to.
func elemKind(f *kong.Flag) reflect.Kind {
	t := f.Target.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind()
}

func isAsk(f *kong.Flag) bool    { return f.Name == helpName || f.Name == versionName }
func isSecret(f *kong.Flag) bool { return f.Tag.Has("secret") }

// accumulates says whether every word of a flag counts, not only the last.
func accumulates(f *kong.Flag) bool {
	if f.Tag.Has("once") {
		return false
	}
	kind := f.Target.Kind()
	return kind == reflect.Slice || kind == reflect.Map || f.IsCounter()
}

// A flagIndex finds kong's flags by the ways they can be written.
type flagIndex struct {
	longs  map[string]given // by name, alias or negation, without hyphens
	shorts map[string]given // by letter
	names  []string         // what an error may propose: the longs that are not hidden, in the grammar's order
}

func indexFlags(app *kong.Application) flagIndex {
	x := flagIndex{longs: map[string]given{}, shorts: map[string]given{}}
	for _, f := range app.Flags {
		if f.Short != 0 {
			x.shorts[string(f.Short)] = given{flag: f}
		}
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			// kong reads an alias of one letter as a short flag.
			if utf8.RuneCountInString(name) == 1 && name != f.Name {
				x.shorts[name] = given{flag: f}
				continue
			}
			x.longs[name] = given{flag: f}
			if !f.Hidden {
				x.names = append(x.names, name)
			}
		}
		switch f.Tag.Negatable {
		case "":
		case "_":
			x.longs["no-"+f.Name] = given{flag: f, negated: true}
		default:
			x.longs[f.Tag.Negatable] = given{flag: f, negated: true}
		}
	}
	return x
}

func (x flagIndex) long(name string) (given, bool) {
	g, ok := x.longs[name]
	g.as = "--" + name
	return g, ok
}

func (x flagIndex) short(letter string) (given, bool) {
	g, ok := x.shorts[letter]
	g.as = "-" + letter
	return g, ok
}

// leading returns the flag of ours that a word certainly is ("-p", "--port",
// "--port=993"), or "" where it may as well be a value ("-5:5", "-secret").
func (x flagIndex) leading(arg string) string {
	if name, isLong := strings.CutPrefix(arg, "--"); isLong {
		name, _, _ = strings.Cut(name, "=")
		if _, ok := x.long(name); ok {
			return "--" + name
		}
		return ""
	}
	if letter, isShort := strings.CutPrefix(arg, "-"); isShort {
		if _, ok := x.short(letter); ok {
			return arg
		}
	}
	return ""
}

// A given is one flag as it was written somewhere.
type given struct {
	flag     *kong.Flag
	as       string // how it was spelled, with its hyphens: for messages
	negated  bool   // by the name that means the opposite
	hasValue bool
	value    string
	from     source
}

// words translates a given into kong's words: none for a counter of 0. The value
// is not empty where there is one: what that means depends on the place.
func (g given) words() ([]word, *UsageError) {
	if err := g.checkText(); err != nil {
		return nil, err
	}
	bare := "--" + g.flag.Name
	if kindOf(g.flag) == isSwitch {
		on, err := g.on()
		if err != nil {
			return nil, err
		}
		if !on {
			bare += "=false"
		}
		return []word{g.word(bare)}, nil
	}
	if !g.hasValue {
		return []word{g.word(bare)}, nil
	}
	if kindOf(g.flag) == isCounter {
		return g.count(bare)
	}
	return []word{g.word(bare + "=" + g.decimal())}, nil
}

func (g given) word(text string) word {
	return word{text: text, flag: g.flag, from: g.from}
}

// checkText refuses what kong would change or the system could not have passed:
// kong's string mapper goes through JSON, which makes U+FFFD of every byte that
// is not UTF-8, so a Latin-1 password would silently become another one.
func (g given) checkText() *UsageError {
	switch {
	case !utf8.ValidString(g.value):
		return g.fault("the value of "+g.as+" is not UTF-8", "convert it, or set the terminal and the editor to UTF-8")
	case strings.ContainsRune(g.value, 0):
		return g.fault("the value of "+g.as+" holds a NUL byte", "")
	}
	return nil
}

func (g given) on() (bool, *UsageError) {
	if !g.hasValue {
		return !g.negated, nil
	}
	switch strings.ToLower(g.value) {
	case "true", "yes", "on", "1":
		return !g.negated, nil
	case "false", "no", "off", "0":
		return g.negated, nil
	}
	return false, g.fault(g.as+" takes true or false, not "+quote(g.value), "")
}

// count repeats a counter as often as its value says.
func (g given) count(bare string) ([]word, *UsageError) {
	if len(g.value) != 1 || g.value[0] < '0' || g.value[0] > '9' {
		return nil, g.fault(g.as+" takes a number from 0 to 9, not "+quote(g.value), "")
	}
	var out []word
	for range int(g.value[0] - '0') {
		out = append(out, g.word(bare))
	}
	return out, nil
}

// decimal drops the leading zeros of an integer: kong parses with base 0 and
// would read port 0143 as octal 99.
func (g given) decimal() string {
	if k := elemKind(g.flag); k < reflect.Int || k > reflect.Uintptr || strings.Trim(g.value, "0123456789") != "" {
		return g.value
	}
	if trimmed := strings.TrimLeft(g.value, "0"); trimmed != "" {
		return trimmed
	}
	return "0"
}

func (g given) fault(msg, hint string) *UsageError {
	return &UsageError{Msg: msg, Hint: hint, Source: g.from.String()}
}
