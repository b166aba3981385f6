package argv_test

import (
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/alecthomas/kong"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/cli"
)

// TestPartOfGrammar reads random command lines of the program with the part of its
// grammar that their words can mean, and with all of it.
func TestPartOfGrammar(t *testing.T) {
	model := cli.Model()
	grammar := model.Target.Type()
	whole := reflect.New(grammar)
	readWhole := argv.ReaderOf(whole.Interface(), kong.Vars{"optional": ""})
	same := func(args []string) bool {
		part := reflect.New(grammar)
		partLine, partErr := argv.ReadPart(part.Interface(), args)
		line, err := readWhole(args)
		if partErr != nil && line.Asked != "" {
			return false // the whole finds --help behind an error
		}
		if (err == nil) != (partErr == nil) {
			t.Fatalf("%q: the part says %v, the whole %v", args, partErr, err)
		}
		if err != nil {
			return false
		}
		if line.Asked == "" && !reflect.DeepEqual(part.Interface(), whole.Interface()) || !reflect.DeepEqual(line, partLine) {
			t.Fatalf("%q: the part reads\n%+v %+v\nand the whole\n%+v %+v", args, part, partLine, whole, line)
		}
		return true
	}
	var flags []string
	for _, f := range model.Flags {
		flags = append(flags, "--"+f.Name)
		for _, alias := range f.Aliases {
			flags = append(flags, "--"+alias)
		}
		if f.Short != 0 {
			flags = append(flags, "-"+string(f.Short))
		}
	}
	values := []string{"", "x", "1", "0", "0143", "65536", "+5", "2,3", ",", "a,,b", `a\,b`, "INBOX", "-5:5", "5:", "time_login=1", "none", "auto",
		"first", "healthy", "-v", "-", "--", "-4S", "list", "@x", "envelope", "1.2", "2s", "v1", "json", "=", "a=b", "true", "\xff", "é"}
	rng := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 2000 {
		if same(randomLine(rng, flags, values)) {
			good++
		}
	}
	if good < 400 {
		t.Errorf("only %d command lines were good", good)
	}
	for _, f := range flags { // the part finds every name
		same([]string{f})
		same([]string{f, "1"})
	}
}

// TestTagOrder wants all that a command line needs of a tag before the group, where
// the part of the grammar cuts it off.
func TestTagOrder(t *testing.T) {
	key := regexp.MustCompile(`([a-z]+):"(?:[^"\\]|\\.)*"`)
	for f := range cli.Model().Target.Type().Fields() {
		var keys []string
		for _, m := range key.FindAllStringSubmatch(string(f.Tag), -1) {
			keys = append(keys, m[1])
		}
		group := slices.Index(keys, "group")
		if group < 0 {
			t.Fatalf("%s has no group", f.Name)
		}
		last := slices.DeleteFunc(keys[group+1:], func(key string) bool { return key == "everyday" })
		if !slices.Equal(last, []string{"help"}) {
			t.Errorf("%s: %q behind the group, want everyday and help alone", f.Name, last)
		}
	}
}

// randomLine returns up to five flags, with values or without.
func randomLine(rng *rand.Rand, flags, values []string) (args []string) {
	for range rng.IntN(6) {
		flag, value := flags[rng.IntN(len(flags))], values[rng.IntN(len(values))]
		switch rng.IntN(5) {
		case 0:
			args = append(args, flag)
		case 1, 2:
			args = append(args, flag, value)
		case 3:
			args = append(args, flag+"="+value)
		case 4:
			args = append(args, flag+value)
		}
	}
	return args
}
