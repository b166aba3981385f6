package cli

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// readPlain reads a command line in which nothing is wrong or unusual, as most are:
// kong takes longer to read the grammar than a whole session takes. It reads as
// the other way would, or not at all: ok is false for whatever it does not know
// to be right, which is then read, or refused with its reasons, by kong.
func readPlain(args []string) (g *grammar, ok bool) {
	if len(args) > wordLimit {
		return nil, false
	}
	r := newPlainReader(args)
	for len(r.args) > 0 {
		if !r.word() {
			return nil, false
		}
	}
	return &r.grammar, r.grammar.Generate == ""
}

type plainReader struct {
	args    []string // not yet read
	flags   []plainFlag
	given   []bool // by flag, whether it has got a value
	grammar grammar
	target  reflect.Value // of grammar
}

// newPlainReader returns a reader whose grammar holds the defaults.
func newPlainReader(args []string) *plainReader {
	r := &plainReader{args: args}
	r.target = reflect.ValueOf(&r.grammar).Elem()
	t := r.target.Type()
	r.flags, r.given = make([]plainFlag, t.NumField()), make([]bool, t.NumField())
	for i := range r.flags {
		r.flags[i] = flagOf(t.Field(i))
		if text := r.flags[i].byDefault; text != "" {
			setPlain(r.target.Field(i), r.flags[i].tag, text)
		}
	}
	return r
}

// word reads the next word, with the one behind it where that is its value. It
// says whether all was well.
func (r *plainReader) word() bool {
	arg := r.next()
	switch {
	case arg == "":
		return true // an unset macro
	case len(arg) < 2 || arg[0] != '-' || arg == "--":
		return false
	}
	name, value, hasValue := strings.Cut(arg, "=")
	if strings.HasPrefix(name, "--") {
		return r.flag(r.find(name), value, hasValue)
	}
	if len(name) > 2 && r.find("-"+name) >= 0 {
		return false // one hyphen too few
	}
	f := r.find(arg[:2])
	switch rest := arg[2:]; {
	case rest == "":
		return r.flag(f, "", false)
	case f >= 0 && !r.takesValue(f):
		r.args = append([]string{"-" + rest}, r.args...) // as -v -v is -vv
		return rest[0] != '=' && rest[0] != '-' && r.flag(f, "", false)
	default:
		return r.flag(f, strings.TrimPrefix(rest, "="), true)
	}
}

func (r *plainReader) next() string {
	arg := r.args[0]
	r.args = r.args[1:]
	return arg
}

// find returns which flag kong lets be written in this way, -1 for none.
func (r *plainReader) find(spelling string) int {
	return slices.IndexFunc(r.flags, func(f plainFlag) bool { return f.spelled(spelling) })
}

// takesValue says whether a flag cannot stand without a value.
func (r *plainReader) takesValue(f int) bool {
	k := r.target.Field(f).Kind()
	return k != reflect.Bool && k != reflect.Int
}

// flag sets the field of a flag.
func (r *plainReader) flag(f int, value string, hasValue bool) bool {
	if f < 0 {
		return false
	}
	field, tag := r.target.Field(f), r.flags[f].tag
	if !r.takesValue(f) {
		switch {
		case hasValue:
			return false
		case field.Type() == reflect.TypeFor[bool]():
			field.SetBool(true)
		case field.Type() == reflect.TypeFor[int]() && tag.Get("type") == "counter":
			field.SetInt(field.Int() + 1)
		default:
			return false
		}
		return true
	}
	if !hasValue {
		if len(r.args) == 0 || strings.HasPrefix(r.args[0], "-") {
			return false
		}
		value = r.next()
	}
	if value == "" {
		_, wrong := tag.Lookup("emptyerror")
		return !wrong
	}
	if _, once := tag.Lookup("once"); once && r.given[f] || (given{value: value}).checkText() != nil {
		return false
	}
	r.given[f] = true
	return setPlain(field, tag, value)
}

// setPlain sets a field to a value of a command line, or says that it cannot.
func setPlain(field reflect.Value, tag reflect.StructTag, value string) bool {
	switch to := field.Addr().Interface().(type) {
	case *string:
		*to = value
		return inEnum(tag.Get("enum"), value)
	case *uint16:
		n, err := strconv.ParseUint(value, 10, 16)
		*to = uint16(n)
		return err == nil && n > 0
	case *[]string:
		if tag.Get("sep") == "none" {
			*to = append(*to, value)
		} else {
			*to = append(*to, kong.SplitEscaped(value, ',')...)
		}
		return true
	case encoding.TextUnmarshaler:
		return to.UnmarshalText([]byte(value)) == nil
	}
	return false
}

// plainFlag is what the tag of a field says of its flag.
type plainFlag struct {
	field                           string // its name in the grammar
	name, short, aliases, byDefault string
	tag                             reflect.StructTag
}

// flagOf takes the beginning of a tag apart, up to its placeholder or group.
// StructTag.Lookup would go through the whole tag, with the help, for each key
// that it does not have.
func flagOf(field reflect.StructField) plainFlag {
	f := plainFlag{field: field.Name, tag: field.Tag}
	rest := string(field.Tag)
	for {
		key, after, _ := strings.Cut(rest, `:"`)
		value, more, _ := strings.Cut(after, `"`)
		switch key {
		case "name":
			f.name = value
		case "short":
			f.short = value
		case "aliases":
			f.aliases = value
		case "default":
			f.byDefault = value
		case "placeholder", "group", "":
			return f
		}
		rest = strings.TrimPrefix(more, " ")
	}
}

// spelled says whether kong lets the flag be written in this way.
func (f plainFlag) spelled(spelling string) bool {
	long, isLong := strings.CutPrefix(spelling, "--")
	switch {
	case !isLong:
		return f.short == spelling[1:]
	case f.name != "" && f.name == long, f.name == "" && isKebab(long, f.field):
		return true
	}
	return f.aliases != "" && slices.Contains(strings.Split(f.aliases, ","), long)
}

// isKebab says whether kong gives a field without a name this one: server-name
// for ServerName.
func isKebab(name, field string) bool {
	at := 0
	for i := range len(field) {
		c := field[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
			if i > 0 {
				if at == len(name) || name[at] != '-' {
					return false
				}
				at++
			}
		}
		if at == len(name) || name[at] != c {
			return false
		}
		at++
	}
	return at == len(name)
}
