package argv

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// A mapper is how kong gives flags of one shape their values.
type mapper struct {
	shape Shape
	*reader
}

// IsBool tells kong that the flag may stand alone.
func (m mapper) IsBool() bool { return m.shape == Switch || m.shape == MayTakeValue }

// Decode implements kong.Mapper: kong has read a flag, and the scanner stands
// behind it.
func (m mapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if m.words == nil {
		return set(target, ctx.Scan.Pop().String(), ctx.Value.Tag.Sep) // the default
	}
	o := m.occurrence(ctx)
	defer m.taken(ctx)
	long := o.asLong()
	if f := m.flags.find(long); f != nil {
		// "-password=x" is a slip for the long flag, not -p with "assword=x".
		ctx.Scan.Pop()
		if isAsk(f) {
			m.ask(f)
			return nil
		}
		return oneHyphen(long[1:])
	}
	value, hasValue, err := m.value(ctx, o)
	// All that the line can hold goes out in UTF-8, to the server and in JSON.
	switch {
	case err != nil:
		return err
	case hasValue && value == "":
		return o.empty(target)
	case !utf8.ValidString(value):
		return o.fault("the value of "+o.as+" is not UTF-8", "convert it, or set the terminal and the editor to UTF-8")
	case strings.ContainsRune(value, 0):
		return o.fault("the value of "+o.as+" holds a NUL byte", "")
	}
	if hint := o.flag.Tag.Get("once"); hint != "" {
		if from, again := m.from[o.flag]; again && from.section == o.from.section {
			return o.fault("--"+o.flag.Name+" was given twice", hint)
		}
		m.from[o.flag] = o.from
	}
	m.given = append(m.given, o.flag.Name)
	err = m.put(o, target, value, hasValue)
	if err != nil && m.flags.nearest(long) != "" {
		return m.flags.unknown(long[1:]) // "-pasword=x", whose value is not repeated
	}
	return err
}

// value takes the value of a flag from the scanner, if it has one. A flag that
// needs a value takes whatever follows, "-5:5" too, but not one of our flags. One
// that may do without takes no word with a hyphen.
func (m mapper) value(ctx *kong.DecodeContext, o occurrence) (value string, has bool, err error) {
	token := ctx.Scan.Peek()
	text := token.String()
	switch {
	case token.Type == kong.FlagValueToken:
	case token.Type == kong.ShortFlagTailToken:
		if !strings.HasPrefix(text, "=") && (m.shape == Switch || m.shape == Counter) {
			return "", false, nil // more letters
		}
		text = strings.TrimPrefix(text, "=") // -p=993 is port 993
	case m.shape == TakesValue:
		if token.IsEOL() {
			return "", false, o.fault("flag "+o.as+" needs a value", "")
		}
		if follower := m.leading(text, o.flag); follower != "" {
			return "", false, noValue(o, follower)
		}
	case m.shape == MayTakeValue && token.Type == kong.UntypedToken && !strings.HasPrefix(text, "-"):
	default:
		return "", false, nil
	}
	ctx.Scan.Pop()
	return text, true, nil
}

// put gives a flag a value that is not empty, or none.
func (m mapper) put(o occurrence, target reflect.Value, value string, hasValue bool) error {
	f := o.flag
	switch m.shape {
	case Switch:
		on, ok := map[string]bool{
			"": true, "true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false,
		}[strings.ToLower(value)]
		if !ok {
			return o.fault(o.as+" takes true or false, not "+Quote(value), "")
		}
		if target.SetBool(on); on && isAsk(f) {
			m.ask(f)
		}
		return nil
	case Counter:
		if !hasValue {
			value = "1"
		}
		if len(value) != 1 || value[0] < '0' || value[0] > '9' {
			return o.fault(o.as+" takes a number from 0 to 9, not "+Quote(value), "")
		}
		target.SetInt(target.Int() + int64(value[0]-'0'))
		return nil
	case MayTakeValue:
		if to, ok := target.Addr().Interface().(*Optional); ok {
			*to = Optional{Given: true, Value: value}
			return nil
		}
		m.locators = append(m.locators, value)
		return nil
	}
	if f.Enum != "" && !slices.Contains(f.EnumSlice(), value) {
		return notInEnum(o, value)
	}
	if err := set(target, value, f.Tag.Sep); err != nil {
		return o.fault(o.as+": "+err.Error(), "")
	}
	return nil
}

// ask notes that help or version is asked for; the first of both counts.
func (r *reader) ask(f *kong.Flag) {
	if r.asked == "" {
		r.asked = f.Name
	}
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

// occurrence returns the flag at which the scanner stands. What the scanner still
// has is at most one part of the flag's own word, and the words behind it.
func (r *reader) occurrence(ctx *kong.DecodeContext) occurrence {
	o := occurrence{word: r.words[len(r.words)-wordsLeft(ctx)-1], flag: ctx.Value.Flag}
	switch name, _, _ := strings.Cut(o.text, "="); {
	case o.key != "":
		o.as = o.key
	case strings.HasPrefix(name, "--"):
		o.as = name
	default:
		o.as = "-" + string(o.flag.Short)
	}
	return o
}

// wordsLeft counts the words behind the one that the scanner is in.
func wordsLeft(ctx *kong.DecodeContext) int {
	n := len(ctx.Scan.PeekAll())
	if t := ctx.Scan.Peek().Type; t == kong.FlagValueToken || t == kong.ShortFlagTailToken {
		n--
	}
	return n
}

// taken notes how far the line has been read. The empty words behind a flag are
// unset macros of a command definition and say nothing.
func (r *reader) taken(ctx *kong.DecodeContext) {
	for t := ctx.Scan.Peek(); t.Type == kong.UntypedToken && t.String() == ""; t = ctx.Scan.Peek() {
		ctx.Scan.Pop()
	}
	r.next, r.tail, r.last = len(r.words)-wordsLeft(ctx), "", ctx.Value.Flag
	if t := ctx.Scan.Peek(); t.Type == kong.ShortFlagTailToken {
		r.tail = t.String()
	}
}

// asLong returns how the flag of a word like "-password=x" would be written with
// two hyphens; "" for other words.
func (o occurrence) asLong() string {
	name, _, _ := strings.Cut(o.text, "=")
	if strings.HasPrefix(name, "--") || len(name) < 3 || !strings.HasPrefix(name, o.as) {
		return ""
	}
	return "-" + name
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

func (o occurrence) fault(msg, hint string) *UsageError {
	return &UsageError{Msg: msg, Hint: hint, Source: o.from.String()}
}
