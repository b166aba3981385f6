package argv

import (
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// Ask is a flag that is answered whatever else the command line says: --help
// and --version.
type Ask bool

// Optional is a flag that may stand without its value.
type Optional struct {
	Given bool
	Value string
}

// ExtraOpts is the flag --extra-opts. Parse puts in its place what it names.
type ExtraOpts struct{}

// A Shape says what may stand behind a flag.
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
	switch {
	case f.IsCounter():
		return Counter
	case !f.IsBool():
		return TakesValue
	case f.Target.Kind() == reflect.Bool:
		return Switch
	}
	return MayTakeValue
}

func isAsk(f *kong.Flag) bool       { return f.Target.Type() == reflect.TypeFor[Ask]() }
func isExtraOpts(f *kong.Flag) bool { return f.Target.Type() == reflect.TypeFor[ExtraOpts]() }
func isSecret(f *kong.Flag) bool    { return f.Tag.Has("secret") }

// isGuarded reports a flag that runs a command or writes a file.
func isGuarded(f *kong.Flag) bool { return f.Tag.Has("guarded") }

// flagList finds kong's flags by the ways they can be written.
type flagList []*kong.Flag

// find returns the flag that is written so, with its hyphens; nil when there is none.
func (l flagList) find(spelling string) *kong.Flag {
	i := -1
	if strings.HasPrefix(spelling, "-") {
		i = slices.IndexFunc(l, func(f *kong.Flag) bool { return slices.Contains(spellings(f), spelling) })
	}
	if i < 0 {
		return nil
	}
	return l[i]
}

// nearest returns the spelling most like an unknown one, "" when none is.
func (l flagList) nearest(spelling string) string {
	name := strings.TrimLeft(spelling, "-")
	var names []string
	for _, f := range l {
		for _, s := range spellings(f) {
			if utf8.RuneCountInString(name) == 1 && strings.EqualFold(s, "-"+name) {
				return s
			}
			if long, ok := strings.CutPrefix(s, "--"); ok {
				names = append(names, long)
			}
		}
	}
	if near := Nearest(name, names); near != "" && utf8.RuneCountInString(name) > 1 {
		return "--" + near
	}
	return ""
}

func spellings(f *kong.Flag) []string {
	out := []string{"--" + f.Name}
	for _, alias := range f.Aliases {
		out = append(out, "--"+alias)
	}
	if f.Short != 0 {
		out = append(out, "-"+string(f.Short))
	}
	return out
}
