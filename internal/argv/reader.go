package argv

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// wordLimit bounds the time that reading the words takes: kong's scanner copies
// all words that are left for each that it reads, and takes 20 s for 20000 of them.
const wordLimit = 1000

// byteLimit bounds the same for long words: kong copies what is left of a list, or of
// flags that are written together, for each of them, and takes 29 s for 12 words of
// 130 kB.
const byteLimit = 16 << 10

// askLimit is how long a word may be that is looked at after an error, in bytes.
const askLimit = 1000

// A word is one argument for kong.
type word struct {
	text string
	key  string // how an ini file spells the flag; "" on the command line
	from source
}

// A reader is kong over one grammar, and what it has seen as kong's mapper of the line.
type reader struct {
	Line
	kong    *kong.Kong
	foreign func(flag string) string // as in Env
	words   []word                   // those being read; nil while kong sets the defaults
	last    *kong.Flag               // that kong has found in them
}

// newReader returns a reader that fills grammar, a pointer to a struct. It panics
// when kong refuses the grammar.
func newReader(grammar any, opts ...kong.Option) *reader {
	r := &reader{}
	opts = append(opts, kong.NoDefaultHelp())
	for f := range reflect.TypeOf(grammar).Elem().Fields() {
		opts = append(opts, kong.TypeMapper(f.Type, r))
	}
	k, err := kong.New(grammar, opts...)
	if err != nil {
		panic(err)
	}
	r.kong = k
	return r
}

// read fills the grammar from words. After an error it still looks at the words
// one by one, with the word behind each, for --help, --version and what the answer
// needs: its format, and what is checked.
func (r *reader) read(words []word) error {
	err := r.fill(words)
	if err == nil || r.Asked != "" {
		return nil
	}
	var refused *UsageError
	if !errors.As(err, &refused) {
		refused = r.refusal(err)
	}
	refused = r.oneHyphen(refused, words)
	r.Given = map[string][]int{}
	_ = r.trace(nil).Reset() // for the defaults
	words = words[:withinLimits(words)]
	for i := range words {
		if len(words[i].text) > askLimit {
			continue // none of these flags is so long, and a thousand letters take a while
		}
		_, _ = r.trace(words[i:min(i+2, len(words))]).Apply()
	}
	if r.Asked != "" {
		return nil
	}
	return refused
}

// fill lets kong read words into its grammar. It does what kong's Parse does for
// a grammar without commands, hooks and required flags. Parse looks for hooks by
// the names of methods, and in a program that does so the linker keeps every
// exported method: 1.1 MB, a ninth of the file. Write k.Parse here once kong
// finds hooks without reflect's MethodByName.
func (r *reader) fill(words []word) error {
	r.Line = Line{Given: map[string][]int{}}
	if withinLimits(words) < len(words) {
		msg := fmt.Sprintf("the command line is longer than %d bytes", byteLimit)
		if len(words) > wordLimit {
			msg = fmt.Sprintf("the command line has %d words, %d are the limit", len(words), wordLimit)
		}
		return usage(msg, "look for a file or a macro that repeats itself")
	}
	for _, w := range words {
		if name, _, _ := strings.Cut(w.text, "="); len(name) > 2 && r.find("-"+name) != nil {
			return usage("flag "+name+" has one hyphen", "write -"+name)
		}
	}
	ctx := r.trace(words)
	if ctx.Error != nil {
		return ctx.Error
	}
	r.words = nil
	if err := ctx.Reset(); err != nil {
		return err
	}
	_, err := ctx.Apply()
	return err
}

// withinLimits returns how many of the words are within both limits.
func withinLimits(words []word) int {
	bytes := 0
	for i, w := range words {
		if bytes += len(w.text); bytes > byteLimit || i == wordLimit {
			return i
		}
	}
	return len(words)
}

func (r *reader) trace(words []word) *kong.Context {
	r.words, r.last = words, nil
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	ctx, _ := kong.Trace(r.kong, texts) // what is wrong with the line is in ctx.Error
	return ctx
}

// find returns the flag that is written so, with its hyphens; nil when there is none.
func (r *reader) find(spelling string) *kong.Flag {
	for _, f := range r.kong.Model.Flags {
		long, isLong := strings.CutPrefix(spelling, "--")
		if isLong && (long == f.Name || slices.Contains(f.Aliases, long)) || f.Short != 0 && spelling == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}
