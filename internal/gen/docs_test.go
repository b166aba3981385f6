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
	for _, name := range []string{"icinga.md", "nagios.md", "from-check_imap.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
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
