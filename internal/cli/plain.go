package cli

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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
	r := plainReader{args: args, flags: flagsIn(args), given: map[int]bool{}}
	r.target = reflect.ValueOf(&r.grammar).Elem()
	for len(r.args) > 0 {
		if !r.word() {
			return nil, false
		}
	}
	if r.grammar.Generate != "" || r.defaults() != nil {
		return nil, false
	}
	return &r.grammar, true
}

type plainReader struct {
	args    []string             // not yet read
	flags   map[string]plainFlag // those that args may mean, by their spelling
	given   map[int]bool         // fields that have a value
	grammar grammar
	target  reflect.Value // of grammar
}

// plainFlag is a field of the grammar.
type plainFlag struct {
	field int
	tag   reflect.StructTag // without the help
	known bool
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
		return r.flag(r.flags[name], value, hasValue)
	}
	if r.flags["-"+name].known {
		return false // one hyphen too few
	}
	f := r.flags[arg[:2]]
	switch rest := arg[2:]; {
	case rest == "":
		return r.flag(f, "", false)
	case f.known && !r.takesValue(f):
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

// takesValue says whether a flag cannot stand without a value.
func (r *plainReader) takesValue(f plainFlag) bool {
	k := r.target.Field(f.field).Kind()
	return k != reflect.Bool && k != reflect.Int
}

// flag sets the field of a flag.
func (r *plainReader) flag(f plainFlag, value string, hasValue bool) bool {
	if !f.known {
		return false
	}
	field := r.target.Field(f.field)
	if !r.takesValue(f) {
		switch {
		case hasValue:
			return false
		case field.Type() == reflect.TypeFor[bool]():
			field.SetBool(true)
		case field.Type() == reflect.TypeFor[int]() && f.tag.Get("type") == "counter":
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
		_, wrong := f.tag.Lookup("emptyerror")
		return !wrong
	}
	if _, once := f.tag.Lookup("once"); once && r.given[f.field] || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return false
	}
	r.given[f.field] = true
	return setPlain(field, f.tag, value)
}

// setPlain sets a field to a value of a command line, or says that it cannot.
func setPlain(field reflect.Value, tag reflect.StructTag, value string) bool {
	switch to := field.Addr().Interface().(type) {
	case *string:
		enum, limited := tag.Lookup("enum")
		*to = value
		return !limited || slices.Contains(strings.Split(enum, ","), value)
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

// defaults gives the fields without a value their defaults.
func (r *plainReader) defaults() error {
	t := r.target.Type()
	for i := range t.NumField() {
		text, ok := lookup(withoutHelp(t.Field(i).Tag), "default")
		if !ok || r.given[i] {
			continue
		}
		switch to := r.target.Field(i).Addr().Interface().(type) {
		case encoding.TextUnmarshaler:
			if err := to.UnmarshalText([]byte(text)); err != nil {
				return err
			}
		default:
			r.target.Field(i).SetString(text)
		}
	}
	return nil
}

// flagsIn returns the flags that args may mean, by their spellings in args: more
// rather than less, as what looks like a flag may be the value of another. What
// is no flag is there too, and not known.
func flagsIn(args []string) map[string]plainFlag {
	flags := map[string]plainFlag{}
	for _, a := range args {
		name, _, _ := strings.Cut(a, "=")
		switch {
		case strings.HasPrefix(name, "--"):
			flags[name] = plainFlag{}
		case strings.HasPrefix(name, "-"):
			flags["-"+name] = plainFlag{}
			for _, letter := range name[1:] {
				flags["-"+string(letter)] = plainFlag{}
			}
		}
	}
	t := reflect.TypeFor[grammar]()
	for i := range t.NumField() {
		f := t.Field(i)
		tag := withoutHelp(f.Tag)
		name, named := lookup(tag, "name")
		short, _ := lookup(tag, "short")
		aliases, _ := lookup(tag, "aliases")
		for spelling := range flags {
			long, isLong := strings.CutPrefix(spelling, "--")
			switch {
			case !isLong && spelling[1:] == short, isLong && named && name == long, isLong && !named && isKebab(long, f.Name),
				isLong && aliases != "" && slices.Contains(strings.Split(aliases, ","), long):
				flags[spelling] = plainFlag{field: i, tag: tag, known: true}
			}
		}
	}
	return flags
}

// lookup is StructTag.Lookup for a key that most tags do not have.
func lookup(tag reflect.StructTag, key string) (string, bool) {
	if !strings.Contains(string(tag), key) {
		return "", false
	}
	return tag.Lookup(key)
}

// withoutHelp leaves out the last part of a tag, the longest.
func withoutHelp(tag reflect.StructTag) reflect.StructTag {
	short, _, _ := strings.Cut(string(tag), ` help:"`)
	return reflect.StructTag(short)
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
