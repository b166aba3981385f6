package argv

import (
	"reflect"
	"slices"
	"strings"
)

// readPart reads words with the fields of the grammar alone that the words can
// mean: kong takes 15 us and 6 KB for each flag of its grammar, and most command
// lines have five of seventy. It leaves the grammar alone when it finds an error,
// which the whole grammar explains better.
func readPart(grammar any, words []word) (*reader, error) {
	whole := reflect.ValueOf(grammar).Elem()
	fields := mentioned(whole.Type(), words)
	part := reflect.New(reflect.StructOf(fields))
	r, err := newReader(part.Interface())
	if err == nil {
		err = r.fill(words)
	}
	if err != nil {
		return nil, err
	}
	for i, f := range fields {
		whole.FieldByName(f.Name).Set(part.Elem().Field(i))
	}
	for f := range whole.Type().Fields() {
		text := f.Tag.Get("default")
		if text == "" || slices.ContainsFunc(fields, func(g reflect.StructField) bool { return g.Name == f.Name }) {
			continue
		}
		if err := set(whole.FieldByIndex(f.Index), text, -1); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// mentioned returns the fields that words can mean, without their help, which
// would be half the work. One too many does no harm.
func mentioned(grammar reflect.Type, words []word) []reflect.StructField {
	var names []string // of words with hyphens, up to their =, without hyphens
	letters := ""      // of words with one hyphen
	for _, w := range words {
		if !strings.HasPrefix(w.text, "-") {
			continue
		}
		name, _, _ := strings.Cut(w.text, "=")
		if name = strings.ReplaceAll(name, "-", ""); name != "" {
			names = append(names, name)
		}
		if !strings.HasPrefix(w.text, "--") {
			letters += w.text
		}
	}
	var fields []reflect.StructField
	for f := range grammar.Fields() {
		tag, _, _ := strings.Cut(string(f.Tag), " help:")
		f.Tag = reflect.StructTag(tag)
		if means(f, names, letters) {
			fields = append(fields, f)
		}
	}
	return fields
}

// means says whether a field may be that of one of the names or letters. The name
// of a flag is that of its field, or as good as: hyphens and case aside.
func means(f reflect.StructField, names []string, letters string) bool {
	if short := f.Tag.Get("short"); short != "" && strings.Contains(letters, short) {
		return true
	}
	aliases := f.Tag.Get("aliases")
	return slices.ContainsFunc(names, func(name string) bool {
		return strings.EqualFold(name, f.Name) || strings.Contains(strings.ReplaceAll(aliases, "-", ""), name)
	})
}
