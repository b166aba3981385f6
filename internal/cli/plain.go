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
	r := plainReader{args: args}
	r.target = reflect.ValueOf(&r.grammar).Elem()
	r.findFlags()
	for len(r.args) > 0 {
		if !r.word() {
			return nil, false
		}
	}
	if r.grammar.Generate != "" || r.setDefaults() != nil {
		return nil, false
	}
	return &r.grammar, true
}

type plainReader struct {
	args     []string    // not yet read
	flags    []plainFlag // those that args may mean
	defaults []plainFlag // the fields that have a default, which is their spelling
	given    []bool      // by field, whether it has a value
	grammar  grammar
	target   reflect.Value // of grammar
}

// plainFlag is a field of the grammar in one of its spellings.
type plainFlag struct {
	spelling string // "-H", "--hostname"
	field    int
	tag      reflect.StructTag
	known    bool // that is, not only spelled like a flag
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
	if r.find("-" + name).known {
		return false // one hyphen too few
	}
	f := r.find(arg[:2])
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

// setDefaults gives the fields without a value their defaults.
func (r *plainReader) setDefaults() error {
	for _, f := range r.defaults {
		if r.given[f.field] {
			continue
		}
		switch to := r.target.Field(f.field).Addr().Interface().(type) {
		case encoding.TextUnmarshaler:
			if err := to.UnmarshalText([]byte(f.spelling)); err != nil {
				return err
			}
		default:
			r.target.Field(f.field).SetString(f.spelling)
		}
	}
	return nil
}

// find returns the flag with a spelling that stands in the command line.
func (r *plainReader) find(spelling string) plainFlag {
	for _, f := range r.flags {
		if f.spelling == spelling {
			return f
		}
	}
	return plainFlag{}
}

// findFlags finds the flags that args may mean: more rather than less, as what
// looks like a flag may be the value of another. It also finds the defaults.
func (r *plainReader) findFlags() {
	r.mention()
	t := r.target.Type()
	r.given = make([]bool, t.NumField())
	for i := range r.given {
		f := t.Field(i)
		head := headOf(f.Tag)
		if head.hasDefault {
			r.defaults = append(r.defaults, plainFlag{spelling: head.byDefault, field: i})
		}
		for at, m := range r.flags {
			if head.spells(m.spelling, f.Name) {
				r.flags[at] = plainFlag{spelling: m.spelling, field: i, tag: f.Tag, known: true}
			}
		}
	}
}

// mention collects what may be the spelling of a flag.
func (r *plainReader) mention() {
	add := func(spelling string) {
		if r.find(spelling).spelling == "" {
			r.flags = append(r.flags, plainFlag{spelling: spelling})
		}
	}
	for _, a := range r.args {
		name, _, _ := strings.Cut(a, "=")
		switch {
		case strings.HasPrefix(name, "--"):
			add(name)
		case strings.HasPrefix(name, "-"):
			if len(name) > 2 {
				add("-" + name) // a long flag with a hyphen too few
			}
			for _, letter := range name[1:] {
				add("-" + string(letter))
			}
		}
	}
}

// tagHead is what a tag says before its placeholder and group: how the flag is
// written, and its default.
type tagHead struct {
	name, short, aliases, byDefault string
	hasDefault                      bool
}

// headOf takes the beginning of a tag apart. StructTag.Lookup would go through
// the whole tag, with the help, for each key that it does not have.
func headOf(tag reflect.StructTag) (h tagHead) {
	rest := string(tag)
	for {
		key, after, _ := strings.Cut(rest, `:"`)
		value, more, _ := strings.Cut(after, `"`)
		switch key {
		case "name":
			h.name = value
		case "short":
			h.short = value
		case "aliases":
			h.aliases = value
		case "default":
			h.byDefault, h.hasDefault = value, true
		case "placeholder", "group", "":
			return h
		}
		rest = strings.TrimPrefix(more, " ")
	}
}

// spells says whether kong lets the flag of a field be written in this way.
func (h tagHead) spells(spelling, field string) bool {
	long, isLong := strings.CutPrefix(spelling, "--")
	switch {
	case !isLong:
		return h.short == spelling[1:]
	case h.name != "" && h.name == long, h.name == "" && isKebab(long, field):
		return true
	}
	return h.aliases != "" && slices.Contains(strings.Split(h.aliases, ","), long)
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
