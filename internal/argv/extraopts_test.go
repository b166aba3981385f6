package argv

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

const pluginsINI = "\ufeff# shared with other plugins\r\n" +
	"[check_imap_session]\r\n" +
	"  hostname = mail.example.org \r\n" +
	"; a comment\r\n" +
	"p=993\r\n" +
	"insecure=\r\n" +
	"mailbox =\r\n" +
	"w = login=1,2 ; not a comment\r\n" +
	"\r\n" +
	"[ other plugin ]\r\n" +
	"this line is not ours\r\n" +
	"[more] trailing\r\n" +
	"verbose = 2\r\n" +
	"v =\r\n" +
	"demo =\r\n" +
	"warning = total=3\r\n" +
	"[archive]\r\n" +
	"mailbox = Archive\r\n" +
	"[check_imap_session]\r\n" +
	"password = \"#a = b\" \r\n"

func TestExtraOptsIsReadByKong(t *testing.T) {
	base := testGrammar{
		Hostname: "mail.example.org", Port: 993, Insecure: true,
		Warning: []string{"login=1,2 ; not a comment"}, Password: `"#a = b"`,
	}
	tests := []struct {
		name string
		args []string
		want func(*testGrammar)
	}{
		{"bare", []string{"--extra-opts"}, nil},
		{"bare, before a flag", []string{"--extra-opts", "-v"}, func(g *testGrammar) { g.Verbose = 1 }},
		{"section", []string{"--extra-opts=check_imap_session"}, nil},
		{"section in the next word", []string{"--extra-opts", "check_imap_session@/etc/nagios/plugins.ini"}, nil},
		{"file", []string{"--extra-opts=@/etc/nagios/plugins.ini"}, nil},
		{"standard input", []string{"--extra-opts=@-"}, func(g *testGrammar) { *g = testGrammar{Port: 1} }},
		{"standard input twice", []string{"--extra-opts=@-", "--extra-opts=more@-"}, func(g *testGrammar) { *g = testGrammar{Port: 2} }},
		{"the same section twice", []string{"--extra-opts", "--extra-opts"}, func(g *testGrammar) {
			g.Warning = append(g.Warning, g.Warning...)
		}},
		{"sections in order", []string{"--extra-opts=more", "--extra-opts"}, func(g *testGrammar) {
			g.Verbose, g.Demo.Given = 3, true
			g.Warning = []string{"total=3", g.Warning[0]}
		}},
		{"the command line wins, before", []string{"-p", "9", "-w", "1", "-m", "B,C", "--extra-opts"}, func(g *testGrammar) {
			g.Port, g.Mailbox = 9, "B,C"
			g.Warning = append(g.Warning, "1")
		}},
		{"the command line wins, behind", []string{"--extra-opts", "-p", "9", "-P", "-x"}, func(g *testGrammar) {
			g.Port, g.Password = 9, "-x"
		}},
		{"the command line's mailbox replaces", []string{"--extra-opts=archive", "-m", "B,C", "--extra-opts"}, func(g *testGrammar) {
			g.Mailbox = "B,C"
		}},
		{"a later section's mailbox replaces", []string{"--extra-opts", "--extra-opts=archive", "--extra-opts=archive"}, func(g *testGrammar) {
			g.Mailbox = "Archive"
		}},
		{"an empty flag does not win", []string{"--extra-opts", "-p", "", "-P", ""}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := base
			want.Warning = slices.Clone(base.Warning)
			if tt.want != nil {
				tt.want(&want)
			}
			env := testEnv(fstest.MapFS{"etc/nagios/plugins.ini": {Data: []byte(pluginsINI)}}, nil)
			env.Stdin = strings.NewReader("[check_imap_session]\nport=1\n[more]\nport=2")
			var got testGrammar
			line, err := Parse(&got, tt.args, env)
			if err != nil {
				t.Fatalf("Parse(%q): %v", tt.args, err)
			}
			if want = withDefaults(want); !reflect.DeepEqual(got, want) {
				t.Errorf("Parse(%q): got %+v, want %+v", tt.args, got, want)
			}
			if want := strings.HasPrefix(tt.name, "standard input"); line.Stdin != want {
				t.Errorf("%q read standard input: got %v, want %v", tt.args, line.Stdin, want)
			}
		})
	}
}

func TestExtraOptsRefuses(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string
	}{
		{"no section of that name", "[check_imap]\np=1", "--extra-opts: unknown section a in /x.ini (name another: --extra-opts=SECTION@FILE)"},
		{"a section of a near name", "[b]\n[A]\np=1", "--extra-opts: unknown section a in /x.ini (did you mean b?)"},
		{"an empty file", "", "--extra-opts: unknown section a in /x.ini (name another: --extra-opts=SECTION@FILE)"},
		{"no =", "[a]\n\nmy s3cret", "/x.ini:3: a line that is not KEY = VALUE (a flag without a value is written KEY =)"},
		{"no key", "[a]\n= s3cret", "/x.ini:2: a line that is not KEY = VALUE (a flag without a value is written KEY =)"},
		{"no ]", "[a\np=1", "/x.ini:1: the section's name has no ]"},
		{"no section yet", "# x\np=1\n[a]", "/x.ini:2: a line before the first [section]"},
		{"unknown key", "[a]\nhostnme = s3cret", `/x.ini:2: unknown key "hostnme" (did you mean hostname?)`},
		{"unknown letter", "[a]\nh0 =\n", `/x.ini:2: a key that is not a flag (--help lists the flags)`},
		{"key with hyphens", "[a]\n--port = 1", `/x.ini:2: unknown key "--port" (did you mean port?)`},
		{"letter with a hyphen", "[a]\n-p = 1", `/x.ini:2: unknown key "-p" (did you mean p?)`},
		{"help", "[a]\nhelp=", "/x.ini:2: help has no meaning in an ini file (give it on the command line)"},
		{"itself", "[a]\nextra-opts=b", "/x.ini:2: extra-opts has no meaning in an ini file (give it on the command line)"},
		{"switch of another word", "[a]\ninsecure = maybe", `/x.ini:2: insecure takes true or false, not "maybe"`},
		{"Latin-1", "[a]\npassword = caf\xe9", "/x.ini:2: the value of password is not UTF-8 (convert it, or set the terminal and the editor to UTF-8)"},
		{"too many lines", "[a]\n" + strings.Repeat("w=1\n", 1001), "/x.ini:1002: the section has more than 1000 lines (look for lines that repeat themselves)"},
		{"too long", "[a]\n" + strings.Repeat("#\n", iniLimit/2), "--extra-opts: file /x.ini: more than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := testEnv(fstest.MapFS{"x.ini": {Data: []byte(tt.text)}}, nil)
			_, err := Parse(&testGrammar{}, []string{"--extra-opts=a@/x.ini"}, env)
			var usage *UsageError
			if !errors.As(err, &usage) {
				t.Fatalf("Parse with %.60q: got %v, want a *UsageError", tt.text, err)
			}
			if usage.Error() != tt.want {
				t.Errorf("Parse with %.60q:\n got %s\nwant %s", tt.text, usage, tt.want)
			}
		})
	}
}

func TestExtraOptsFindsItsFile(t *testing.T) {
	section := func(port string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("[check_imap_session]\nport=" + port)}
	}
	files := fstest.MapFS{
		"etc/nagios/plugins.ini":     section("1"),
		"plugins.ini":                section("0"),
		"etc/nagios-plugins.ini":     section("2"),
		"opt/a/nagios-plugins.ini":   section("3"),
		"opt/b/plugins.ini":          section("4"),
		"opt/b/nagios-plugins.ini":   section("5"),
		"opt/mine.ini":               section("6"),
		"dir/monitoring-plugins.ini": {Mode: fs.ModeDir | 0o755},
	}
	tests := []struct {
		name  string
		vars  map[string]string
		value string
		want  string // the words, or the error
	}{
		{"usual places", nil, "", "--port=1"},
		{"directories", map[string]string{"NAGIOS_CONFIG_PATH": "/none::/opt/a:/opt/b"}, "", "--port=3"},
		{"names within a directory", map[string]string{"NAGIOS_CONFIG_PATH": "/opt/b:/opt/a"}, "", "--port=4"},
		{"the variable first", map[string]string{"NAGIOS_CONFIG_PATH": "/opt/b", "MP_CONFIG_FILE": "/opt/mine.ini"}, "", "--port=6"},
		{"no variable where a file is named", map[string]string{"MP_CONFIG_FILE": "/none"}, "=@/opt/mine.ini", "--port=6"},
		{"the variable's file must exist", map[string]string{"MP_CONFIG_FILE": "/none"}, "", "--extra-opts: file /none: file does not exist"},
		{"a directory stops the search", map[string]string{"NAGIOS_CONFIG_PATH": "/dir"}, "", "--extra-opts: file /dir/monitoring-plugins.ini: invalid argument"},
		{"missing file", nil, "=@/none", "--extra-opts: file /none: file does not exist"},
		{"empty file name", nil, "=check@", "--extra-opts has no file after its @ (write --extra-opts=SECTION@FILE)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var g testGrammar
			_, err := Parse(&g, []string{"--extra-opts" + tt.value}, testEnv(files, tt.vars))
			got := fmt.Sprintf("--port=%d", g.Port)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("--extra-opts%s with %v: got %q, want %q", tt.value, tt.vars, got, tt.want)
			}
		})
	}
	_, err := Parse(&testGrammar{}, []string{"--extra-opts"}, testEnv(nil, nil))
	if want := "no ini file for --extra-opts in any of the usual places (name it: --extra-opts=SECTION@FILE)"; err == nil || err.Error() != want {
		t.Errorf("--extra-opts without any file: got %v, want %s", err, want)
	}
}

func TestExtraOptsReadsNoFileUnasked(t *testing.T) {
	env := testEnv(nil, nil)
	env.Open = func(name string) (fs.File, error) {
		t.Errorf("opened %s", name)
		return nil, fs.ErrNotExist
	}
	env.Getenv = func(key string) string {
		t.Errorf("asked for %s", key)
		return ""
	}
	for _, line := range []string{"", "-v", "--extra-opts=", "--extra-opts -h", "--extra-opts --bogus"} {
		// Only that nothing is opened counts; the last line is an error.
		_, _ = Parse(&testGrammar{}, strings.Fields(line), env)
	}
}

func TestExtraOptsRemarksOnAPublicSecret(t *testing.T) {
	tests := []struct {
		name string
		mode fs.FileMode
		text string
		want []string
	}{
		{"public secret", 0o644, "[a]\nv=\nP=s3cret", []string{"/x.ini:3 holds password and every user of this host can read it: chmod o-r"}},
		{"private secret", 0o640, "[a]\nP=s3cret", nil},
		{"no secret", 0o644, "[a]\np=1\nP=", nil},
		{"a secret of others", 0o644, "[a]\np=1\n[b]\nP=s3cret", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := testEnv(fstest.MapFS{"x.ini": {Data: []byte(tt.text), Mode: tt.mode}}, nil)
			line, err := Parse(&testGrammar{}, []string{"--extra-opts=a@/x.ini"}, env)
			if err != nil || !slices.Equal(line.Remarks, tt.want) {
				t.Errorf("%q with mode %v: got %q, %v, want %q", tt.text, tt.mode, line.Remarks, err, tt.want)
			}
		})
	}
}

func FuzzExtraOpts(f *testing.F) {
	f.Add(pluginsINI)
	f.Add("[check_imap_session]\np=\x00\n[")
	f.Add("[]\n=\n[check_imap_session]\n-=x")
	f.Fuzz(func(t *testing.T, text string) {
		env := testEnv(fstest.MapFS{"x.ini": {Data: []byte(text)}}, nil)
		_, err := Parse(&testGrammar{}, []string{"--extra-opts=@/x.ini"}, env)
		if usage := (*UsageError)(nil); err != nil && (!errors.As(err, &usage) || !utf8.ValidString(err.Error())) {
			t.Fatalf("%q: got %#v, want a *UsageError in UTF-8", text, err)
		}
	})
}
