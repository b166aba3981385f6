// Package gen writes the command-line grammar down in the forms that other
// programs read: an Icinga 2 CheckCommand, an Icinga Director basket, Nagios
// and NRPE commands, a man page, and completions for three shells. So no
// definition ever lacks a flag that the program has.
//
// LeftOut has the flags that an artefact leaves out, with the reason. The functions
// are pure: the same Model gives the same bytes.
package gen

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"check_imap_session/internal/argv"
)

// Model is what there is to write down.
type Model struct {
	App *kong.Application
	// Env are the variables from which the program takes secrets.
	Env []EnvVar
	// Steps, Metrics, Kinds and Scenarios of --demo, with a line about each.
	Steps, Metrics, Kinds, Scenarios []Item
	// Results are the metrics other than times, for the help.
	Results []string
	// Values are the words that a flag takes, by the flag's name, for
	// completion. Flags with an enum need none.
	Values map[string][]string
}

// EnvVar is an environment variable that holds a secret.
type EnvVar struct {
	Name     string // CHECK_IMAP_SESSION_PASSWORD
	Variable string // of Icinga, which fills it: imap_session_password
	Doc      string
}

// Item is a row of a table.
type Item struct{ Name, Doc string }

// Format is one artefact.
type Format struct {
	Name  string // the value of --generate
	Path  string // of the file in the repository
	Write func(Model) []byte
}

// Formats returns all artefacts.
func Formats() []Format {
	return []Format{
		{"icinga2", "contrib/icinga2/check_imap_session.conf", icinga2},
		{"director", "contrib/icinga-director/check_imap_session.json", director},
		{"nagios", "contrib/nagios/check_imap_session.cfg", nagios},
		{"nrpe", "contrib/nrpe/check_imap_session.cfg", nrpe},
		{"man", "contrib/man/check_imap_session.1", man},
		{"bash", "contrib/completions/check_imap_session.bash", bash},
		{"zsh", "contrib/completions/_check_imap_session", zsh},
		{"fish", "contrib/completions/check_imap_session.fish", fish},
	}
}

// prefix is that of Icinga's variables. The template library owns imap_.
const prefix = "imap_session_"

// flag is a flag of the grammar as the artefacts see it.
type flag struct {
	name     string // without hyphens
	short    string // one letter, or ""
	shape    argv.Shape
	repeats  bool // every one of several counts
	keyed    bool // the value is KEY=VALUE, so Icinga may hold a dictionary
	secret   bool
	value    string   // placeholder
	words    []string // the values it takes, nil when there is no list
	help     string
	group    string
	fallback string // the default, "" when there is none
	everyday string // its line in the short help, "" when it has none
}

// flags returns the flags in the grammar's order.
func flags(m Model) []flag {
	var out []flag
	for _, f := range m.App.Flags {
		if f.Hidden {
			continue
		}
		g := flag{
			name: f.Name, value: f.PlaceHolder, help: f.Help, fallback: f.Default, words: m.Values[f.Name],
			shape: argv.ShapeOf(f), repeats: f.Target.Kind() == reflect.Slice,
			secret: f.Tag.Has("secret"), everyday: f.Tag.Get("everyday"),
		}
		g.keyed = g.repeats && strings.Contains(g.value, "=")
		if f.Short != 0 {
			g.short = string(f.Short)
		}
		if f.Group != nil {
			g.group = f.Group.Title
		}
		if f.Enum != "" {
			g.words = strings.FieldsFunc(f.Enum, func(r rune) bool { return r == ',' })
		}
		out = append(out, g)
	}
	return out
}

// key is the flag as command definitions write it: the letter where there is
// one, as the template library does.
func (f flag) key() string {
	if f.short != "" {
		return "-" + f.short
	}
	return "--" + f.name
}

// takesNothing says that the flag has no value on the command line.
func (f flag) takesNothing() bool { return f.shape == argv.Switch || f.shape == argv.Counter }

// takesFile says that the value is the name of a file.
func (f flag) takesFile() bool { return f.value == "FILE" || f.value == "PEM" }

// oneWord says that name and value are passed as one word. A flag that may be without a
// value does not take the next word as one. If that word begins with a hyphen it is read
// as a flag, so whoever may set the variable of a service could give any flag.
func (f flag) oneWord() bool { return f.shape == argv.Counter || f.shape == argv.MayTakeValue }

// variable is the flag's variable in Icinga.
func (f flag) variable() string { return prefix + strings.ReplaceAll(f.name, "-", "_") }

// kept returns the flags that an artefact does not leave out.
func kept(m Model, format string) []flag {
	out := LeftOut(format)
	return slices.DeleteFunc(flags(m), func(f flag) bool { return out[f.name] != "" })
}

// page collects an artefact and writes it at once.
type page struct{ bytes.Buffer }

func (p *page) lines(lines ...string) {
	for _, l := range lines {
		p.WriteString(l + "\n")
	}
}

// wrap breaks text into lines of at most width bytes.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// comment writes text as comment lines.
func (p *page) comment(mark, text string) {
	for _, l := range wrap(text, 78-len(mark)) {
		p.lines(strings.TrimRight(mark+" "+l, " "))
	}
}

// generated is the first comment of every artefact that has comments.
func generated(mark, format string) string {
	return mark + " Made by check_imap_session --generate=" + format + "; do not edit."
}
