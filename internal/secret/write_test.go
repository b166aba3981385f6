package secret

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestReplacement: a file is replaced or made, with mode 0600 and nothing left beside
// it; a leftover of a killed run is replaced too, and a link in its place not followed.
func TestReplacement(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old      bool
		leftover func(path string) error
	}{
		{"new", false, nil},
		{"old", true, nil},
		{"leftover", true, func(path string) error { return os.WriteFile(path, []byte("left"), 0o644) }},
		{"link", true, func(path string) error { return os.Symlink("target", path) }},
	} {
		for _, locked := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, locked), func(t *testing.T) {
				dir := t.TempDir()
				path, want := filepath.Join(dir, "file"), 1
				if tt.old {
					if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if tt.leftover != nil {
					if err := tt.leftover(Temporary(path)); err != nil {
						t.Skip(err)
					}
					if !locked {
						want = 2
					}
				}
				if err := (Replacement{Locked: locked}).Write(path, []byte("data")); err != nil {
					t.Fatal(err)
				}
				text, err := os.ReadFile(path)
				st, serr := os.Lstat(path)
				if err != nil || serr != nil || string(text) != "data" || runtime.GOOS != "windows" && st.Mode() != 0o600 {
					t.Errorf("%q %v, %v %v, want data and 0600", text, err, st.Mode(), serr)
				}
				if left, err := os.ReadDir(dir); err != nil || len(left) != want {
					t.Errorf("files %v, %v, want %d", left, err, want)
				}
			})
		}
	}
}

// TestOpenPlain opens nothing but a regular file, and makes none behind a link.
func TestOpenPlain(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("target", filepath.Join(dir, "dangling")); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"file": nil, "new": nil, "dangling": ErrNotRegular, "link": ErrNotRegular, ".": ErrNotRegular} {
		f, st, err := OpenPlain(filepath.Join(dir, name), os.O_CREATE|os.O_RDONLY)
		if !errors.Is(err, want) || (err == nil) != (st != nil) {
			t.Errorf("%s: %v %v, want %v", name, st, err, want)
		}
		f.Close()
	}
	if _, err := os.Lstat(filepath.Join(dir, "target")); err == nil {
		t.Error("a file was made where the link points")
	}
}

// TestOpenPlainRace: a link that appears between looking and opening is not followed.
func TestOpenPlainRace(t *testing.T) {
	if NoFollow == 0 {
		t.Skip("skip: the system has no flag for that")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.Symlink("target", path)
				_ = os.Remove(path)
			}
		}
	}()
	for range 5000 {
		if f, _, err := OpenPlain(path, os.O_CREATE|os.O_RDONLY); err == nil {
			f.Close()
		}
	}
	close(stop)
	<-stopped
	if _, err := os.Lstat(filepath.Join(dir, "target")); err == nil {
		t.Error("a file was made where the link points")
	}
}

func TestReplacementRefuses(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{link, dir, filepath.Join(dir, "no", "folder")} {
		if err := (Replacement{KeepOwner: true}).Write(path, []byte("x")); err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v, want one without the path", path, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("files %v, %v, want the link alone", left, err)
	}
}

// TestOurs replaces a file only when its first line says that it is one of ours, and
// gives the new one the mode asked for.
func TestOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	ours := Replacement{Ours: func(line string) bool { return line == "ours" }, Mode: 0o644}
	for _, tt := range []struct {
		old  string // "-" for no file
		well bool
	}{{"-", true}, {"ours\nmore", true}, {"ours", true}, {"", false}, {"theirs\nours\n", false}, {strings.Repeat("x", 300), false}} {
		os.Remove(path)
		if tt.old != "-" {
			if err := os.WriteFile(path, []byte(tt.old), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := ours.Write(path, []byte("new"))
		text, _ := os.ReadFile(path)
		if (err == nil) != tt.well || (string(text) == "new") != tt.well {
			t.Errorf("%.20q: %v, then %.20q", tt.old, err, text)
		}
		if st, err := os.Stat(path); err != nil || tt.well && runtime.GOOS != "windows" && st.Mode() != 0o644 {
			t.Errorf("%.20q: mode %v, %v", tt.old, st.Mode(), err)
		}
	}
}
