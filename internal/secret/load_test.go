package secret

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestFirstLine(t *testing.T) {
	long := strings.Repeat("x", maxSource)
	tests := []struct {
		name, in, want string
		err            error
	}{
		{"LF", "secret\n", "secret", nil},
		{"CRLF", "secret\r\n", "secret", nil},
		{"no line end", "secret", "secret", nil},
		{"first of two", "secret\nuser: fry\n", "secret", nil},
		{"blanks stay", " sec ret \t\n", " sec ret \t", nil},
		{"lone CR stays", "sec\rret", "sec\rret", nil},
		{"one CR of two", "secret\r\r\n", "secret\r", nil},
		{"byte order mark", "\ufeffsecret\r\n", "secret", nil},
		{"byte order mark later", "sec\ufeffret\n", "sec\ufeffret", nil},
		{"bytes", "\xff\xfe\n", "\xff\xfe", nil},
		{"NUL in the second line", "secret\n\x00", "secret", nil},
		{"exactly the limit", long + "\n", long, nil},
		{"exactly the limit at the end", long, long, nil},
		{"long second line", "secret\n" + long + long, "secret", nil},
		{"nothing", "", "", ErrEmpty},
		{"empty first line", "\nsecret\n", "", ErrEmpty},
		{"empty first line, CRLF", "\r\nsecret\r\n", "", ErrEmpty},
		{"only a byte order mark", "\ufeff\n", "", ErrEmpty},
		{"NUL", "sec\x00ret\n", "", ErrNUL},
		{"UTF-16", "s\x00e\x00c\x00\n\x00", "", ErrNUL},
		{"too long", long + "x\n", "", ErrTooLong},
		{"too long without line end", long + "x", "", ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pw")
			if err := os.WriteFile(path, []byte(tt.in), 0o600); err != nil {
				t.Fatal(err)
			}
			check := func(from string, s Secret, remarks []string, err error) {
				t.Helper()
				if s.Reveal() != tt.want || !errors.Is(err, tt.err) || len(remarks) > 0 {
					t.Errorf("%s: got %q, %q, %v, want %q, %v", from, s.Reveal(), remarks, err, tt.want, tt.err)
				}
			}
			s, remarks, err := FromFile(path, nil)
			check("file", s, remarks, err)
			s, remarks, err = FromFile("-", strings.NewReader(tt.in))
			check("stdin", s, remarks, err)
			s, err = FromCredential("pw", filepath.Dir(path))
			check("credential", s, nil, err)
		})
	}
}

func TestFromFileErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nul"), []byte("hunter2\x00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		load   func() error
		source string
		err    error  // if any
		text   string // beside the source
	}{
		{"missing", func() error { _, _, err := FromFile("/nonexistent/pw", nil); return err },
			"file /nonexistent/pw", fs.ErrNotExist, ""},
		{"directory", func() error { _, _, err := FromFile(dir, nil); return err }, "file " + dir, nil, ""},
		{"NUL byte", func() error { _, _, err := FromFile(filepath.Join(dir, "nul"), nil); return err },
			"file " + filepath.Join(dir, "nul"), ErrNUL, "NUL byte"},
		{"no stdin", func() error { _, _, err := FromFile("-", nil); return err }, "standard input", nil, "not open"},
		{"broken stdin", func() error {
			_, _, err := FromFile("-", io.MultiReader(strings.NewReader("hunter2"), failing{}))
			return err
		}, "standard input", io.ErrUnexpectedEOF, ""},
		{"credential missing", func() error { _, err := FromCredential("imap", dir); return err }, "credential imap", fs.ErrNotExist, ""},
		{"credentials not there", func() error { _, err := FromCredential("imap", ""); return err }, "credential imap", nil, "CREDENTIALS_DIRECTORY is not set"},
		{"credential outside", func() error { _, err := FromCredential("../nul", dir); return err }, "credential ../nul", nil, "not the name"},
		{"credential dots", func() error { _, err := FromCredential("..", dir); return err }, "credential ..", nil, "not the name"},
		{"credential dot", func() error { _, err := FromCredential(".", dir); return err }, "credential .", nil, "not the name"},
		{"credential without a name", func() error { _, err := FromCredential("", dir); return err }, "credential ", nil, "not the name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.load()
			var e *Error
			if !errors.As(err, &e) || e.Source != tt.source {
				t.Fatalf("got %v, want an *Error of %q", err, tt.source)
			}
			if tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if !strings.HasPrefix(err.Error(), tt.source+": ") || !strings.Contains(e.Err.Error(), tt.text) ||
				strings.Count(err.Error(), tt.source) != 1 || leaks(err.Error()) != "" {
				t.Errorf("got %q, want %q with the source once and no content", err, tt.text)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestFromFileRemarks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permissions to see")
	}
	tests := []struct {
		name string
		mode os.FileMode
		want []string // parts of the one remark, nil = none
	}{
		{"owner", 0o600, nil},
		{"owner and group", 0o640, nil},
		{"readable", 0o644, []string{"readable by all", "mode 0644"}},
		{"writable", 0o602, []string{"writable by all", "mode 0602"}},
		{"both", 0o666, []string{"readable and writable by all", "mode 0666"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pw")
			if err := errors.Join(os.WriteFile(path, []byte("hunter2\n"), 0o600), os.Chmod(path, tt.mode)); err != nil {
				t.Fatal(err)
			}
			_, remarks, err := FromFile(path, nil)
			if err != nil || (len(remarks) == 1) != (tt.want != nil) || len(remarks) > 1 {
				t.Fatalf("mode %o: got %q, %v, want %q", tt.mode, remarks, err, tt.want)
			}
			for _, part := range tt.want {
				if !strings.Contains(remarks[0], part) || !strings.Contains(remarks[0], path) {
					t.Errorf("mode %o: got %q, want %q and the path", tt.mode, remarks, part)
				}
			}
		})
	}
}

func TestHasCredential(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "name"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, dir string
		want      bool
	}{
		{"name", dir, true}, {"name", "", false}, {"other", dir, false}, {"./name", dir, false},
		{"../" + filepath.Base(dir) + "/name", dir, false}, {".", dir, false}, {"-", dir, false}, {"", dir, false},
	} {
		if got := HasCredential(tt.name, tt.dir); got != tt.want {
			t.Errorf("HasCredential(%q, %q) = %v, want %v", tt.name, tt.dir, got, tt.want)
		}
	}
}

// TestFromFileStopsAtTheLineEnd: a terminal or a pipe may stay open behind it.
func TestFromFileStopsAtTheLineEnd(t *testing.T) {
	r, w := io.Pipe()
	t.Cleanup(func() { r.Close() })
	go func() { _, _ = w.Write([]byte("sec")); _, _ = w.Write([]byte("ret\n")) }()
	s, _, err := FromFile("-", r)
	if err != nil || s.Reveal() != "secret" {
		t.Errorf("got %q, %v, want the first line", s.Reveal(), err)
	}
}

func FuzzFirstLine(f *testing.F) {
	for _, s := range []string{"secret\r\n", "\ufeffx", "\n", "a\x00", "\ufeff\ufeffa\r"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := slices.Clone(text)
		s, err := firstLine(text)
		if (err == nil) == s.IsZero() {
			t.Errorf("firstLine(%q): got %q, %v, want one of them", text, s.Reveal(), err)
		}
		if strings.ContainsAny(s.Reveal(), "\n\x00") || !strings.Contains(string(text), s.Reveal()) || !slices.Equal(text, before) {
			t.Errorf("firstLine(%q): got %q", before, s.Reveal())
		}
	})
}
