// Package argv reads a command line with kong into a struct of flags. It says
// nothing of what the flags mean.
//
// kong alone decides what is a flag, and which word is the value of which flag.
// Its own mappers, replaced here, put right what kong 1.17 refuses or misreads:
// an empty value means that the flag was not given, a value may begin with a
// hyphen or stand behind "-x=", integers are decimal, "--demo NAME" needs no
// "=", and no error repeats a secret. --extra-opts is replaced by the words of
// its ini section, placed before all others, each with its file and line.
//
// The struct steers this with three tags of its own:
//
//	emptyerror:"HINT"  an empty value on the command line is an error
//	once:"HINT"        twice on the command line or in one section is an error
//	secret:""          no message repeats the value
//
// Every error is a *UsageError.
package argv

import (
	"io"
	"io/fs"

	"github.com/alecthomas/kong"
)

// Env is what a command line may reach outside itself.
type Env struct {
	Program string                             // base of argv[0], the default section of --extra-opts
	Getenv  func(key string) string            // asked for MP_CONFIG_FILE and NAGIOS_CONFIG_PATH only
	Open    func(name string) (fs.File, error) // opens an ini file by its path
	Stdin   io.Reader                          // read for --extra-opts=@-
}

// A Line is what a command line holds beside the values of its flags.
type Line struct {
	Asked   string   // "help" or "version" when one is asked for: then nothing else is to be looked at
	Given   []string // the names of the flags that have got a value, in order
	Remarks []string // about the ini files, for the long output; nil when there are none
	Stdin   bool     // standard input was read to its end for an ini file
}

// Parse reads a command line into grammar, a pointer to a struct of kong's flags.
// A request for help or version wins over every error in the line, and then no
// file is opened. After an error the grammar holds whatever could be read of the
// line, so that the error can be given in the form that the line asks for.
func Parse(grammar any, args []string, env Env, opts ...kong.Option) (Line, error) {
	for len(args) > 0 && args[0] == "" {
		args = args[1:] // the other unset macros are dropped behind their flags
	}
	words := wordsOf(args)
	if r, err := readPart(grammar, words); err == nil && (r.asked != "" || len(r.locators) == 0) {
		return r.line(), nil
	}
	r, err := newReader(grammar, opts...)
	if err != nil {
		return Line{}, err
	}
	if err := r.read(words); err != nil || r.asked != "" || len(r.locators) == 0 {
		return r.line(), err
	}
	x := extraOpts{flags: r.flags, env: env, files: map[string]iniFile{}}
	sections, err := x.expandAll(r.locators)
	if err != nil {
		return Line{}, err
	}
	err = r.read(append(sections, words...))
	line := r.line()
	_, line.Stdin = x.files[stdinName]
	line.Remarks = x.remarks
	return line, err
}

func wordsOf(args []string) []word {
	words := make([]word, len(args))
	for i, arg := range args {
		words[i].text = arg
	}
	return words
}

// Model returns kong's model of a grammar, for those who write it down in
// another form.
func Model(grammar any, opts ...kong.Option) (*kong.Application, error) {
	r, err := newReader(grammar, opts...)
	if err != nil {
		return nil, err
	}
	return r.kong.Model, nil
}
