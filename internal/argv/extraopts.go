package argv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"
)

const (
	stdinName = "-"
	iniLimit  = 1 << 20 // bytes of one ini file
	iniBlanks = " \t\r\v\f"
)

// extraOpts reads --extra-opts as the monitoring-plugins do (lib/extra_opts.c and
// lib/parse_ini.c there), so that one ini file serves their plugins and this one.
// It differs where they fail: one-letter keys work, and errors name the line.
type extraOpts struct {
	flags   flagList
	env     Env
	files   map[string]iniFile // those read, by name
	remarks []string
}

// An iniFile is a file's text, not yet parsed: the sections of other plugins in
// it are none of our business.
type iniFile struct {
	name   string
	text   string
	public bool // every user of the host may read it
	ours   bool // nobody but root and the user who runs the check may change it
}

// expandAll turns the values of --extra-opts into words, in order.
func (x *extraOpts) expandAll(locators []string) ([]word, error) {
	var words []word
	for i, locator := range locators {
		section, err := x.expand(locator)
		if err != nil {
			return nil, err
		}
		for _, w := range section {
			w.from.section = i + 1
			words = append(words, w)
		}
	}
	return words, nil
}

// expand turns one value of --extra-opts, "[SECTION][@FILE]", into words. Without
// SECTION it is the name the program was called by, without FILE the first file
// found in the usual places.
func (x *extraOpts) expand(locator string) ([]word, *UsageError) {
	section, name, named := strings.Cut(locator, "@")
	if section == "" {
		section = x.env.Program
	}
	var file iniFile
	var err *UsageError
	switch {
	case !named:
		file, err = x.search()
	case name == "":
		err = &UsageError{Msg: "--extra-opts names no file behind its @", Hint: "write --extra-opts=SECTION@FILE"}
	default:
		file, err = x.read(name)
	}
	if err != nil {
		return nil, err
	}
	lines, err := file.section(section)
	if err != nil {
		return nil, err
	}
	var words []word
	for _, l := range lines {
		w, err := x.translate(l, file)
		if err != nil {
			return nil, err
		}
		if w.text != "" {
			words = append(words, w)
		}
	}
	return words, nil
}

// iniNames are the files looked for in each directory of NAGIOS_CONFIG_PATH.
func iniNames() []string {
	return []string{"monitoring-plugins.ini", "plugins.ini", "nagios-plugins.ini"}
}

// iniPlaces are the files looked for last, in the monitoring-plugins' own order.
func iniPlaces() []string {
	return []string{
		"/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
		"/usr/local/etc/monitoring-plugins.ini",
		"/etc/monitoring-plugins/monitoring-plugins.ini",
		"/etc/monitoring-plugins.ini",
		"/etc/nagios/plugins.ini",
		"/usr/local/nagios/etc/plugins.ini",
		"/usr/local/etc/nagios/plugins.ini",
		"/etc/opt/nagios/plugins.ini",
		"/etc/nagios-plugins.ini",
		"/usr/local/etc/nagios-plugins.ini",
		"/etc/opt/nagios-plugins.ini",
	}
}

// search reads the first file that exists. One that exists and cannot be read is
// an error, not a reason to take the next.
func (x *extraOpts) search() (iniFile, *UsageError) {
	if name := x.env.Getenv("MP_CONFIG_FILE"); name != "" {
		return x.read(name)
	}
	var places []string
	for _, dir := range strings.Split(x.env.Getenv("NAGIOS_CONFIG_PATH"), ":") {
		for _, name := range iniNames() {
			if dir != "" {
				places = append(places, path.Join(dir, name))
			}
		}
	}
	for _, name := range append(places, iniPlaces()...) {
		file, err := x.read(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return iniFile{}, &UsageError{
		Msg:  "Cannot find config file in any standard location",
		Hint: "name it: --extra-opts=SECTION@FILE",
	}
}

// read returns a file by its name, from the second time on without opening it.
func (x *extraOpts) read(name string) (iniFile, *UsageError) {
	if file, ok := x.files[name]; ok {
		return file, nil
	}
	file, err := x.load(name)
	if err != nil {
		if perr := (*fs.PathError)(nil); errors.As(err, &perr) {
			err = perr.Err
		}
		return iniFile{}, &UsageError{Msg: fmt.Sprintf("Cannot read config file: %s: %v", plain(name), err), Err: err}
	}
	x.files[name] = file
	return file, nil
}

func (x *extraOpts) load(name string) (iniFile, error) {
	file, in := iniFile{name: name, ours: true}, x.env.Stdin
	if name != stdinName {
		f, err := x.env.Open(name)
		if err != nil {
			return iniFile{}, err
		}
		defer f.Close()
		in = f
		info, err := f.Stat()
		if err != nil {
			return iniFile{}, err
		}
		if !info.Mode().IsRegular() && !info.IsDir() { // reading a folder gives a better error
			return iniFile{}, errors.New("not a regular file")
		}
		file.public, file.ours = info.Mode().Perm()&0o004 != 0, ours(info)
	}
	text, err := io.ReadAll(io.LimitReader(in, iniLimit+1))
	if err != nil {
		return iniFile{}, err
	}
	if len(text) > iniLimit {
		return iniFile{}, fmt.Errorf("more than %d bytes", iniLimit)
	}
	file.text = strings.TrimPrefix(string(text), "\ufeff")
	return file, nil
}

// An iniLine is one "key = value".
type iniLine struct {
	key, value string
	from       source
}

// section returns the lines of every section of that name. Lines of the others
// are not looked at: they may be written for a plugin with other rules.
func (f iniFile) section(want string) ([]iniLine, *UsageError) {
	var out []iniLine
	var seen []string
	inside, found := false, false
	from := source{file: f.name}
	for text := range strings.SplitSeq(f.text, "\n") {
		from.line++
		text = strings.Trim(text, iniBlanks)
		switch {
		case text == "", text[0] == ';', text[0] == '#':
		case text[0] == '[':
			name, _, closed := strings.Cut(text[1:], "]")
			if !closed {
				return nil, &UsageError{Msg: "the section's name has no ]", Source: from.String()}
			}
			name = strings.Trim(name, iniBlanks)
			seen = append(seen, name)
			inside = name == want
			found = found || inside
		case len(seen) == 0:
			return nil, &UsageError{Msg: "a line before the first [section]", Source: from.String()}
		case inside:
			// The line is not repeated: it may be a password without its key.
			key, value, ok := strings.Cut(text, "=")
			key = strings.Trim(key, iniBlanks)
			if !ok || key == "" {
				return nil, &UsageError{Msg: "a line that is not KEY = VALUE", Hint: "a flag without a value is written KEY =", Source: from.String()}
			}
			if len(out) == wordLimit {
				return nil, &UsageError{Msg: fmt.Sprintf("more than %d lines in section %s", wordLimit, plain(want)), Source: from.String()}
			}
			out = append(out, iniLine{key: key, value: strings.Trim(value, iniBlanks), from: from})
		}
	}
	if !found {
		return nil, f.noSection(want, seen)
	}
	return out, nil
}

func (f iniFile) noSection(want string, seen []string) *UsageError {
	hint := "name another: --extra-opts=SECTION@FILE"
	if near := Nearest(want, seen); near != "" {
		hint = "did you mean " + plain(near) + "?"
	}
	return &UsageError{Msg: fmt.Sprintf("Invalid section '%s' in config file '%s'", plain(want), plain(f.name)), Hint: hint}
}

// translate turns a line into a word, or into none: an empty value switches a flag
// on that needs none ("insecure ="), and leaves any other ungiven.
func (x *extraOpts) translate(l iniLine, file iniFile) (word, *UsageError) {
	spelling := "--" + l.key
	if utf8.RuneCountInString(l.key) == 1 {
		spelling = "-" + l.key
	}
	f := x.flags.find(spelling)
	switch {
	case f == nil:
		e := &UsageError{Msg: "unknown key " + Quote(l.key), Hint: "--help lists the flags", Source: l.from.String()}
		if near := x.flags.nearest(spelling); near != "" {
			e.Hint = "did you mean " + strings.TrimLeft(near, "-") + "?"
		}
		return word{}, e
	case isAsk(f), isExtraOpts(f):
		return word{}, &UsageError{Msg: l.key + " has no meaning in an ini file", Hint: "give it on the command line", Source: l.from.String()}
	case l.value == "" && ShapeOf(f) == TakesValue:
		return word{}, nil
	case isGuarded(f) && !file.ours:
		return word{}, &UsageError{Msg: l.key + " is in a file that other users can change", Hint: "give the file to root, without write permission for group and others", Source: l.from.String(), Err: fs.ErrPermission}
	case file.public && isSecret(f):
		x.remarks = append(x.remarks, fmt.Sprintf("%s holds %s and every user of this host can read it: chmod o-r", l.from, f.Name))
	}
	w := word{text: "--" + f.Name, key: l.key, from: l.from}
	if l.value != "" {
		w.text += "=" + l.value
	}
	return w, nil
}
