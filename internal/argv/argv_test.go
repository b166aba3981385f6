package argv

import (
	"cmp"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"
)

// testGrammar has one flag of every kind that the real grammar has.
type testGrammar struct {
	Hostname     string    `short:"H" emptyerror:"set address/address6" help:"Host."`
	Port         testPort  `short:"p" help:"Port."`
	Warning      []string  `short:"w" sep:"none"`
	Critical     []string  `short:"c" sep:"none"`
	With         []string  ``
	Mailbox      string    `short:"m" default:"INBOX"`
	TLS          string    `name:"tls" enum:"implicit,starttls,none," default:""`
	Insecure     bool      ``
	Verbose      int       `short:"v"`
	SSL          bool      `name:"ssl" short:"S"`
	IPv4         bool      `name:"ipv4" short:"4"`
	IPv6         bool      `name:"ipv6" short:"6" aliases:"use-ipv6"`
	Password     string    `short:"P" secret:""`
	PasswordFile string    ``
	ServerName   string    `aliases:"sni"`
	Output       string    `short:"o" default:"nagios"`
	Demo         Optional  ``
	ExtraOpts    ExtraOpts ``
	Help         Ask       `short:"h"`
	Version      Ask       `short:"V"`
}

type testPort uint16

func (p *testPort) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 16)
	*p = testPort(n)
	if err != nil {
		return errors.New("no port")
	}
	return nil
}

// testEnv serves files from a map; a name there has no leading slash.
func testEnv(files fstest.MapFS, vars map[string]string) Env {
	return Env{
		Program: "check_imap_session",
		Getenv:  func(key string) string { return vars[key] },
		Open:    func(name string) (fs.File, error) { return files.Open(strings.TrimPrefix(name, "/")) },
		Stdin:   strings.NewReader(""),
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want testGrammar
	}{
		{"nothing", nil, testGrammar{}},
		{"long with =", []string{"--port=993"}, testGrammar{Port: 993}},
		{"long with a word", []string{"--port", "993"}, testGrammar{Port: 993}},
		{"short with a word", []string{"-p", "993"}, testGrammar{Port: 993}},
		{"short attached", []string{"-p993"}, testGrammar{Port: 993}},
		{"short with =", []string{"-p=993"}, testGrammar{Port: 993}},
		{"decimal, not octal", []string{"-p", "0143"}, testGrammar{Port: 143}},
		{"alias", []string{"--sni", "x"}, testGrammar{ServerName: "x"}},
		{"the last scalar", []string{"-p", "1", "--port=2"}, testGrammar{Port: 2}},
		{"an empty one overrides nothing", []string{"-p", "1", "-p", ""}, testGrammar{Port: 1}},

		{"hyphen range", []string{"-w", "-5:5"}, testGrammar{Warning: []string{"-5:5"}}},
		{"hyphen range, long", []string{"--warning", "-5:-1"}, testGrammar{Warning: []string{"-5:-1"}}},
		{"hyphen range, =", []string{"-w=-5:-1"}, testGrammar{Warning: []string{"-5:-1"}}},
		{"hyphen range, attached", []string{"-w-5:-1"}, testGrammar{Warning: []string{"-5:-1"}}},
		{"tilde range", []string{"-w=~:5", "-c", "~:9"}, testGrammar{Warning: []string{"~:5"}, Critical: []string{"~:9"}}},
		{"at range", []string{"-c@1:2"}, testGrammar{Critical: []string{"@1:2"}}},
		{"a list takes its commas apart", []string{"--with=a,b", "--with", "c"}, testGrammar{With: []string{"a", "b", "c"}}},
		{"a list keeps its commas", []string{"-w", "login=1,2", "-w", "3"}, testGrammar{Warning: []string{"login=1,2", "3"}}},

		{"empty values", []string{"-w", "", "-c=", "--port", "", "--port=", "-p=", "-m", "", "-P", ""}, testGrammar{Warning: []string{}, Critical: []string{}}},
		{"empty words alone", []string{"", "", "-p", "1", "", "-v", "", "", "-S", ""}, testGrammar{Port: 1, Verbose: 1, SSL: true}},
		{"nothing behind --", []string{"-v", "--"}, testGrammar{Verbose: 1}},
		{"empty ones leave the defaults", []string{"-m", "", "-o=", "--tls", ""}, testGrammar{}},
		{"empty element of a list", []string{"-w", "1", "-w", "", "-w", "2"}, testGrammar{Warning: []string{"1", "2"}}},
		{"empty mailbox is not a second", []string{"-m", "A", "-m", ""}, testGrammar{Mailbox: "A"}},

		{"counter cluster", []string{"-vvv"}, testGrammar{Verbose: 3}},
		{"counter repeated", []string{"-v", "-v", "--verbose"}, testGrammar{Verbose: 3}},
		{"counter with a number", []string{"--verbose=2"}, testGrammar{Verbose: 2}},
		{"counter of none", []string{"--verbose=0", "-v="}, testGrammar{}},
		{"cluster", []string{"-4vS"}, testGrammar{IPv4: true, Verbose: 1, SSL: true}},
		{"cluster that ends in a value", []string{"-6vp993"}, testGrammar{IPv6: true, Verbose: 1, Port: 993}},
		{"cluster whose value follows", []string{"-Sw", "-5:5"}, testGrammar{SSL: true, Warning: []string{"-5:5"}}},
		{"cluster whose value has =", []string{"-vH=mail"}, testGrammar{Verbose: 1, Hostname: "mail"}},
		{"switch", []string{"--insecure"}, testGrammar{Insecure: true}},
		{"switch true", []string{"--insecure=TRUE", "-S=on"}, testGrammar{Insecure: true, SSL: true}},
		{"switch false", []string{"--insecure", "--insecure=false"}, testGrammar{}},
		{"switch empty", []string{"--insecure=", "-S="}, testGrammar{}},

		{"password as it is", []string{"-P", "-x"}, testGrammar{Password: "-x"}},
		{"password like the flag of a password", []string{"-P", "-Px"}, testGrammar{Password: "-Px"}},
		{"password --x", []string{"-P", "--x"}, testGrammar{Password: "--x"}},
		{"password --", []string{"-P", "--"}, testGrammar{Password: "--"}},
		{"password -", []string{"-P", "-"}, testGrammar{Password: "-"}},
		{"password with hyphen, long", []string{"--password", "-secret"}, testGrammar{Password: "-secret"}},
		{"password that is a flag", []string{"--password=--port"}, testGrammar{Password: "--port"}},
		{"password with a blank", []string{"-P", " lead"}, testGrammar{Password: " lead"}},
		{"password with a comma", []string{"-P", "a,b"}, testGrammar{Password: "a,b"}},
		{"password like a variable", []string{"-P", "${HOME}"}, testGrammar{Password: "${HOME}"}},
		{"password with =", []string{"-P", "=x"}, testGrammar{Password: "=x"}},
		{"password with =, long", []string{"--password==x"}, testGrammar{Password: "=x"}},
		{"password with line end, quote, emoji", []string{"-P", "a\n\"'\\<é🔑\u2028"}, testGrammar{Password: "a\n\"'\\<é🔑\u2028"}},

		{"optional without value", []string{"--demo"}, testGrammar{Demo: Optional{Given: true}}},
		{"optional with =", []string{"--demo=bye"}, testGrammar{Demo: Optional{true, "bye"}}},
		{"optional with a word", []string{"--demo", "bye"}, testGrammar{Demo: Optional{true, "bye"}}},
		{"optional before a flag", []string{"--demo", "-v"}, testGrammar{Demo: Optional{Given: true}, Verbose: 1}},
		{"optional empty", []string{"--demo=", "--demo", ""}, testGrammar{}},
		{"empty extra-opts", []string{"--extra-opts=", "--extra-opts", "", "-v"}, testGrammar{Verbose: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got testGrammar
			if _, err := Parse(&got, tt.args, testEnv(nil, nil)); err != nil {
				t.Fatalf("Parse(%q): %v", tt.args, err)
			}
			if want := withDefaults(tt.want); !reflect.DeepEqual(got, want) {
				t.Errorf("Parse(%q): got %+v, want %+v", tt.args, got, want)
			}
			samePart(t, tt.args)
		})
	}
}

// withDefaults puts the defaults where a test wants nothing.
func withDefaults(g testGrammar) testGrammar {
	g.Mailbox, g.Output = cmp.Or(g.Mailbox, "INBOX"), cmp.Or(g.Output, "nagios")
	return g
}

// samePart wants the part of the grammar to read a line as the whole does, and
// nothing that the whole refuses. It returns what the whole says.
func samePart(t *testing.T, args []string) (*testGrammar, error) {
	t.Helper()
	words := wordsOf(args)
	var part, whole testGrammar
	r := newReader(&whole)
	wholeErr := r.read(words)
	p, partErr := readPart(&part, words)
	switch {
	case partErr != nil && r.Asked != "": // the whole finds --help behind an error
	case (partErr == nil) != (wholeErr == nil):
		t.Fatalf("%q: the part says %v, the whole %v", args, partErr, wholeErr)
	case wholeErr != nil:
	case p.Asked != r.Asked || !slices.Equal(p.locators, r.locators):
		t.Fatalf("%q: the part asks for %q and %q, the whole for %q and %q", args, p.Asked, p.locators, r.Asked, r.locators)
	case r.Asked == "" && (!reflect.DeepEqual(part, whole) || !reflect.DeepEqual(p.Given, r.Given)):
		t.Fatalf("%q: the part reads\n%+v %v\nand the whole\n%+v %v", args, part, p.Given, whole, r.Given)
	}
	return &whole, wholeErr
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"empty hostname", []string{"-H", ""}, "-H is empty (set address/address6)"},
		{"empty hostname, long", []string{"--hostname="}, "--hostname is empty (set address/address6)"},
		{"value missing at the end", []string{"-v", "-H"}, "flag -H needs a value"},
		{"value missing before a letter", []string{"-H", "-p", "1"}, "flag -H needs a value, but -p follows (a value that looks like a flag is written --hostname=VALUE)"},
		{"value missing before a name", []string{"-w", "--port=2"}, "flag -w needs a value, but --port follows (a value that looks like a flag is written --warning=VALUE)"},
		{"secret missing", []string{"-P", "--port=2"}, "flag -P needs a value, but a flag follows (a value that looks like a flag is written --password=VALUE)"},
		{"stray word", []string{"-v", "mail"}, `the word "mail" does not belong to a flag (only flags are taken; a value with blanks needs quotes)`},
		{"stray hyphen", []string{"-"}, `the word "-" does not belong to a flag (only flags are taken; a value with blanks needs quotes)`},
		{"stray behind --", []string{"-v", "--", "-p"}, `the word "-p" does not belong to a flag (only flags are taken; a value with blanks needs quotes)`},
		{"rest of a secret behind --", []string{"-P", "--", "--", "s3cret"}, "a word after --password does not belong to a flag (quote the value of --password)"},
		{"secret where a value is missing", []string{"-H", "-Ps3cret"}, "flag -H needs a value, but -P follows (a value that looks like a flag is written --hostname=VALUE)"},
		{"secret in a port", []string{"-ps3cret"}, "-p: no port"},
		{"misspelt secret with one hyphen", []string{"-pasword=s3cret"}, "unknown flag -pasword (did you mean --password?)"},
		{"another word with one hyphen", []string{"-pxyz=1"}, "-p: no port"},
		{"value that is not in the list", []string{"--tls=startls"}, `--tls: "startls" is not valid (did you mean starttls? one of implicit, starttls, none)`},
		{"rest of an unquoted secret", []string{"-P", "two", "words"}, "a word after --password does not belong to a flag (quote the value of --password)"},
		{"unknown name", []string{"--hostnme", "x"}, "unknown flag --hostnme (did you mean --hostname?)"},
		{"beginning of a name", []string{"--host=x"}, "unknown flag --host (did you mean --hostname?)"},
		{"shortest of several names", []string{"--pass=x"}, "unknown flag --pass (did you mean --password?)"},
		{"misspelt secret", []string{"--pasword=s3cret"}, "unknown flag --pasword (did you mean --password?)"},
		{"a long name", []string{"--" + strings.Repeat("z", 70)}, `unknown flag "--` + strings.Repeat("z", 58) + `..." (--help lists the flags)`},
		{"nothing near", []string{"--zzz"}, "unknown flag --zzz (--help lists the flags)"},
		{"unknown letter", []string{"-Zs3cret"}, "unknown flag -Z (--help lists the flags)"},
		{"letter of the other case", []string{"-s"}, "unknown flag -s (did you mean -S?)"},
		{"letter with two hyphens", []string{"--p=1"}, "unknown flag --p (did you mean -p?)"},
		{"unknown letter in a cluster", []string{"-vZ"}, "unknown flag -Z (--help lists the flags)"},
		{"unknown name of control bytes", []string{"--a\x1b[1m\xff"}, `unknown flag "--a(U+001B)[1m(U+FFFD)" (--help lists the flags)`},
		{"name with one hyphen, no such letter", []string{"-insecure"}, "flag -insecure has one hyphen (write --insecure)"},
		{"letters that are not ASCII", []string{"-vé"}, `a flag has a letter that is not ASCII (type it again; --help lists the flags)`},
		{"switch with =", []string{"-4S=maybe"}, `-S takes true or false, not "maybe"`},
		{"name with one hyphen", []string{"-password=s3cret"}, "flag -password has one hyphen (write --password)"},
		{"switch of another word", []string{"--insecure=maybe"}, `--insecure takes true or false, not "maybe"`},
		{"counter of a word", []string{"--verbose=10"}, `--verbose takes a number from 0 to 9, not "10"`},
		{"Latin-1", []string{"-P", "caf\xe9"}, "the value of -P is not UTF-8 (convert it, or set the terminal and the editor to UTF-8)"},
		{"NUL", []string{"-P", "a\x00b"}, "the value of -P holds a NUL byte"},
		{"the first error counts", []string{"--zzz", "mail", "-H", ""}, "unknown flag --zzz (--help lists the flags)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var g testGrammar
			_, err := Parse(&g, tt.args, testEnv(nil, nil))
			var usage *UsageError
			if !errors.As(err, &usage) {
				t.Fatalf("Parse(%q): got %+v, %v, want a *UsageError", tt.args, g, err)
			}
			if usage.Error() != tt.want {
				t.Errorf("Parse(%q):\n got %s\nwant %s", tt.args, usage, tt.want)
			}
		})
	}
}

func TestHelpAndVersionWin(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string // "" = not asked
	}{
		{"alone", []string{"-h"}, "help"},
		{"the first of both", []string{"-V", "--help"}, "version"},
		{"behind an unknown flag", []string{"--bogus", "-h"}, "help"},
		{"behind a stray word", []string{"mail", "-V"}, "version"},
		{"where a value is missing", []string{"-H", "-h"}, "help"},
		{"behind an empty hostname", []string{"-H", "", "--help"}, "help"},
		{"before a missing file", []string{"-h", "--extra-opts=@/nonexistent"}, "help"},
		{"in a cluster", []string{"-Shmail"}, "help"},
		{"in a cluster with an error", []string{"-vhP"}, "help"},
		{"in a cluster behind an error", []string{"--bogus", "-Sh"}, "help"},
		{"alone with one hyphen", []string{"-help"}, "help"},
		{"as a value", []string{"--password=-h"}, ""},
		{"attached as a value", []string{"-Ph"}, ""},
		{"refused", []string{"--help=false", "--version="}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var g testGrammar
			line, err := Parse(&g, tt.args, testEnv(nil, nil))
			if err != nil || line.Asked != tt.want {
				t.Fatalf("Parse(%q): got asked %q, error %v, want %q", tt.args, line.Asked, err, tt.want)
			}
		})
	}
}

// TestOutputOfAnError wants the form of the answer to be found in any line.
func TestOutputOfAnError(t *testing.T) {
	for line, want := range map[string]string{
		"--bogus -o json": "json", "-o json mail": "json", "--bogus -vojson": "json", "-p x --output=json -P": "json", "-o=json --": "json",
		"--bogus": "nagios", "-P json --bogus": "nagios", "-P -ojson": "nagios", "-o": "nagios", "--bogus -o a --output b": "b",
	} {
		var g testGrammar
		_, _ = Parse(&g, strings.Fields(line), testEnv(nil, nil))
		if g.Output != want {
			t.Errorf("%s: got %q, want %q", line, g.Output, want)
		}
	}
}

func TestTooManyWords(t *testing.T) {
	var g testGrammar
	line := slices.Repeat([]string{"-v"}, wordLimit)
	if _, err := Parse(&g, line, testEnv(nil, nil)); err != nil || g.Verbose != wordLimit {
		t.Errorf("%d words: got %d, error %v", len(line), g.Verbose, err)
	}
	_, err := Parse(&g, append(line, "-v"), testEnv(nil, nil))
	if want := "the command line has 1001 words, 1000 are the limit (look for a file or a macro that repeats itself)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestTooManyBytes gives what kong would take seconds for. What is asked for before it
// still counts.
func TestTooManyBytes(t *testing.T) {
	const want = "the command line is longer than 16384 bytes (look for a file or a macro that repeats itself)"
	for _, tt := range []struct {
		name, word string
		times      int
	}{
		{"flags together", "-" + strings.Repeat("4", 130_000), 12},
		{"list", "--with=" + strings.Repeat("a", 130_000), 12},
		{"unknown flag", "--" + strings.Repeat("x", 130_000), 12},
		{"many", "-" + strings.Repeat("v", 1023), 990},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var g testGrammar
			began := time.Now()
			_, err := Parse(&g, append([]string{"-o", "json"}, slices.Repeat([]string{tt.word}, tt.times)...), testEnv(nil, nil))
			if g.Output != "json" || err == nil || err.Error() != want {
				t.Errorf("got output %q and error %v, want json and %s", g.Output, err, want)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	var g testGrammar
	if _, err := Parse(&g, []string{"--password=" + strings.Repeat("x", byteLimit-len("--password="))}, testEnv(nil, nil)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

// TestShapes wants one answer to whether a flag takes a value.
func TestShapes(t *testing.T) {
	model := Model(&testGrammar{})
	want := map[string]Shape{
		"insecure": Switch, "ssl": Switch, "ipv4": Switch, "ipv6": Switch, "help": Switch, "version": Switch,
		"verbose": Counter, "demo": MayTakeValue, "extra-opts": MayTakeValue,
	}
	for _, f := range model.Flags {
		if got := ShapeOf(f); got != want[f.Name] {
			t.Errorf("--%s: got %d, want %d", f.Name, got, want[f.Name])
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"-H\x01mail\x01-w\x01-5:5", "-w=~:5\x01-p=993\x01-4vS", "--extra-opts\x01--demo\x01bye", "-vhP", "-v\x01\x01-v-4\x01-=",
		"--password==x\x01-P\x01-h", "-m\x01A\x01-m\x01", "--\x01x", "--insecure=no\x01--verbose=3", "-P\x01--\x01--\x01x",
		"-p\x010143", "--extra-opts=a@/x.ini\x01--extra-opts=b@-", "-password=x", "-\xff", "--=\x01-v\xff", "--demo=\x01--demo\x01",
	} {
		f.Add(seed)
	}
	files := fstest.MapFS{"x.ini": {Data: []byte("[a]\nv=2\nm=A\nP = x\ninsecure=\nw=1\n")}}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\x01")
		env := testEnv(files, nil)
		env.Stdin = strings.NewReader("[b]\nm = B\nport=\n")
		var g testGrammar
		read, err := Parse(&g, args, env)
		usage := (*UsageError)(nil)
		if err != nil && (!errors.As(err, &usage) || usage.Msg == "" || !utf8.ValidString(err.Error())) {
			t.Fatalf("Parse(%q): got %#v, want a *UsageError in UTF-8", args, err)
		}
		if len(args) > wordLimit {
			return
		}
		whole, wholeErr := samePart(t, args)
		if err == nil && wholeErr == nil && read.Asked == "" && read.Given["extra-opts"] == nil && !reflect.DeepEqual(g, *whole) {
			t.Fatalf("Parse(%q): got %+v, want %+v", args, g, *whole)
		}
	})
}
