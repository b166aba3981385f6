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
func readPart(grammar any, words []word) (Line, error) {
	whole := reflect.ValueOf(grammar).Elem()
	var fields, others []reflect.StructField
	means := meanings(words)
	for f := range whole.Type().Fields() {
		// What is for the help alone stands last, and would be most of the work.
		tag, _, _ := strings.Cut(string(f.Tag), "group:")
		if f.Tag = reflect.StructTag(strings.TrimSpace(tag)); means(f) {
			fields = append(fields, f)
		} else if f.Tag.Get("default") != "" {
			others = append(others, f)
		}
	}
	part := reflect.New(reflect.StructOf(fields))
	r := newReader(part.Interface())
	if err := r.fill(words); err != nil {
		return Line{}, err
	}
	for i, f := range fields {
		whole.FieldByName(f.Name).Set(part.Elem().Field(i))
	}
	for _, f := range others {
		if err := set(whole.FieldByIndex(f.Index), f.Tag.Get("default"), -1); err != nil {
			return Line{}, err
		}
	}
	return r.Line, nil
}

// meanings returns whether words can mean a field: one too many does no harm. The
// name of a flag is that of its field, hyphens and case aside.
func meanings(words []word) func(reflect.StructField) bool {
	var names []string // of words with hyphens, up to their =, without hyphens
	letters := ""      // of words with one hyphen
	for _, w := range words {
		if name, _, _ := strings.Cut(w.text, "="); strings.HasPrefix(name, "-") {
			names = append(names, strings.ReplaceAll(name, "-", ""))
		}
		if strings.HasPrefix(w.text, "-") && !strings.HasPrefix(w.text, "--") {
			letters += w.text
		}
	}
	return func(f reflect.StructField) bool {
		short, aliases := f.Tag.Get("short"), strings.ReplaceAll(f.Tag.Get("aliases"), "-", "")
		return short != "" && strings.Contains(letters, short) || slices.ContainsFunc(names, func(name string) bool {
			return strings.EqualFold(name, f.Name) || name != "" && strings.Contains(aliases, name)
		})
	}
}
