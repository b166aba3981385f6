package systemtest

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const rulesDoc = "docs/plugin-interface.md"

var (
	ruleDefined   = regexp.MustCompile(`(?m)^- \*\*([A-Z][0-9]+)\*\* `)
	ruleCitation  = regexp.MustCompile(`\brules? ([A-Z][0-9]+(?:(?:,| to| and) [A-Z][0-9]+)*)`)
	ruleSpan      = regexp.MustCompile(`([A-Z])([0-9]+)(?: to [A-Z]([0-9]+))?`)
	ruleLineBreak = regexp.MustCompile(`\s*\n\s*(?://|#)? ?`)
)

// TestRulesAreWrittenDown holds every rule that the source cites, "rule P5" or
// "rules P7 to P17", to the page that explains the rules.
func TestRulesAreWrittenDown(t *testing.T) {
	root := os.DirFS("../..")
	page := archRead(t, root, rulesDoc)
	var known []string
	for _, m := range ruleDefined.FindAllStringSubmatch(page, -1) {
		if slices.Contains(known, m[1]) {
			t.Errorf("%s has %s twice", rulesDoc, m[1])
		}
		known = append(known, m[1])
	}
	cited := 0
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(path.Base(name), "."):
			return fs.SkipDir
		case d.IsDir(), name != rulesDoc && path.Ext(name) != ".go" && path.Ext(name) != ".txtar":
			return nil
		}
		for _, rule := range citedRules(archRead(t, root, name)) {
			if cited++; !slices.Contains(known, rule) {
				t.Errorf("%s cites rule %s, which %s does not have", name, rule, rulesDoc)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if cited == 0 {
		t.Error("no rule is cited")
	}
}

// citedRules returns the names of the rules that a text cites, in order.
func citedRules(text string) []string {
	var rules []string
	for _, c := range ruleCitation.FindAllStringSubmatch(ruleLineBreak.ReplaceAllString(text, " "), -1) {
		for _, span := range ruleSpan.FindAllStringSubmatch(c[1], -1) {
			var first, last int
			_, _ = fmt.Sscan(span[2], &first)
			if last = first; span[3] != "" {
				_, _ = fmt.Sscan(span[3], &last)
			}
			for n := first; n <= last; n++ {
				rules = append(rules, fmt.Sprint(span[1], n))
			}
		}
	}
	return rules
}

func TestCitedRules(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"none", "// the rules of RFC 5280, and R11", ""},
		{"one", "// at the end (rule P5).", "P5"},
		{"list and span", "# (rules E1, O4 to O6, O13 and S1).", "E1 O4 O5 O6 O13 S1"},
		{"over two lines", "// until then (rules\n\t// E7,\n\t// D5).", "E7 D5"},
	}
	for _, tt := range tests {
		if got := strings.Join(citedRules(tt.text), " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
