package argv

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// Ask is a flag that is answered whatever else the command line says: --help
// and --version.
type Ask bool

// Optional is a flag that may be given without a value.
type Optional struct {
	Given bool
	Value string
}

// ExtraOpts is the flag --extra-opts. Parse puts in its place what it names.
type ExtraOpts struct{}

// A Shape says what may follow a flag.
type Shape int

// The shapes.
const (
	TakesValue   Shape = iota // a value, in the same word or the next
	MayTakeValue              // a value or nothing
	Switch                    // nothing, or true or false
	Counter                   // nothing, or how often
)

// ShapeOf returns the shape of a flag.
func ShapeOf(f *kong.Flag) Shape {
	switch f.Target.Addr().Interface().(type) {
	case *bool, *Ask:
		return Switch
	case *int:
		return Counter
	case *Optional, *ExtraOpts:
		return MayTakeValue
	}
	return TakesValue
}

func isSecret(f *kong.Flag) bool { return f.Tag.Has("secret") }

// Decode implements kong.Mapper: kong has read a flag, and the value, if there is
// one, is next in the scanner.
func (r *reader) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if r.words == nil {
		return set(target, ctx.Scan.Pop().String(), ctx.Value.Tag.Sep) // the default
	}
	o := r.occurrence(ctx)
	r.last = o.flag
	value, has, err := r.value(ctx.Scan, o)
	for t := ctx.Scan.Peek(); t.Type == kong.UntypedToken && t.String() == ""; t = ctx.Scan.Peek() {
		ctx.Scan.Pop() // an unset macro of a command definition
	}
	// All that the line can hold is sent as UTF-8, to the server and in JSON.
	switch {
	case err != nil:
		return err
	case has && value == "":
		return o.empty(target)
	case !utf8.ValidString(value):
		return o.fault("the value of "+o.as+" is not UTF-8", "convert it, or set the terminal and the editor to UTF-8")
	case strings.ContainsRune(value, 0):
		return o.fault("the value of "+o.as+" holds a NUL byte", "")
	}
	if err := o.asTyped(value); err != nil {
		return err
	}
	name := o.flag.Name
	r.Given[name] = append(r.Given[name], o.from.section)
	return r.put(o, target, value)
}

// value takes the value of a flag from the scanner, if it has one. A flag that
// needs a value takes whatever follows, "-5:5" too, but not one of our flags. One
// that may do without takes no word with a hyphen.
func (r *reader) value(scan *kong.Scanner, o occurrence) (value string, has bool, err error) {
	token, shape := scan.Peek(), ShapeOf(o.flag)
	text := token.String()
	switch {
	case token.Type == kong.FlagValueToken:
	case token.Type == kong.ShortFlagTailToken:
		if !strings.HasPrefix(text, "=") && (shape == Switch || shape == Counter) {
			return "", false, nil // more letters
		}
		text = strings.TrimPrefix(text, "=") // -p=993 is port 993
	case shape == TakesValue && token.IsEOL():
		return "", false, o.fault("flag "+o.as+" needs a value", o.values())
	case shape == TakesValue:
		if follower := r.leading(text, o.flag); follower != "" {
			return "", false, o.fault("flag "+o.as+" needs a value, but "+follower+" follows",
				cmp.Or(o.values(), "a value that looks like a flag is written --"+o.flag.Name+"=VALUE"))
		}
	case shape == MayTakeValue && token.Type == kong.UntypedToken && !strings.HasPrefix(text, "-"):
	default:
		return "", false, nil
	}
	scan.Pop()
	return text, true, nil
}

// leading returns the flag of ours that a word certainly is ("-p", "--port",
// "--port=993"), or "" where it may as well be a value of f ("-5:5", "-secret").
// A word that begins as a secret is given is never the value of another flag.
func (r *reader) leading(arg string, f *kong.Flag) string {
	name, _, _ := strings.Cut(arg, "=")
	switch {
	case r.find(name) != nil && (name == arg || strings.HasPrefix(arg, "--")):
	case len(arg) > 2 && !isSecret(f) && r.find(arg[:2]) != nil && isSecret(r.find(arg[:2])):
		name = arg[:2]
	default:
		return ""
	}
	if isSecret(f) {
		return "a flag"
	}
	return name
}

// put gives a flag a value, or "" for none.
func (r *reader) put(o occurrence, target reflect.Value, value string) error {
	f := o.flag
	switch to := target.Addr().Interface().(type) {
	case *bool, *Ask:
		on := value == ""
		switch strings.ToLower(value) {
		case "true", "yes", "on", "1":
			on = true
		case "", "false", "no", "off", "0":
		default:
			return o.fault(o.as+" takes true or false, not "+Quote(value), "")
		}
		target.SetBool(on)
		if _, isAsk := to.(*Ask); isAsk && on && r.Asked == "" {
			r.Asked = f.Name // the first of both counts
		}
	case *int:
		n, err := 1, error(nil)
		if value != "" {
			n, err = strconv.Atoi(value)
		}
		if err != nil || n < 0 || n > 9 {
			return o.fault(o.as+" takes a number from 0 to 9, not "+Quote(value), "")
		}
		*to += n
	case *Optional:
		*to = Optional{Given: true, Value: value}
	case *ExtraOpts:
		r.locators = append(r.locators, value)
	default:
		if f.Enum != "" {
			value = strings.TrimPrefix(strings.ToLower(value), "tlsv") // as openssl writes versions
			if !slices.Contains(f.EnumSlice(), value) {
				return o.notInEnum(value)
			}
		}
		if err := set(target, value, f.Tag.Sep); err != nil {
			return o.fault(o.as+": "+err.Error(), "")
		}
	}
	return nil
}

// set sets a field to the text of its flag, or adds it to a list.
func set(target reflect.Value, value string, sep rune) error {
	switch to := target.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return to.UnmarshalText([]byte(value))
	case *string:
		*to = value
	case *[]string:
		*to = append(*to, kong.SplitEscaped(value, sep)...)
	default:
		return fmt.Errorf("a flag cannot be a %s", target.Type())
	}
	return nil
}

// An occurrence is one flag as it was written somewhere.
type occurrence struct {
	word
	flag *kong.Flag
	as   string // how it was spelled, with its hyphens on the command line: for messages
}

// occurrence returns the flag that kong has just read. The scanner still has the
// words behind the flag's own, and what follows the flag in its own word.
func (r *reader) occurrence(ctx *kong.DecodeContext) occurrence {
	left := len(ctx.Scan.PeekAll())
	if t := ctx.Scan.Peek().Type; t == kong.FlagValueToken || t == kong.ShortFlagTailToken {
		left--
	}
	o := occurrence{word: r.words[len(r.words)-left-1], flag: ctx.Value.Flag, as: "-" + string(ctx.Value.Flag.Short)}
	if name, _, _ := strings.Cut(o.text, "="); o.key != "" {
		o.as = o.key
	} else if strings.HasPrefix(name, "--") {
		o.as = name
	}
	return o
}

// empty is for an empty value: the flag was not given.
func (o occurrence) empty(target reflect.Value) error {
	if hint := o.flag.Tag.Get("emptyerror"); hint != "" {
		return o.fault(o.as+" is empty", hint)
	}
	if o.flag.HasDefault && target.IsZero() {
		return set(target, o.flag.Default, o.flag.Tag.Sep) // kong takes target for the value given
	}
	return nil
}

// values lists the words that a flag takes, "" when there is no list.
func (o occurrence) values() string {
	valid := slices.DeleteFunc(o.flag.EnumSlice(), func(v string) bool { return v == "" })
	if len(valid) == 0 {
		return ""
	}
	return "one of " + strings.Join(valid, ", ")
}

// asTyped refuses a value that a shell or a scheduler should have changed.
func (o occurrence) asTyped(value string) error {
	if isSecret(o.flag) || o.flag.Tag.Has("verbatim") {
		return nil
	}
	runes := []rune(value)
	isQuote := func(r rune) bool {
		return strings.ContainsRune("\"'`", r) || unicode.In(r, unicode.Pi, unicode.Pf) || r == '\u201e'
	}
	switch {
	case len(runes) > 2 && runes[0] == '$' && runes[len(runes)-1] == '$' && !strings.ContainsAny(value, " \t"):
		return o.fault("the macro "+strings.Trim(value, "$")+" in the value of "+o.as+" was not replaced", "does the scheduler have a macro of this name?")
	case len(runes) > 1 && isQuote(runes[0]) && isQuote(runes[len(runes)-1]):
		return o.fault(fmt.Sprintf("the value of %s has quotes around it (U+%04X)", o.as, runes[0]), "leave them out: no shell takes them away here")
	case value[:min(1, len(value))] == "~" && (o.flag.PlaceHolder == "FILE" || o.flag.PlaceHolder == "PEM"):
		return o.fault("the file name of "+o.as+" begins with a tilde, which no shell replaces here", "write the whole path")
	}
	return nil
}

// notInEnum is for a value that is not among those of its flag.
func (o occurrence) notInEnum(value string) *UsageError {
	hint := o.values()
	if near := Nearest(value, o.flag.EnumSlice()); near != "" && len(value) > 3 { // no TLS version
		hint = "did you mean " + near + "? " + hint
	}
	if strings.Contains(value, "=") { // "-oauth-proxy=URL", which was meant for another flag
		return o.fault(o.as+" has a value that is not valid", hint)
	}
	return o.fault(o.as+": "+Quote(value)+" is not valid", hint)
}

func (o occurrence) fault(msg, hint string) *UsageError {
	return &UsageError{Msg: msg, Hint: hint, Source: o.from.String()}
}
