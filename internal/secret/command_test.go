package secret

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplitWords(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
		err      string // part of the message, "" = none
	}{
		{"one", "pass", []string{"pass"}, ""},
		{"several", " pass  show\timap\n", []string{"pass", "show", "imap"}, ""},
		{"single quotes", `a 'b c' 'd\e"f'`, []string{"a", "b c", `d\e"f`}, ""},
		{"double quotes", `a "b c" "d\"e\\f\$g\` + "`" + `h\i'j"`, []string{"a", "b c", `d"e\f$g` + "`" + `h\i'j`}, ""},
		{"backslash", `a\ b \'c\" d\\e`, []string{"a b", `'c"`, `d\e`}, ""},
		{"joined", `a'b'"c"d`, []string{"abcd"}, ""},
		{"empty words", `a '' ""`, []string{"a", "", ""}, ""},
		{"nothing is expanded", "a '$HOME' '~' * x~ \\$ '|' 'b;'", []string{"a", "$HOME", "~", "*", "x~", "$", "|", "b;"}, ""},
		{"pipe", "a | b", nil, "no shell runs the command, so (bar) is passed on as a word"},
		{"variable of a shell", "a $HOME/x", nil, "(dollar)"},
		{"home folder", "a ~/x", nil, "(tilde)"},
		{"redirection", "a <b", nil, "(less-than)"},
		{"not ASCII", "größe 'ß ö'", []string{"größe", "ß ö"}, ""},
		{"Windows path", `'C:\Program Files\pass.exe' x`, []string{`C:\Program Files\pass.exe`, "x"}, ""},
		{"variable for the program", "env TOKEN=x vault", []string{"env", "TOKEN=x", "vault"}, ""},
		{"equals sign in a path", "/opt/a=b/pass", []string{"/opt/a=b/pass"}, ""},
		{"empty", "", nil, "is empty"},
		{"blank", " \t", nil, "is empty"},
		{"empty program", "'' a", nil, "is empty"},
		{"open single quote", "a 'b", nil, "has a ' without its end"},
		{"open double quote", `a "b\"`, nil, `has a " without its end`},
		{"backslash at the end", `a \`, nil, "ends with a backslash"},
		{"variable", "TOKEN=hunter2 vault", nil, "begins with a variable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := splitWords(tt.in)
			if !slices.Equal(got, tt.want) || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("splitWords(%q): got %q, %v, want %q, %q", tt.in, got, err, tt.want, tt.err)
			}
			if err != nil && leaks(err.Error()) != "" {
				t.Errorf("splitWords(%q): got %q with content", tt.in, err)
			}
		})
	}
}

func FuzzSplitWords(f *testing.F) {
	for _, s := range []string{`a 'b c' "d\"e" f\ g`, `\`, "'", "''", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words, err := splitWords(s)
		if err != nil {
			return
		}
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
		}
		again, err := splitWords(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(again, words) {
			t.Errorf("splitWords(%q): got %q, quoted again %q, %v", s, words, again, err)
		}
	})
}

func TestFromCommandThatCannotStart(t *testing.T) {
	tests := []struct {
		name, cmdline, source, text string
		err                         error
	}{
		{"not split", "'pass", "command", "without its end", nil},
		{"not there", "/nonexistent/pass hunter2", "command /nonexistent/pass", "start: ", fs.ErrNotExist},
		{"not in the path", "nonexistent-pass hunter2", "command nonexistent-pass", "start: ", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FromCommand(t.Context(), tt.cmdline, nil)
			var e *Error
			if !errors.As(err, &e) || e.Source != tt.source || !strings.HasPrefix(err.Error(), tt.source+": ") ||
				!strings.Contains(err.Error(), tt.text) || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("got %v, want source %q and %q", err, tt.source, tt.text)
			}
			if err != nil && leaks(err.Error()) != "" {
				t.Errorf("got %q with an argument", err)
			}
		})
	}
}

func TestLastLine(t *testing.T) {
	tests := []struct{ name, stderr, stdout, want string }{
		{"nothing", "", "", ""},
		{"blank", " \n\n", "", ""},
		{"one", "no such entry\n", "", "no such entry"},
		{"last", "a\nb\r\n\n", "", "b"},
		{"not UTF-8", "gr\xfcn", "", "gr\ufffdn"},
		{"without stdout", "+ echo hunter2 fry", "hunter2\n", "+ echo *** fry"},
		{"without later stdout", "+ echo hunter2", "x123\nhunter2", "+ echo ***"},
		{"stdout too short to mask", "+ echo abc", "abc\n", ""},
		{"stdout too short, but not there", "no such entry", "abc\n", "no such entry"},
		{"stdout in other words", "+ echo HUNT\x00ER-2", "hunter-2\n", "+ echo ***"},
		{"known", "+ echo environment-secret-1", "", "+ echo ***"},
		{"wrapped", "bad Environment\nSecret-1 x", "", "bad *** x"},
		{"beginning cut", "Environment-Secret-1" + strings.Repeat("x", maxStderr-10), "", "***" + strings.Repeat("x", 194) + "..."},
	}
	known := &Set{}
	known.Add(New("Environment-Secret-1"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			te := &tail{}
			_, _ = te.Write([]byte(tt.stderr))
			if got := te.lastLine([]byte(tt.stdout), known); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	te := &tail{}
	for range 1000 {
		_, _ = te.Write([]byte(strings.Repeat("ä", 7)))
	}
	got := te.lastLine(nil, nil)
	if n := utf8.RuneCountInString(got); n != 200 || !strings.HasSuffix(got, "ä...") || len(te.text) > maxStderr+stderrSlack {
		t.Errorf("long line: got %d runes, %q, %d bytes kept, want 200 with a mark and at most %d", n, got, len(te.text), maxStderr+stderrSlack)
	}
}
