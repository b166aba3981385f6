package cli

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestPlain reads command lines plainly and by kong: where the plain reading
// says that all is well, kong finds the same.
func TestPlain(t *testing.T) {
	flags, plainly := spelledByKong(t), 0
	values := []string{"", "x", "1", "0", "0143", "65536", "+5", "2,3", ",", "a,,b", `a\,b`, `a\`, "INBOX", "-5:5", "5:", "time_login=1",
		"none", "auto", "first", "healthy", "-v", "-", "--help", "list", "@x", "envelope", "1.2", "2s", "v1", "json", "=", "a=b", "true", "\xff", "é"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		args := randomLine(rng, flags, values)
		if samePlain(t, args) {
			plainly++
		}
	}
	if plainly < 300 {
		t.Errorf("only %d command lines were read plainly", plainly)
	}
	for _, line := range []string{
		"", "-H h", "-vvv -H h -p143", "-SvH h", "-4 --use-ipv6", "-S4vv", "-vH=h", "-H h -c 5: -w 1,2 -c 3 --skip list --skip=select,fetch",
		"-H h --sni=x --ca-file c -t 2 -t 3s --mailbox= --address", "-=x", "--=x", "-v=", "-v-4", "-Ssni=x --sni=y", "-password=x --password=y",
		"-m a -m b", "--mailbox a -m=", "-H= ", "--generate=man", "--port=0", "-", "--", "-H h -- x", "x",
	} {
		samePlain(t, strings.Split(line, " "))
	}
	for _, line := range []string{
		"-H h -U u --password-file=/f", "-vvH h -p993 -w 2 -c time_login=1:", "-H h --address= -S --state timeout=unknown -o json -t 20", "--insecure -H h --auth=none",
	} {
		if !samePlain(t, strings.Split(line, " ")) {
			t.Errorf("%s: is not read plainly", line)
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

// TestFill compares what fill makes of words with what kong's Parse does.
func TestFill(t *testing.T) {
	flags := spelledByKong(t)
	values := []string{"x", "1", "70000", "2,3", "first", "worst", "5:", "time_login=1", "none", "oldest", "json", "2s", "1.2", "1.4", "body", "true"}
	rng := rand.New(rand.NewPCG(3, 4))
	good, bad := 0, 0
	for range 1200 {
		args := randomLine(rng, flags, values)
		k, g, err := newParser()
		if err != nil {
			t.Fatal(err)
		}
		a, err := normalise(k.Model, args, testEnv(nil, nil))
		if err != nil || a.asked != "" {
			continue
		}
		err = fill(k, a.words)
		other, want, _ := newParser()
		_, parseErr := other.Parse(a.texts())
		switch {
		case (err == nil) != (parseErr == nil):
			t.Errorf("%q: fill says %v, Parse %v", a.texts(), err, parseErr)
		case err != nil:
			bad++
		case !reflect.DeepEqual(g, want):
			t.Errorf("%q: filled\n%+v\nparsed\n%+v", a.texts(), g, want)
		default:
			good++
		}
	}
	if good < 100 || bad < 30 {
		t.Errorf("%d good and %d bad command lines were compared", good, bad)
	}
}

// spelledByKong returns every way to write a flag, and looks whether the plain
// reading knows the way.
func spelledByKong(t *testing.T) []string {
	t.Helper()
	model, err := Model()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, f := range model.Flags {
		spellings := []string{"--" + f.Name}
		for _, alias := range f.Aliases {
			spellings = append(spellings, "--"+alias)
		}
		if f.Short != 0 {
			spellings = append(spellings, "-"+string(f.Short))
		}
		for _, s := range spellings {
			if got := newPlainReader(nil).find(s); got != i {
				t.Errorf("%s: found as the field %d, is %d", s, got, i)
			}
		}
		all = append(all, spellings...)
	}
	return all
}

// TestPlainTags finds tags of the grammar that the plain reading does not heed.
func TestPlainTags(t *testing.T) {
	known := map[string]bool{
		"name": true, "short": true, "aliases": true, "enum": true, "default": true, "sep": true, "type": true, "once": true, "emptyerror": true,
		"placeholder": true, "group": true, "help": true, "secret": true, // of no consequence for reading
	}
	for f := range reflect.TypeFor[grammar]().Fields() {
		for rest := string(f.Tag); rest != ""; {
			key, after, _ := strings.Cut(strings.TrimSpace(rest), `:"`)
			if !known[key] {
				t.Errorf("%s: the tag %s is not heeded", f.Name, key)
			}
			end := strings.Index(strings.ReplaceAll(after, `\"`, "__"), `"`)
			rest = after[end+1:]
		}
		want := plainFlag{field: f.Name, name: f.Tag.Get("name"), short: f.Tag.Get("short"), aliases: f.Tag.Get("aliases"), byDefault: f.Tag.Get("default"), tag: f.Tag}
		if got := flagOf(f); got != want {
			t.Errorf("%s: read as %+v, is %+v", f.Name, got, want)
		}
		if strings.Contains(f.Tag.Get("enum"), "${") || strings.Contains(f.Tag.Get("default"), "${") {
			t.Errorf("%s: has a variable that only kong knows", f.Name)
		}
	}
}

// samePlain compares the two readings of a command line and says whether there
// is a plain one.
func samePlain(t *testing.T, args []string) bool {
	t.Helper()
	quick, ok := readPlain(args)
	if !ok {
		return false
	}
	_, g, err := read(args, Env{Program: Program, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Errorf("%q: read plainly, but refused by kong: %v", args, err)
	} else if !reflect.DeepEqual(g, quick) {
		t.Errorf("%q: read plainly as\n%+v\nand by kong as\n%+v", args, quick, g)
	}
	return true
}
