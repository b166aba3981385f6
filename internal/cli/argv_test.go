package cli

import (
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// testGrammar has one flag of every kind that the real grammar has.
type testGrammar struct {
	Hostname     string            `short:"H" emptyerror:"set address/address6"`
	Port         uint16            `short:"p"`
	Warning      []string          `short:"w" sep:"none"`
	Critical     []string          `short:"c" sep:"none"`
	Mailbox      []string          `short:"m" sep:"none" default:"INBOX" once:"several mailboxes: a later release"`
	Insecure     bool              `negatable:""`
	Verbose      int               `short:"v" type:"counter"`
	SSL          bool              `name:"ssl" short:"S"`
	IPv4         bool              `name:"ipv4" short:"4"`
	IPv6         bool              `name:"ipv6" short:"6"`
	Password     string            `short:"P" secret:""`
	PasswordFile string            ``
	ServerName   string            `aliases:"sni"`
	State        map[string]string `mapsep:","`
	Demo         optionalValue     ``
	ExtraOpts    optionalValue     ``
	Help         askFlag           `short:"h"`
	Version      askFlag           `short:"V"`
}

func newTestKong(t testing.TB) (*kong.Kong, *testGrammar) {
	t.Helper()
	g := &testGrammar{}
	k, err := kong.New(g, kong.Name("check_imap_session"), kong.NoDefaultHelp())
	if err != nil {
		t.Fatal(err)
	}
	return k, g
}

// testEnv serves files from a map; a name there has no leading slash.
func testEnv(files fstest.MapFS, vars map[string]string) argvEnv {
	return argvEnv{
		program: "check_imap_session",
		getenv:  func(key string) string { return vars[key] },
		open: func(name string) (iniReader, error) {
			return files.Open(strings.TrimPrefix(name, "/"))
		},
		stdin: stdinOf(""),
	}
}

func stdinOf(text string) fs.File {
	f, err := fstest.MapFS{"stdin": {Data: []byte(text)}}.Open("stdin")
	if err != nil {
		panic(err)
	}
	return f
}

func TestNormaliseIsReadByKong(t *testing.T) {
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
		{"an overridden scalar is not read", []string{"-p", "x", "-p2"}, testGrammar{Port: 2}},
		{"an empty one overrides nothing", []string{"-p", "1", "-p", ""}, testGrammar{Port: 1}},

		{"hyphen range", []string{"-w", "-5:5"}, testGrammar{Warning: []string{"-5:5"}}},
		{"hyphen range, long", []string{"--warning", "-5:-1"}, testGrammar{Warning: []string{"-5:-1"}}},
		{"hyphen range, =", []string{"-w=-5:-1"}, testGrammar{Warning: []string{"-5:-1"}}},
		{"hyphen range, attached", []string{"-w-5:-1"}, testGrammar{Warning: []string{"-5:-1"}}},
		{"tilde range", []string{"-w=~:5", "-c", "~:9"}, testGrammar{Warning: []string{"~:5"}, Critical: []string{"~:9"}}},
		{"at range", []string{"-c@1:2"}, testGrammar{Critical: []string{"@1:2"}}},
		{"a list keeps its commas", []string{"-w", "login=1,2", "-w", "3"}, testGrammar{Warning: []string{"login=1,2", "3"}}},
		{"a map merges", []string{"--state", "a=b", "--state=c=d,e=f"}, testGrammar{State: map[string]string{"a": "b", "c": "d", "e": "f"}}},

		{"empty values", []string{"-w", "", "-c=", "--port", "", "--port=", "-p=", "-m", "", "-P", ""}, testGrammar{}},
		{"empty element of a list", []string{"-w", "1", "-w", "", "-w", "2"}, testGrammar{Warning: []string{"1", "2"}}},
		{"empty word alone", []string{"", "-p", "1", "", "--", ""}, testGrammar{Port: 1}},
		{"empty mailbox is not a second", []string{"-m", "A", "-m", ""}, testGrammar{Mailbox: []string{"A"}}},

		{"counter cluster", []string{"-vvv"}, testGrammar{Verbose: 3}},
		{"counter repeated", []string{"-v", "-v", "--verbose"}, testGrammar{Verbose: 3}},
		{"counter with a number", []string{"--verbose=2"}, testGrammar{Verbose: 2}},
		{"counter of none", []string{"--verbose=0", "-v="}, testGrammar{}},
		{"as many as may be", slices.Repeat([]string{"-v"}, 1000), testGrammar{Verbose: 1000}},
		{"cluster", []string{"-4vS"}, testGrammar{IPv4: true, Verbose: 1, SSL: true}},
		{"cluster that ends in a value", []string{"-6vp993"}, testGrammar{IPv6: true, Verbose: 1, Port: 993}},
		{"cluster whose value follows", []string{"-Sw", "-5:5"}, testGrammar{SSL: true, Warning: []string{"-5:5"}}},
		{"cluster whose value has =", []string{"-vH=mail"}, testGrammar{Verbose: 1, Hostname: "mail"}},
		{"switch", []string{"--insecure"}, testGrammar{Insecure: true}},
		{"switch true", []string{"--insecure=TRUE", "-S=on"}, testGrammar{Insecure: true, SSL: true}},
		{"switch false", []string{"--insecure", "--insecure=false"}, testGrammar{}},
		{"switch empty", []string{"--insecure=", "-S="}, testGrammar{}},
		{"negated", []string{"--insecure", "--no-insecure"}, testGrammar{}},
		{"negated false", []string{"--no-insecure=false"}, testGrammar{Insecure: true}},

		{"password as it is", []string{"-P", "-x"}, testGrammar{Password: "-x"}},
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

		{"optional without value", []string{"--demo"}, testGrammar{Demo: optionalValue{Given: true}}},
		{"optional with =", []string{"--demo=bye"}, testGrammar{Demo: optionalValue{true, "bye"}}},
		{"optional with a word", []string{"--demo", "bye"}, testGrammar{Demo: optionalValue{true, "bye"}}},
		{"optional before a flag", []string{"--demo", "-v"}, testGrammar{Demo: optionalValue{Given: true}, Verbose: 1}},
		{"optional empty", []string{"--demo=", "--demo", ""}, testGrammar{}},
		{"empty extra-opts", []string{"--extra-opts=", "--extra-opts", "", "-v"}, testGrammar{Verbose: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, got := newTestKong(t)
			a, err := normalise(k.Model, tt.args, testEnv(nil, nil))
			if err != nil {
				t.Fatalf("normalise(%q): %v", tt.args, err)
			}
			if err := fill(k, a.words); err != nil {
				t.Fatalf("kong refuses %q, made of %q: %v", a.texts(), tt.args, err)
			}
			if tt.want.Mailbox == nil {
				tt.want.Mailbox = []string{"INBOX"}
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("%q became %q: got %+v, want %+v", tt.args, a.texts(), *got, tt.want)
			}
		})
	}
}

func TestNormaliseRefuses(t *testing.T) {
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
		{"stray word", []string{"-v", "mail"}, `the word "mail" belongs to no flag (only flags are taken; a value with blanks needs quotes)`},
		{"stray hyphen", []string{"-"}, `the word "-" belongs to no flag (only flags are taken; a value with blanks needs quotes)`},
		{"stray behind --", []string{"--", "-h"}, `the word "-h" belongs to no flag (only flags are taken; a value with blanks needs quotes)`},
		{"rest of an unquoted secret", []string{"-P", "two", "words"}, "a word behind --password belongs to no flag (quote the value of --password)"},
		{"unknown name", []string{"--hostnme", "x"}, "unknown flag --hostnme (did you mean --hostname?)"},
		{"beginning of a name", []string{"--host=x"}, "unknown flag --host (did you mean --hostname?)"},
		{"shortest of several names", []string{"--pass=x"}, "unknown flag --pass (did you mean --password?)"},
		{"misspelt secret", []string{"--pasword=s3cret"}, "unknown flag --pasword (did you mean --password?)"},
		{"nothing near", []string{"--zzz"}, "unknown flag --zzz (--help lists the flags)"},
		{"unknown letter", []string{"-Zs3cret"}, "unknown flag -Z (--help lists the flags)"},
		{"letter of the other case", []string{"-s"}, "unknown flag -s (did you mean -S?)"},
		{"letter with two hyphens", []string{"--p=1"}, "unknown flag --p (did you mean -p?)"},
		{"unknown letter in a cluster", []string{"-vZ"}, "unknown flag -Z (--help lists the flags)"},
		{"unknown name of control bytes", []string{"--a\x1b[1m\xff"}, `unknown flag "--a\x1b[1m\xff" (--help lists the flags)`},
		{"name with one hyphen", []string{"-password=s3cret"}, "flag -password has one hyphen (write --password)"},
		{"mailbox twice", []string{"-m", "A", "--mailbox=A"}, "--mailbox was given twice (several mailboxes: a later release)"},
		{"switch of another word", []string{"--insecure=maybe"}, `--insecure takes true or false, not "maybe"`},
		{"counter of a word", []string{"--verbose=10"}, `--verbose takes a number from 0 to 9, not "10"`},
		{"Latin-1", []string{"-P", "caf\xe9"}, "the value of -P is not UTF-8 (convert it, or set the terminal and the editor to UTF-8)"},
		{"NUL", []string{"-P", "a\x00b"}, "the value of -P holds a NUL byte"},
		{"too many", slices.Repeat([]string{"-v"}, 1001), "1001 flags were given, 1000 are the limit (look for a file or a macro that repeats itself)"},
		{"the first error counts", []string{"--zzz", "mail", "-H", ""}, "unknown flag --zzz (--help lists the flags)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newTestKong(t)
			a, err := normalise(k.Model, tt.args, testEnv(nil, nil))
			var usage *UsageError
			if !errors.As(err, &usage) {
				t.Fatalf("normalise(%q): got %q, %v, want a *UsageError", tt.args, a.texts(), err)
			}
			if usage.Error() != tt.want {
				t.Errorf("normalise(%q):\n got %s\nwant %s", tt.args, usage, tt.want)
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
		{"with one hyphen", []string{"-version"}, "version"},
		{"as a value", []string{"--password=-h"}, ""},
		{"attached as a value", []string{"-Ph"}, ""},
		{"refused", []string{"--help=false", "--version="}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newTestKong(t)
			a, err := normalise(k.Model, tt.args, testEnv(nil, nil))
			if err != nil || a.asked != tt.want {
				t.Fatalf("normalise(%q): got asked %q, error %v, want %q", tt.args, a.asked, err, tt.want)
			}
		})
	}
}

func TestCulprit(t *testing.T) {
	files := fstest.MapFS{"x.ini": {Data: []byte("[a]\nv=2\np=70000\n")}}
	k, _ := newTestKong(t)
	a, err := normalise(k.Model, []string{"-H", "h", "--extra-opts=a@/x.ini"}, testEnv(files, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(k, a.words); err == nil {
		t.Fatalf("kong takes %q", a.texts())
	}
	if w := culprit(k, a.words); w == nil || w.from.String() != "/x.ini:3" || w.flag.Name != "port" {
		t.Errorf("culprit of %q: got %+v, want --port from /x.ini:3", a.texts(), w)
	}
}

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{
		"-H\x01mail\x01-w\x01-5:5", "-w=~:5\x01-p=993\x01-4vS", "--extra-opts\x01--demo\x01bye",
		"--password==x\x01-P\x01-h", "-m\x01A\x01-m\x01", "--\x01x", "--no-insecure=no\x01--verbose=3",
		"--state=a=b\x01-p\x010143", "--extra-opts=a@/x.ini\x01--extra-opts=b@-",
	} {
		f.Add(seed)
	}
	files := fstest.MapFS{"x.ini": {Data: []byte("[a]\nv=2\nm=A\nP = x\ninsecure=\nw=1\n")}}
	f.Fuzz(func(t *testing.T, line string) {
		k, g := newTestKong(t)
		env := testEnv(files, nil)
		env.stdin = stdinOf("[b]\nm = B\nport=\n")
		args := strings.Split(line, "\x01")
		a, err := normalise(k.Model, args, env)
		if err != nil {
			if usage := (*UsageError)(nil); !errors.As(err, &usage) || usage.Msg == "" || !utf8.ValidString(err.Error()) {
				t.Fatalf("normalise(%q): got %#v, want a *UsageError in UTF-8", args, err)
			}
			return
		}
		again, err := normalise(k.Model, a.texts(), env)
		if err != nil || !slices.Equal(again.texts(), a.texts()) {
			t.Fatalf("%q became %q, then %q, %v", args, a.texts(), again.texts(), err)
		}
		if err := fill(k, a.words); err != nil {
			if strings.Contains(err.Error(), "unknown flag") || strings.Contains(err.Error(), "unexpected") {
				t.Fatalf("kong misreads %q, made of %q: %v", a.texts(), args, err)
			}
			return
		}
		for _, w := range a.words {
			if v, ok := strings.CutPrefix(w.text, "--password="); ok && v != g.Password {
				t.Fatalf("%q became %q: kong reads password %q", args, a.texts(), g.Password)
			}
		}
		if want := countPrefix(a.texts(), "--warning="); len(g.Warning) != want {
			t.Fatalf("%q became %q: kong reads %d warnings, want %d", args, a.texts(), len(g.Warning), want)
		}
	})
}

func countPrefix(words []string, prefix string) (n int) {
	for _, w := range words {
		if strings.HasPrefix(w, prefix) {
			n++
		}
	}
	return n
}
