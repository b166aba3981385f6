package cli

import (
	"encoding"
	"reflect"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"
)

// parser is kong over the grammar, or over the part of it that a command line
// can mean: kong takes longer to read the grammar than a whole session takes,
// and nearly all of it is read for nothing.
type parser struct {
	kong   *kong.Kong
	fields []int         // those of the grammar; nil for all of them
	target reflect.Value // the struct that kong fills: of type grammar, or of these fields
}

// newParser returns a parser that knows all flags.
func newParser() (*parser, error) {
	p := &parser{target: reflect.New(reflect.TypeFor[grammar]())}
	return p, p.init()
}

// newSubset returns a parser that knows the flags that stand in args, and maybe
// more. It reads args as newParser's does when that finds nothing wrong; what
// it finds wrong must be asked of the other one. Nil when there is no gain.
func newSubset(args []string) (*parser, error) {
	m := mentionedIn(args)
	if m.longs[extraOptsName] {
		return nil, nil // an ini file may name any flag
	}
	t := reflect.TypeFor[grammar]()
	p := &parser{fields: []int{}}
	var some []reflect.StructField
	for i := range t.NumField() {
		if f := t.Field(i); m.has(f) {
			p.fields, some = append(p.fields, i), append(some, f)
		}
	}
	p.target = reflect.New(reflect.StructOf(some))
	return p, p.init()
}

// grammar returns what kong has filled, with the defaults of the flags that it
// was not told of.
func (p *parser) grammar() (*grammar, error) {
	if p.fields == nil {
		return p.target.Interface().(*grammar), nil
	}
	g := &grammar{}
	all := reflect.ValueOf(g).Elem()
	next := 0
	for i := range all.NumField() {
		if next < len(p.fields) && p.fields[next] == i {
			all.Field(i).Set(p.target.Elem().Field(next))
			next++
			continue
		}
		if text, ok := all.Type().Field(i).Tag.Lookup("default"); ok {
			if err := setText(all.Field(i), text); err != nil {
				return nil, err
			}
		}
	}
	return g, nil
}

// setText sets a field to the default in its tag.
func setText(field reflect.Value, text string) error {
	if u, ok := field.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	field.SetString(text)
	return nil
}

// mentioned holds what a command line may mean by flags: more rather than less,
// as what looks like a flag may be the value of another.
type mentioned struct {
	longs  map[string]bool
	shorts string
}

func mentionedIn(args []string) mentioned {
	m := mentioned{longs: map[string]bool{}}
	for _, a := range args {
		name, isLong := strings.CutPrefix(a, "--")
		name, _, _ = strings.Cut(name, "=")
		switch {
		case isLong:
			m.longs[name] = true
		case strings.HasPrefix(name, "-"):
			m.shorts += name[1:]
		}
	}
	return m
}

func (m mentioned) has(f reflect.StructField) bool {
	name, ok := f.Tag.Lookup("name")
	if !ok {
		name = kebab(f.Name)
	}
	short := f.Tag.Get("short")
	if m.longs[name] || short != "" && strings.Contains(m.shorts, short) {
		return true
	}
	for alias := range strings.SplitSeq(f.Tag.Get("aliases"), ",") {
		if alias != "" && (m.longs[alias] || strings.Contains(m.shorts, alias)) {
			return true
		}
	}
	return false
}

// kebab returns the name that kong gives a field without one: ServerName is
// server-name.
func kebab(field string) string {
	var b strings.Builder
	for i, r := range field {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
