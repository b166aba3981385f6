package argv

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
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
	*reader // for its flags
	env     Env
	files   map[string]iniFile // those read, by name
	remarks []string
}

// An iniFile is a file's text. Only the section that is asked for is parsed.
type iniFile struct {
	name   string
	text   string
	public bool // every user of the host may read it
	ours   bool // nobody but root and the user who runs the check may change it
}

// expand turns the values of --extra-opts, each "[SECTION][@FILE]", into words, in
// order. Without SECTION it is the name the program was called by, without FILE
// the first file found in the usual places.
func (x *extraOpts) expand(locators []string) (words []word, err error) {
	for i, locator := range locators {
		section, name, named := strings.Cut(locator, "@")
		var file iniFile
		switch {
		case !named:
			file, err = x.search()
		case name == "":
			err = usage("--extra-opts has no file after its @", "write --extra-opts=SECTION@FILE")
		default:
			file, err = x.read(name)
		}
		if err != nil {
			return nil, err
		}
		lines, err := file.section(cmp.Or(section, x.env.Program))
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			l.from.section = i + 1
			w, err := x.translate(l, file)
			if err != nil {
				return nil, err
			}
			if w.text != "" {
				words = append(words, w)
			}
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
func (x *extraOpts) search() (iniFile, error) {
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
	return iniFile{}, usage("no ini file for --extra-opts in any of the usual places", "name it: --extra-opts=SECTION@FILE")
}

// read returns a file by its name, from the second time on without opening it.
func (x *extraOpts) read(name string) (iniFile, error) {
	if file, ok := x.files[name]; ok {
		return file, nil
	}
	file, err := x.load(name)
	if err != nil {
		if perr := (*fs.PathError)(nil); errors.As(err, &perr) {
			err = perr.Err
		}
		return iniFile{}, &UsageError{Msg: fmt.Sprintf("--extra-opts: file %s: %v", plain(name), err), Err: err}
	}
	x.files[name] = file
	return file, nil
}

func (x *extraOpts) load(name string) (iniFile, error) {
	file, in := iniFile{name: "standard input", ours: true}, x.env.Stdin
	if name != stdinName {
		file.name = name
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
func (f iniFile) section(want string) ([]iniLine, error) {
	var out []iniLine
	var seen []string
	inside := false
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
				return nil, &UsageError{Msg: fmt.Sprintf("the section has more than %d lines", wordLimit), Hint: "look for lines that repeat themselves", Source: from.String()}
			}
			out = append(out, iniLine{key: key, value: strings.Trim(value, iniBlanks), from: from})
		}
	}
	if !slices.Contains(seen, want) {
		hint := "name another: --extra-opts=SECTION@FILE"
		if near := Nearest(want, seen); near != "" {
			hint = "did you mean " + plain(near) + "?"
		}
		return nil, usage(fmt.Sprintf("--extra-opts: unknown section %s in %s", plain(want), plain(f.name)), hint)
	}
	return out, nil
}

// translate turns a line into a word, or into none: an empty value switches a flag
// on that needs none ("insecure ="), and leaves any other ungiven.
func (x *extraOpts) translate(l iniLine, file iniFile) (word, error) {
	fault := func(msg, hint string) (word, error) {
		return word{}, &UsageError{Msg: msg, Hint: hint, Source: l.from.String()}
	}
	spelling := "--" + l.key
	if len(l.key) == 1 {
		spelling = "-" + l.key
	}
	f := x.find(spelling)
	if f == nil {
		near := strings.TrimLeft(x.nearest(spelling), "-")
		switch {
		case near != "":
			return fault("unknown key "+Quote(l.key), "did you mean "+near+"?")
		case strings.Trim(l.key, "abcdefghijklmnopqrstuvwxyz-") != "": // perhaps a password without its key
			return fault("a key that is not a flag", "--help lists the flags")
		}
		return fault("unknown key "+Quote(l.key), "--help lists the flags")
	}
	switch f.Target.Addr().Interface().(type) {
	case *Ask, *ExtraOpts:
		return fault(l.key+" has no meaning in an ini file", "give it on the command line")
	}
	w := word{text: "--" + f.Name + "=" + l.value, key: l.key, from: l.from}
	switch {
	case l.value == "" && ShapeOf(f) == TakesValue:
		return word{}, nil
	case l.value == "":
		w.text = "--" + f.Name
	case f.Tag.Has("guarded") && !file.ours:
		return word{}, &UsageError{
			Msg:    l.key + " runs a command or writes a file, and other users can change this file",
			Hint:   "give the file to root, without write permission for group and others",
			Source: l.from.String(), Err: fs.ErrPermission, // a fault of the file, not of the command line
		}
	case file.public && isSecret(f):
		x.remarks = append(x.remarks, fmt.Sprintf("%s holds %s and every user of this host can read it: chmod o-r", l.from, f.Name))
	}
	return w, nil
}
