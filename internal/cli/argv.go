package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// wordLimit bounds the time before --timeout counts: kong's scanner copies all
// words that are left for each that it reads, and takes 20 s for 20000 of them.
const wordLimit = 1000

// A word is one argument for kong, in the only form kong cannot misread:
// "--name" or "--name=value".
type word struct {
	text string
	flag *kong.Flag
	from source
}

// argvEnv is what a command line may reach outside itself.
// No field but program may be nil or zero.
type argvEnv struct {
	program string                               // base of argv[0], the default section of --extra-opts
	getenv  func(key string) string              // asked for MP_CONFIG_FILE and NAGIOS_CONFIG_PATH only
	open    func(name string) (iniReader, error) // opens an ini file by its path
	stdin   iniReader                            // read for --extra-opts=@-
}

// An argv is a command line after normalise.
type argv struct {
	words   []word   // those of the ini files first, then those of the command line
	asked   string   // "help" or "version" when that is all the words say, else ""
	remarks []string // about the ini files, for the long output; nil when there are none
	stdin   bool     // standard input was read to its end for an ini file
}

// texts returns the words as kong's Parse takes them.
func (a argv) texts() []string {
	out := make([]string, 0, len(a.words))
	for _, w := range a.words {
		out = append(out, w.text)
	}
	return out
}

// normalise turns an admin's command line into words that kong reads as they
// were meant. It does what kong alone does not: an empty value means the flag
// was not given (but for flags tagged emptyerror), a value may begin with a
// hyphen or stand behind "-x=", integers are decimal, and --extra-opts becomes
// the words of its ini section, placed before all others.
//
// --help and --version win over every error in the line: then they are the only
// word, and no file is opened. Of a flag that holds one value the last word
// stays, so that the command line replaces an ini file; slices and maps keep all.
//
// The grammar steers it with three tags of its own:
//
//	emptyerror:"HINT"  an empty value on the command line is an error
//	once:"HINT"        twice on the command line or in one section is an error
//	secret:""          no message repeats the value
//
// Every error is a *UsageError.
func normalise(app *kong.Application, args []string, env argvEnv) (argv, error) {
	flags := indexFlags(app)
	w := walker{flags: flags, args: args}
	w.walk()
	if w.asked != nil {
		asked := word{text: "--" + w.asked.Name, flag: w.asked}
		return argv{words: []word{asked}, asked: w.asked.Name}, nil
	}
	if w.err == nil {
		w.err = givenOnce(w.words)
	}
	if w.err != nil {
		return argv{}, w.err
	}
	x := extraOpts{flags: flags, env: env, files: map[string]iniFile{}}
	var words []word
	for _, locator := range w.locators {
		section, err := x.expand(locator)
		if err != nil {
			return argv{}, err
		}
		words = append(words, section...)
	}
	words = lastOfEach(append(words, w.words...))
	if len(words) > wordLimit {
		return argv{}, &UsageError{
			Msg:  fmt.Sprintf("%d flags were given, %d are the limit", len(words), wordLimit),
			Hint: "look for a file or a macro that repeats itself",
		}
	}
	_, stdin := x.files[stdinName]
	return argv{words: words, remarks: x.remarks, stdin: stdin}, nil
}

// fill lets kong read words into its grammar. It does what kong's Parse does for a
// grammar without commands, hooks and required flags. Parse looks for hooks by
// the names of methods, and when a program does that the linker keeps every
// exported method in it, a ninth of its size.
func fill(k *kong.Kong, words []word) error {
	ctx, err := kong.Trace(k, argv{words: words}.texts())
	if err == nil {
		err = ctx.Error
	}
	if err == nil {
		err = ctx.Reset()
	}
	if err == nil {
		_, err = ctx.Apply()
	}
	if w := notInEnum(words); err == nil && w != nil {
		err = fmt.Errorf("%s is not among %s", w.text, w.flag.Enum)
	}
	return err
}

// culprit returns the word that kong refuses to read, or nil when it reads each
// of them and its complaint is about the whole. It spoils k for another Parse.
func culprit(k *kong.Kong, words []word) *word {
	for i := range words {
		if ctx, err := kong.Trace(k, []string{words[i].text}); err != nil || ctx.Error != nil {
			return &words[i]
		}
	}
	return nil
}

// givenOnce refuses a second word for a flag tagged once. The words are those of
// one command line or of one ini section.
func givenOnce(words []word) *UsageError {
	seen := map[*kong.Flag]bool{}
	for _, w := range words {
		if w.flag.Tag.Has("once") && seen[w.flag] {
			return &UsageError{
				Msg:    "--" + w.flag.Name + " was given twice",
				Hint:   w.flag.Tag.Get("once"),
				Source: w.from.String(),
			}
		}
		seen[w.flag] = true
	}
	return nil
}

// lastOfEach keeps, of every flag that holds one value, the last word.
func lastOfEach(words []word) []word {
	last := map[*kong.Flag]int{}
	for i, w := range words {
		last[w.flag] = i
	}
	out := make([]word, 0, len(words))
	for i, w := range words {
		if accumulates(w.flag) || last[w.flag] == i {
			out = append(out, w)
		}
	}
	return out
}
