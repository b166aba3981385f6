package systemtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// TestArchitecture holds the source to the package table of
// docs/dev/architecture.md, which is the only copy of that table, and to the rules
// that stand below it. It reads files of every platform, whatever their build
// constraints.
func TestArchitecture(t *testing.T) {
	for _, v := range archViolations(t, os.DirFS("../..")) {
		t.Error(v)
	}
}

const archDoc = "docs/dev/architecture.md"

// archSole are the imports that only some packages' rows may list, whatever
// else changes in the table.
var archSole = map[string][]string{
	"go-nagios": {"internal/render", "internal/report"},
	"kong":      {"internal/argv", "internal/cli", "internal/gen"},
	"testing":   {"internal/certtest", "internal/imaptest", "internal/oauthtest", "internal/servertest"},
}

// archTree is the module as the test reads it.
type archTree struct {
	module  string                     // path of the module
	modules map[string]string          // short name of each required module, by its path
	rows    map[string][]string        // what each package may import, in the table's words
	used    map[string]map[string]bool // what it does import, in the same words
	found   []string
}

func (a *archTree) violation(format string, args ...any) {
	a.found = append(a.found, fmt.Sprintf(format, args...))
}

// archViolations returns what is wrong in a module, one sentence each.
func archViolations(tb testing.TB, root fs.FS) []string {
	tb.Helper()
	a := &archTree{used: map[string]map[string]bool{}}
	a.readModules(archRead(tb, root, "go.mod"))
	a.readTable(archRead(tb, root, archDoc))
	fset := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		file, err := parser.ParseFile(fset, name, archRead(tb, root, name), 0)
		if err != nil {
			return err
		}
		a.checkFile(name, file)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	a.checkTable()
	slices.Sort(a.found)
	return a.found
}

func archRead(tb testing.TB, root fs.FS, name string) string {
	tb.Helper()
	b, err := fs.ReadFile(root, name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

var (
	archModule  = regexp.MustCompile(`(?m)^module\s+(\S+)`)
	archRequire = regexp.MustCompile(`(?m)^(?:require)?\s+(\S+)\s+v\d`)
	archMajor   = regexp.MustCompile(`/v\d+$`)
	archQuoted  = regexp.MustCompile("`([^`]+)`")
)

// readModules reads go.mod. A module's short name is the last word of its path
// without the major version: go-imap.
func (a *archTree) readModules(mod string) {
	a.module = archModule.FindStringSubmatch(mod)[1]
	a.modules = map[string]string{}
	for _, m := range archRequire.FindAllStringSubmatch(mod, -1) {
		a.modules[m[1]] = path.Base(archMajor.ReplaceAllString(m[1], ""))
	}
}

// readTable reads the rows of the table below the heading "Packages": the
// package's folder in the first cell, what it may import in the last, all in
// backquotes.
func (a *archTree) readTable(doc string) {
	a.rows = map[string][]string{}
	_, section, _ := strings.Cut(doc, "\n## Packages\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		pkg := archQuoted.FindStringSubmatch(cells[0])[1]
		if _, ok := a.rows[pkg]; ok {
			a.violation("%s lists %s twice", archDoc, pkg)
		}
		a.rows[pkg] = []string{}
		for _, m := range archQuoted.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			a.rows[pkg] = append(a.rows[pkg], m[1])
		}
	}
}

// word returns what the table calls an import: the folder below internal, the
// short name of a module, or "testing"; "" for the rest of the standard library.
func (a *archTree) word(imp string) string {
	if rest, ok := strings.CutPrefix(imp, a.module+"/"); ok {
		return strings.TrimPrefix(rest, "internal/")
	}
	first, _, _ := strings.Cut(imp, "/")
	if first == "testing" {
		return first
	}
	if !strings.Contains(first, ".") {
		return ""
	}
	var longest string
	for mod := range a.modules {
		if (imp == mod || strings.HasPrefix(imp, mod+"/")) && len(mod) > len(longest) {
			longest = mod
		}
	}
	return cmp.Or(a.modules[longest], imp)
}

// checkFile checks what a file says by itself. Test files may import what they
// like.
func (a *archTree) checkFile(name string, file *ast.File) {
	pkg := path.Dir(name)
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			a.violation("%s has a func init", name)
		}
	}
	if strings.HasSuffix(name, "_test.go") {
		return
	}
	allowed, ok := a.rows[pkg]
	if !ok {
		a.violation("%s: package %s has no row in the table of %s", name, pkg, archDoc)
	}
	if a.used[pkg] == nil {
		a.used[pkg] = map[string]bool{}
	}
	locals := map[string]string{} // path of each import by its name in the file
	for _, spec := range file.Imports {
		imp, _ := strconv.Unquote(spec.Path.Value)
		local := path.Base(archMajor.ReplaceAllString(imp, ""))
		if spec.Name != nil {
			local = spec.Name.Name
		}
		locals[local] = imp
		word := a.word(imp)
		if word == "" {
			continue
		}
		a.used[pkg][word] = true
		if ok && !slices.Contains(allowed, word) {
			a.violation("%s imports %s; the row of %s in %s does not allow it", name, imp, pkg, archDoc)
		}
		if slices.Contains(a.rows["internal/"+word], "testing") {
			a.violation("%s imports %s, which is for _test.go files only", name, imp)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && locals[x.Name] != "" {
				a.checkUse(name, file.Name.Name, locals[x.Name], sel.Sel.Name)
			}
		}
		return true
	})
}

// checkUse checks the use of one name of an imported package.
func (a *archTree) checkUse(file, pkgName, imp, name string) {
	switch {
	case (imp == "os" || imp == "syscall") && name == "Exit" && pkgName != "main":
		a.violation("%s calls %s.Exit; only a main package ends the process", file, imp)
	case imp == "log" && strings.HasPrefix(name, "Fatal"):
		a.violation("%s calls log.%s; return the error", file, name)
	case imp == a.module+"/internal/judge" && name != "Format" && path.Dir(file) == "internal/render":
		a.violation("%s uses judge.%s; render takes only judge.Format, all else is in the Verdict", file, name)
	}
}

// checkTable checks that no row says more than is so.
func (a *archTree) checkTable() {
	for _, pkg := range slices.Sorted(maps.Keys(a.rows)) {
		if a.used[pkg] == nil {
			a.violation("%s lists %s, which does not exist", archDoc, pkg)
			continue
		}
		for _, word := range a.rows[pkg] {
			if !a.used[pkg][word] {
				a.violation("%s allows %s to import %s, which it does not", archDoc, pkg, word)
			}
			if sole := archSole[word]; sole != nil && !slices.Contains(sole, pkg) {
				a.violation("%s allows %s to import %s, which only %s may", archDoc, pkg, word, strings.Join(sole, " and "))
			}
		}
	}
}

// TestArchitectureSeesOffences breaks each rule once in a small module.
func TestArchitectureSeesOffences(t *testing.T) {
	const table = "# A\n\n## Packages\n\n| package | holds | imports |\n|---|---|---|\n" +
		"| `cmd/p` | main | `render` |\n" +
		"| `internal/judge` | verdicts | standard library only |\n" +
		"| `internal/render` | output | `judge` `go-nagios` |\n" +
		"| `internal/certtest` | for tests | `testing` |\n\n## More\n\n| `internal/other` | not in the table | `kong` |\n"
	sound := map[string]string{
		"go.mod": "module p\n\ngo 1.26\n\nrequire github.com/atc0005/go-nagios v0.19.0\n\n" +
			"require (\n\tgithub.com/alecthomas/kong v1.17.0\n\tgithub.com/emersion/go-imap/v2 v2.0.0-beta.8\n)\n",
		archDoc:                        table,
		"cmd/p/main.go":                "package main\nimport (\"os\"; \"p/internal/render\")\nfunc main() { os.Exit(render.Do()) }\n",
		"internal/judge/a.go":          "package judge\nimport \"strings\"\nvar F = strings.Title\n",
		"internal/judge/a_test.go":     "package judge\nimport (\"os\"; \"testing\"; \"p/internal/certtest\")\nfunc TestMain(m *testing.M) { os.Exit(certtest.Do(m)) }\n",
		"internal/render/a.go":         "package render\nimport (\"p/internal/judge\"; \"github.com/atc0005/go-nagios\")\nvar A, B = judge.Format, nagios.X\n",
		"internal/certtest/a.go":       "package certtest\nimport \"testing\"\nvar T testing.TB\n",
		"internal/judge/testdata/a.go": "not Go",
	}
	tests := []struct {
		name, file, text string
		want             []string
	}{
		{"sound", "README.md", "x", nil},
		{"internal import", "internal/judge/b.go", "package judge\nimport _ \"p/internal/render\"\n",
			[]string{"internal/judge/b.go imports p/internal/render; the row of internal/judge in docs/dev/architecture.md does not allow it"}},
		{"other platform", "internal/judge/b_windows.go", "//go:build windows\n\npackage judge\nimport _ \"p/internal/render\"\n",
			[]string{"internal/judge/b_windows.go imports p/internal/render; the row of internal/judge in docs/dev/architecture.md does not allow it"}},
		{"module", "internal/render/b.go", "package render\nimport _ \"github.com/emersion/go-imap/v2/imapclient\"\n",
			[]string{"internal/render/b.go imports github.com/emersion/go-imap/v2/imapclient; the row of internal/render in docs/dev/architecture.md does not allow it"}},
		{"unknown module", "internal/render/b.go", "package render\nimport _ \"example.com/x\"\n",
			[]string{"internal/render/b.go imports example.com/x; the row of internal/render in docs/dev/architecture.md does not allow it"}},
		{"no row", "internal/util/a.go", "package util\n",
			[]string{"internal/util/a.go: package internal/util has no row in the table of docs/dev/architecture.md"}},
		{"testing", "internal/judge/b.go", "package judge\nimport _ \"testing/fstest\"\n",
			[]string{"internal/judge/b.go imports testing/fstest; the row of internal/judge in docs/dev/architecture.md does not allow it"}},
		{"test package", archDoc, strings.Replace(table, "`judge` `go-nagios`", "`judge` `go-nagios` `certtest`", 1),
			[]string{"docs/dev/architecture.md allows internal/render to import certtest, which it does not"}},
		{"test package imported", "internal/judge/b.go", "package judge\nimport _ \"p/internal/certtest\"\n", []string{
			"internal/judge/b.go imports p/internal/certtest, which is for _test.go files only",
			"internal/judge/b.go imports p/internal/certtest; the row of internal/judge in docs/dev/architecture.md does not allow it"}},
		{"row without a package", archDoc, strings.Replace(table, "\n\n## More", "\n| `internal/gone` | x | |\n\n## More", 1),
			[]string{"docs/dev/architecture.md lists internal/gone, which does not exist"}},
		{"row twice", archDoc, strings.Replace(table, "\n\n## More", "\n| `cmd/p` | x | `render` |\n\n## More", 1),
			[]string{"docs/dev/architecture.md lists cmd/p twice"}},
		{"sole importer", archDoc, strings.Replace(table, "standard library only", "`kong`", 1), []string{
			"docs/dev/architecture.md allows internal/judge to import kong, which it does not",
			"docs/dev/architecture.md allows internal/judge to import kong, which only internal/argv and internal/cli and internal/gen may"}},
		{"os.Exit", "internal/judge/b.go", "package judge\nimport std \"os\"\nfunc f() { std.Exit(1) }\n",
			[]string{"internal/judge/b.go calls os.Exit; only a main package ends the process"}},
		{"log.Fatal", "cmd/p/b.go", "package main\nimport \"log\"\nfunc f() { log.Fatalf(\"\") }\n",
			[]string{"cmd/p/b.go calls log.Fatalf; return the error"}},
		{"init", "internal/judge/b_test.go", "package judge\nfunc init() {}\n",
			[]string{"internal/judge/b_test.go has a func init"}},
		{"judgement in render", "internal/render/b.go", "package render\nimport \"p/internal/judge\"\nvar C = judge.Judge\n",
			[]string{"internal/render/b.go uses judge.Judge; render takes only judge.Format, all else is in the Verdict"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for name, text := range sound {
				tree[name] = &fstest.MapFile{Data: []byte(text)}
			}
			tree[tt.file] = &fstest.MapFile{Data: []byte(tt.text)}
			if got := archViolations(t, tree); !slices.Equal(got, tt.want) {
				t.Errorf("%s changed: got violations\n%q\nwant\n%q", tt.file, got, tt.want)
			}
		})
	}
}
