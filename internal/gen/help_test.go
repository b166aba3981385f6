package gen_test

import (
	"fmt"
	"strings"
	"testing"

	"check_imap_session/internal/app"
	"check_imap_session/internal/argv"
	"check_imap_session/internal/gen"
)

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
