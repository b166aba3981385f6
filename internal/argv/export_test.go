package argv

import "github.com/alecthomas/kong"

// ReadPart reads args with the part of a grammar that they can mean.
func ReadPart(grammar any, args []string) (Line, error) {
	return readPart(grammar, wordsOf(args))
}

// ReaderOf returns what reads args with all of a grammar, time and again.
func ReaderOf(grammar any, opts ...kong.Option) func(args []string) (Line, error) {
	r := newReader(grammar, opts...)
	return func(args []string) (Line, error) {
		err := r.read(wordsOf(args))
		return r.Line, err
	}
}
