// Package argv reads a command line with kong into a struct of flags. What the
// flags mean is not its business.
//
// kong alone decides what is a flag, and which word is the value of which flag.
// The mappers of this package replace kong's own and put right what kong 1.17
// refuses or misreads: an empty value means that the flag was not given, a value
// may begin with a hyphen or follow "-x=", integers are decimal, "--demo NAME"
// needs no "=", and no error repeats a secret. --extra-opts is replaced by the
// words of its ini section, placed before all others.
//
// The struct steers this with tags of its own:
//
//	emptyerror:"HINT"  an empty value on the command line is an error
//	secret:""          no message repeats the value
//	verbatim:""        the value is a language of its own: quotes and $ may be right in it
//	nosuggest:""       no hint names the flag: it takes protection away
//	guarded:""         runs a command or writes a file: only from an ini file that nobody else can change
//
// Every error is a *UsageError.
package argv

import (
	"io"
	"io/fs"

	"github.com/alecthomas/kong"
)

// Env is what reading a command line may use outside itself.
type Env struct {
	Program string                             // base of argv[0], the default section of --extra-opts
	Getenv  func(key string) string            // asked for MP_CONFIG_FILE and NAGIOS_CONFIG_PATH only
	Open    func(name string) (fs.File, error) // opens an ini file by its path
	Stdin   io.Reader                          // read for --extra-opts=@-
	Foreign func(flag string) string           // what to write in place of a flag that other programs have, "" for others; may be nil
}

// A Line is what a command line holds in addition to the values of its flags.
type Line struct {
	Asked string // "help" or "version" when one is asked for: then nothing else counts
	// Given has, for each flag with a value, where each of its values was written:
	// 0 on the command line, n in the section that the nth --extra-opts names.
	Given   map[string][]int
	Remarks []string // about the ini files, for the long output
	Stdin   bool     // standard input was read to its end for an ini file

	locators []string // "[SECTION][@FILE]" of each --extra-opts, "" where it had none
}

// Parse reads a command line into grammar, a pointer to a struct of kong's flags.
// A request for help or version wins over every error in the line, and then no
// file is opened. After an error the grammar holds what could be read of the
// line, so that the error can be given in the form that the line asks for.
func Parse(grammar any, args []string, env Env, opts ...kong.Option) (Line, error) {
	for len(args) > 0 && args[0] == "" {
		args = args[1:] // an unset macro; those behind a flag are dropped there
	}
	words := wordsOf(args)
	if line, err := readPart(grammar, words); err == nil && (line.Asked != "" || len(line.locators) == 0) {
		return line, nil
	}
	r := newReader(grammar, opts...)
	r.foreign = env.Foreign
	if err := r.read(words); err != nil || r.Asked != "" || len(r.locators) == 0 {
		return r.Line, err
	}
	x := extraOpts{reader: r, env: env, files: map[string]iniFile{}}
	sections, err := x.expand(r.locators)
	if err != nil {
		return r.Line, err
	}
	err = r.read(append(sections, words...))
	_, r.Stdin = x.files[stdinName]
	r.Remarks = x.remarks
	return r.Line, err
}

func wordsOf(args []string) []word {
	words := make([]word, len(args))
	for i, arg := range args {
		words[i].text = arg
	}
	return words
}

// Model returns kong's model of a grammar.
func Model(grammar any, opts ...kong.Option) *kong.Application {
	return newReader(grammar, opts...).kong.Model
}
