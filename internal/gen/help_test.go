package gen_test

import (
	"fmt"
	"strings"
	"testing"

	"check_imap_session/internal/app"
	"check_imap_session/internal/argv"
	"check_imap_session/internal/gen"
)

// TestUsage: the short help is one screen, and every line to copy is a whole command.
func TestUsage(t *testing.T) {
	usage := string(gen.Usage(app.Model()))
	lines := strings.Split(strings.TrimSuffix(usage, "\n"), "\n")
	if len(lines) > 35 {
		t.Errorf("%d lines, want 35 at most", len(lines))
	}
	everyday, copied := 0, 0
	for i, line := range lines {
		switch {
		case len(line) > 80 || strings.TrimRight(line, " ") != line:
			t.Errorf("line %d has %d columns: %q", i+1, len(line), line)
		case strings.HasPrefix(line, "  -") || strings.HasPrefix(line, "      --"):
			everyday++
		case strings.HasPrefix(line, "  check_imap_session "):
			copied++
		}
	}
	if last := lines[len(lines)-1]; everyday != 12 || copied != 5 || !strings.Contains(last, "--help") {
		t.Errorf("%d flags, %d lines to copy, last line %q", everyday, copied, last)
	}
}

// TestHelpTables: the long help has every step, kind, metric and scenario.
func TestHelpTables(t *testing.T) {
	m := app.Model()
	help := string(gen.Help(m))
	for _, items := range [][]gen.Item{m.Steps, m.Kinds, m.Scenarios} {
		for _, i := range items {
			if !strings.Contains(help, "\n  "+i.Name+" ") && !strings.Contains(help, "\n  "+i.Name+"\n") {
				t.Errorf("%s is not in the help", i.Name)
			}
		}
	}
	if !strings.Contains(help, "addresses_failed") {
		t.Error("the metrics of --all-addresses are not in the help")
	}
	for _, s := range m.Scenarios {
		if !strings.Contains(string(gen.Scenarios(m)), "\n  "+s.Name+" ") {
			t.Errorf("%s is not among the scenarios", s.Name)
		}
	}
}

func TestHelp(t *testing.T) {
	m := app.Model()
	help := string(gen.Help(m))
	for i, line := range strings.Split(help, "\n") {
		if len(line) > 80 {
			t.Errorf("line %d has %d columns: %s", i+1, len(line), line)
		}
		if strings.TrimRight(line, " \t") != line {
			t.Errorf("line %d has blanks at its end: %q", i+1, line)
		}
	}
	for _, r := range help {
		if r > '~' || r < ' ' && r != '\n' {
			t.Errorf("%q in the help is not plain ASCII", r)
		}
	}
	for _, f := range m.App.Flags {
		if f.Help == "" || f.Group == nil {
			t.Errorf("--%s: help %q, group %v: want both", f.Name, f.Help, f.Group)
		}
		if argv.ShapeOf(f) == argv.TakesValue && f.PlaceHolder == "" {
			t.Errorf("--%s has no placeholder", f.Name)
		}
		head := "      --" + f.Name
		if f.Short != 0 {
			head = fmt.Sprintf("  -%c, --%s", f.Short, f.Name)
		}
		if n := strings.Count(help, "\n"+head+" ") + strings.Count(help, "\n"+head+"=") + strings.Count(help, "\n"+head+"[") + strings.Count(help, "\n"+head+"\n"); n != 1 {
			t.Errorf("%q stands %d times in the help, want once", head, n)
		}
		if len(f.Help) > 0 && !strings.Contains(strings.Join(strings.Fields(help), " "), strings.Join(strings.Fields(f.Help), " ")) {
			t.Errorf("the help of --%s is not in the help: %s", f.Name, f.Help)
		}
	}
	for _, name := range m.Results {
		if !strings.Contains(help, name) {
			t.Errorf("metric %s is not in the help", name)
		}
	}
}
