package cli

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestSubset reads command lines with the part of the grammar that they mention
// and with all of it: where nothing is wrong both find the same.
func TestSubset(t *testing.T) {
	all, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for i, f := range all.kong.Model.Flags {
		field := all.target.Elem().Type().Field(i)
		if !(mentioned{longs: map[string]bool{f.Name: true}}).has(field) {
			t.Fatalf("the flag --%s is not found by its name", f.Name)
		}
		if f.Tag.Negatable != "" {
			t.Errorf("--%s is negatable: mentioned.has does not look for --no-%s", f.Name, f.Name)
		}
		flags = append(flags, "--"+f.Name)
		for _, alias := range f.Aliases {
			flags = append(flags, "--"+alias)
		}
		if f.Short != 0 {
			flags = append(flags, "-"+string(f.Short))
		}
	}
	values := []string{"", "x", "1", "2,3", "INBOX", "-5:5", "time_login=1", "none", "auto", "first", "healthy", "-v", "--help", "list", "@x", "envelope", "1.2", "v1", "json", "=", "a=b"}
	rng := rand.New(rand.NewPCG(1, 2))
	read := 0
	for range 3000 {
		var args []string
		for range rng.IntN(7) {
			flag, value := flags[rng.IntN(len(flags))], values[rng.IntN(len(values))]
			if strings.Contains(flag, "extra-opts") {
				continue // always read with all of the grammar
			}
			switch rng.IntN(4) {
			case 0:
				args = append(args, flag)
			case 1:
				args = append(args, flag, value)
			case 2:
				args = append(args, flag+"="+value)
			case 3:
				args = append(args, flag+value)
			}
		}
		if same(t, args) {
			read++
		}
	}
	if read < 100 {
		t.Errorf("only %d command lines were fit to be compared", read)
	}
	for _, args := range []string{"", "-H h", "-vvv -H h -p143", "-SvH h", "-4 --use-ipv6", "-H h -P -secret", "-H h -w -5:5 -c -c"} {
		same(t, strings.Fields(args))
	}
}

// same compares the two readings of a command line, if all of the grammar finds
// nothing wrong with it, and says so.
func same(t *testing.T, args []string) bool {
	t.Helper()
	env := Env{Program: Program, Getenv: func(string) string { return "" }}
	full, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	part, err := newSubset(args)
	if err != nil || part == nil {
		t.Fatalf("%q: no subset: %v", args, err)
	}
	a, g, err := full.read(args, env)
	b, h, partErr := part.read(args, env)
	if err != nil {
		return false
	}
	if partErr != nil {
		t.Errorf("%q: the subset finds %v", args, partErr)
		return true
	}
	if !slices.Equal(a.texts(), b.texts()) || a.asked != b.asked || !reflect.DeepEqual(g, h) {
		t.Errorf("%q: read as %q\n%+v\nby the subset as %q\n%+v", args, a.texts(), g, b.texts(), h)
	}
	return true
}
