package secret

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{path, link, filepath.Join(dir, "new")} {
		if err := WriteFile(name, New("secret of "+name)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if want := "secret of " + name + "\n"; err != nil || string(text) != want {
			t.Errorf("%s: %q %v, want %q", name, text, err, want)
		}
		if st, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v, want 0600", name, st.Mode(), err)
		}
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", st, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("files %v, %v, want three", left, err)
	}
}

func TestReplaceFileRefuses(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{link, dir, filepath.Join(dir, "no", "folder")} {
		if err := ReplaceFile(path, []byte("x")); err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v, want one without the path", path, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("files %v, %v, want the link alone", left, err)
	}
}

// TestOwnerStays: when root replaces somebody's file, it stays theirs.
func TestOwnerStays(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() != 0 {
		t.Skip("skip: only root can give a file away")
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 12345, 23456); err != nil {
		t.Skip(err)
	}
	before, _ := os.Stat(path)
	if err := ReplaceFile(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(path)
	if !sameOwner(before, after) {
		t.Errorf("the owner is another: %+v, want %+v", after.Sys(), before.Sys())
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

func TestSet(t *testing.T) {
	var none *Set
	none.Add(New("long-secret"))
	if got := none.Mask("long-secret"); got != "long-secret" {
		t.Errorf("nil masks: %q", got)
	}
	s := &Set{}
	if got := s.Mask("first-secret second-secret"); got != "first-secret second-secret" {
		t.Errorf("empty: %q", got)
	}
	s.Add(New("first-secret"), Secret{})
	if got := s.Mask("first-secret second-secret"); got != "*** second-secret" {
		t.Errorf("one: %q", got)
	}
	s.Add(New("second-secret"))
	if got := s.Mask("first-secret second-secret"); got != "*** ***" {
		t.Errorf("both: %q", got)
	}
}
