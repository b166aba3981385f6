package gen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"check_imap_session/internal/cli"
)

// TestDocs wants every command line of the pages to be one that the grammar
// takes.
func TestDocs(t *testing.T) {
	count := 0
	for _, name := range []string{"icinga.md", "distributed.md", "nagios.md", "from-check_imap.md", "authentication.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", "")) {
			line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " >")
			command, ok := strings.CutPrefix(line, "    check_imap_session ")
			if !ok {
				continue
			}
			count++
			// The shell's own reading of quotes.
			words, err := exec.Command("bash", "-c", `printf '%s\0' `+command).Output()
			if err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
				continue
			}
			args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
			if _, err := cli.Parse(args, cli.Env{Getenv: func(string) string { return "" }}); err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
			}
		}
	}
	if count < 5 {
		t.Errorf("only %d command lines found in the pages", count)
	}
}

// TestRecipes wants every Icinga variable and every line of an ini file in the
// recipes to be one that is read.
func TestRecipes(t *testing.T) {
	read := func(path ...string) string {
		text, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	icinga := read("contrib", "icinga2", "check_imap_session.conf")
	nagios := read("contrib", "nagios", "check_imap_session.cfg")
	variables, keys := 0, 0
	for line := range strings.Lines(read("docs", "authentication.md")) {
		name, _, found := strings.Cut(strings.TrimSpace(line), " = ")
		variable, isVariable := strings.CutPrefix(name, "vars.")
		switch {
		case !found || !strings.HasPrefix(line, "    ") || strings.Contains(name, " "):
		case isVariable:
			variables++
			if !strings.Contains(icinga, "$"+variable+"$") {
				t.Errorf("%s is not in the command definition of Icinga", name)
			}
		default:
			keys++
			if !strings.Contains(nagios, "\n#   "+name+" = ") {
				t.Errorf("%s is no line of an ini file", name)
			}
		}
	}
	if variables < 20 || keys < 20 {
		t.Errorf("found %d variables and %d lines, want more", variables, keys)
	}
}
