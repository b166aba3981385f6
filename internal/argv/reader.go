package argv

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// wordLimit bounds the time before --timeout counts: kong's scanner copies all
// words that are left for each that it reads, and takes 20 s for 20000 of them.
const wordLimit = 1000

// A word is one argument for kong.
type word struct {
	text string
	key  string // how an ini file spells the flag; "" on the command line
	from source
}

// A reader is kong over one grammar, and what its mappers have seen of the line.
type reader struct {
	kong  *kong.Kong
	flags flagList

	words    []word // those being read; nil while kong sets the defaults
	next     int    // in words, the first that no flag has taken
	tail     string // of the word before it, letters that no flag has taken: the "Sp993" of "-vSp993" behind -v
	last     *kong.Flag
	given    []string
	asked    string                // the name of an Ask that was given
	locators []string              // "[SECTION][@FILE]" of each --extra-opts, "" where it had none
	from     map[*kong.Flag]source // of flags tagged once, where they were given last
}

// newReader returns a reader that fills grammar, a pointer to a struct.
func newReader(grammar any, opts ...kong.Option) (*reader, error) {
	r := &reader{}
	value, counter := mapper{TakesValue, r}, mapper{Counter, r}
	opts = append(opts, kong.NoDefaultHelp(),
		kong.KindMapper(reflect.String, value), kong.KindMapper(reflect.Slice, value),
		kong.KindMapper(reflect.Bool, mapper{Switch, r}), kong.NamedMapper("counter", counter),
		kong.TypeMapper(reflect.TypeFor[Optional](), mapper{MayTakeValue, r}),
		kong.TypeMapper(reflect.TypeFor[ExtraOpts](), mapper{MayTakeValue, r}))
	for f := range reflect.TypeOf(grammar).Elem().Fields() {
		// A type that reads its own text would otherwise be read by kong's mapper.
		if f.Type.PkgPath() != "" && reflect.PointerTo(f.Type).Implements(textUnmarshaler) {
			opts = append(opts, kong.TypeMapper(f.Type, value))
		}
	}
	k, err := kong.New(grammar, opts...)
	if err != nil {
		return nil, &UsageError{Msg: err.Error()} // a mistake in the grammar
	}
	r.kong, r.flags = k, k.Model.Flags
	return r, nil
}

// read fills the grammar from words. After an error it still looks at the words
// one by one, for --help and --version.
func (r *reader) read(words []word) error {
	err := r.fill(words)
	if err == nil || r.asked != "" {
		return nil
	}
	usage := (*UsageError)(nil)
	if !errors.As(err, &usage) {
		usage = r.unexpected()
	}
	if r.salvage(words[:min(len(words), wordLimit)]); r.asked != "" {
		return nil
	}
	return usage
}

// fill lets kong read words into its grammar. It does what kong's Parse does for
// a grammar without commands, hooks and required flags. Parse looks for hooks by
// the names of methods, and in a program that does so the linker keeps every
// exported method: 1.1 MB, a ninth of the file. Write k.Parse here once kong
// finds hooks without reflect's MethodByName.
func (r *reader) fill(words []word) error {
	r.given, r.asked, r.locators, r.from = nil, "", nil, map[*kong.Flag]source{}
	if len(words) > wordLimit {
		return &UsageError{
			Msg:  fmt.Sprintf("the command line has %d words, %d are the limit", len(words), wordLimit),
			Hint: "look for a file or a macro that repeats itself",
		}
	}
	ctx, err := r.trace(words)
	if err == nil {
		err = ctx.Error
	}
	if err != nil {
		return err
	}
	r.words = nil
	if err := ctx.Reset(); err != nil {
		return &UsageError{Msg: err.Error()} // a mistake in the grammar
	}
	_, err = ctx.Apply()
	return err
}

func (r *reader) trace(words []word) (*kong.Context, error) {
	r.words, r.next, r.tail, r.last = words, 0, "", nil
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return kong.Trace(r.kong, texts)
}

// salvage reads each word of a line with an error in it by itself, with the word
// behind it, and keeps whatever kong can make of that.
func (r *reader) salvage(words []word) {
	for i := range words {
		if ctx, err := r.trace(words[i:min(i+2, len(words))]); err == nil {
			_, _ = ctx.Apply() // of what was read before ctx.Error
		}
	}
}

func (r *reader) line() Line { return Line{Asked: r.asked, Given: r.given} }

// unexpected is for the word, or the rest of one, at which kong stopped although no
// flag refused it. kong's own words are not used: they would repeat a secret.
func (r *reader) unexpected() *UsageError {
	text := "-" + r.tail
	if r.tail == "" {
		rest := r.words[r.next:]
		if text = rest[0].text; text == "--" && len(rest) > 1 {
			return strayWord(rest[1].text, r.last)
		}
	}
	spelling, _, _ := strings.Cut(text, "=")
	switch {
	case len(text) < 2 || text[0] != '-':
		return strayWord(text, r.last)
	case r.flags.find("-"+spelling) != nil:
		return oneHyphen(spelling)
	case text[1] != '-':
		_, size := utf8.DecodeRuneInString(text[1:])
		spelling = text[:1+size]
	}
	return r.flags.unknown(spelling)
}

// leading returns the flag of ours that a word certainly is ("-p", "--port",
// "--port=993"), or "" where it may as well be a value of f ("-5:5", "-secret").
// A word that begins as a secret is given is never the value of another flag.
func (r *reader) leading(arg string, f *kong.Flag) string {
	name, _, _ := strings.Cut(arg, "=")
	switch {
	case !strings.HasPrefix(arg, "-"):
	case strings.HasPrefix(arg, "--") && r.flags.find(name) != nil:
		return name
	case r.flags.find(arg) != nil:
		return arg
	case len(arg) > 2 && !isSecret(f):
		if g := r.flags.find(arg[:2]); g != nil && isSecret(g) {
			return arg[:2]
		}
	}
	return ""
}
