package gen_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/app"
	"check_imap_session/internal/cli"
	"check_imap_session/internal/gen"
)

// offers returns how an artefact says that it offers a flag.
func offers(format, name, short string) *regexp.Regexp {
	key := "--" + name
	if short != "" {
		key = "-" + short
	}
	pattern := ""
	switch format {
	case "icinga2":
		pattern = `(?m)^\t\t"` + key + `" = \{`
	case "director":
		pattern = `"` + key + `": \{`
	case "nagios", "nrpe":
		pattern = `(?m)^#   ` + name + ` =`
	case "man":
		pattern = `\\fB` + strings.ReplaceAll("--"+name, "-", `\\-`) + `\\fR`
	case "bash":
		pattern = `[" ]--` + name + `[" ]`
	case "zsh":
		pattern = `[',*]--` + name + `[[=}']`
	case "fish":
		pattern = ` -l ` + name + ` `
	}
	return regexp.MustCompile(pattern)
}

// TestEveryFlag: every artefact has every flag, or a reason for leaving it out.
func TestEveryFlag(t *testing.T) {
	m := app.Model()
	for _, f := range gen.Formats() {
		text := string(f.Write(app.Model()))
		reasons := gen.LeftOut(f.Name)
		for _, flag := range m.App.Flags {
			short := ""
			if flag.Short != 0 {
				short = string(flag.Short)
			}
			found := offers(f.Name, flag.Name, short).MatchString(text)
			if wanted := reasons[flag.Name] == ""; found != wanted {
				t.Errorf("%s: --%s: offered %v, want %v (reason %q)", f.Name, flag.Name, found, wanted, reasons[flag.Name])
			}
			delete(reasons, flag.Name)
		}
		for name := range reasons {
			t.Errorf("%s leaves out --%s, which is not a flag", f.Name, name)
		}
	}
}

// TestSecretFlags: no definition whose arguments end up in process lists has a flag that
// holds a secret.
func TestSecretFlags(t *testing.T) {
	for _, flag := range app.Model().App.Flags {
		if !flag.Tag.Has("secret") {
			continue
		}
		for _, format := range []string{"icinga2", "director"} {
			if gen.LeftOut(format)[flag.Name] == "" {
				t.Errorf("%s offers --%s, which is a secret", format, flag.Name)
			}
		}
	}
	for _, f := range gen.Formats() {
		if f.Name != "nagios" && f.Name != "nrpe" {
			continue
		}
		for line := range strings.SplitSeq(string(f.Write(app.Model())), "\n") {
			command := strings.Contains(line, "command_line") || strings.HasPrefix(line, "command[")
			if command && regexp.MustCompile(`-P|--password[ =]|--password-command`).MatchString(line) {
				t.Errorf("%s: a secret or a command in %q", f.Name, line)
			}
			if command && f.Name == "nrpe" && strings.Contains(line, "$ARG") {
				t.Errorf("nrpe: an argument from the network in %q", line)
			}
		}
	}
}

// TestGuarded: the Director's basket has no flag that runs commands or writes files.
// People who may edit a service there may have no such rights on the node.
func TestGuarded(t *testing.T) {
	out, found := gen.LeftOut("director"), 0
	for _, flag := range app.Model().App.Flags {
		if !flag.Tag.Has("guarded") {
			continue
		}
		found++
		if out[flag.Name] == "" {
			t.Errorf("the Director's basket offers --%s", flag.Name)
		}
	}
	if found == 0 {
		t.Error("no flag is guarded")
	}
}

// TestOptionalValues: a flag that may be without a value is passed in one word with it, as
// a value that begins with a hyphen must not become a flag of its own.
func TestOptionalValues(t *testing.T) {
	for _, i := range []int{0, 1} {
		f := gen.Formats()[i]
		text := string(f.Write(app.Model()))
		for _, name := range []string{"demo", "extra-opts"} {
			variable := "$imap_session_" + strings.ReplaceAll(name, "-", "_") + "$"
			if gen.LeftOut(f.Name)[name] == "" && !strings.Contains(text, `"--`+name+"="+variable+`"`) || strings.Contains(text, `"`+variable+`"`) {
				t.Errorf("%s: --%s and its value are two words", f.Name, name)
			}
		}
	}
}

// TestCommitted: the committed files are what the grammar gives.
func TestCommitted(t *testing.T) {
	for _, f := range gen.Formats() {
		got, err := os.ReadFile(filepath.Join("..", "..", f.Path))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != string(f.Write(app.Model())) {
			t.Errorf("%s is out of date: run go generate ./...", f.Path)
		}
	}
}

// TestFormats: --generate takes the formats that exist.
func TestFormats(t *testing.T) {
	grammar := cli.Model()
	var have, words []string
	for _, f := range gen.Formats() {
		have = append(have, f.Name)
	}
	for _, flag := range grammar.Flags {
		if flag.Name == "generate" {
			words = strings.FieldsFunc(flag.Enum, func(r rune) bool { return r == ',' })
		}
	}
	if !slices.Equal(have, words) {
		t.Errorf("--generate takes %v, gen writes %v", words, have)
	}
}

func TestGenerateFlag(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--generate=icinga2"}, 0, `object CheckCommand "imap_session"`},
		{[]string{"--generate", "man"}, 0, ".TH CHECK_IMAP_SESSION"},
		{[]string{"--generate=icinga2", "-H", "imap.example.com"}, 3, "--generate stands alone"},
		{[]string{"--generate=icinga"}, 3, "did you mean icinga2"},
		{[]string{"--generate="}, 3, "no host given"},
	} {
		var out bytes.Buffer
		code := app.Main(tt.args, app.Env{Program: "check_imap_session", Stdin: strings.NewReader(""), Stdout: &out, Getenv: func(string) string { return "" }})
		if code != tt.code || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%q: got exit %d, %.200s; want %d and %q", tt.args, code, out.String(), tt.code, tt.want)
		}
	}
}

// TestDirector holds the basket to what an import needs: nothing refers to what
// is not inside, and nothing has a uuid, which Director 1.10 refuses.
func TestDirector(t *testing.T) {
	var basket struct {
		Command map[string]struct {
			Arguments map[string]struct {
				Value string
				SetIf string `json:"set_if"`
			}
			Fields []struct {
				ID int `json:"datafield_id"`
			}
			Imports []string
			Vars    map[string]string
		}
		DataList map[string]struct {
			Name    string `json:"list_name"`
			Entries []any
		}
		Categories map[string]any `json:"DatafieldCategory"`
		Datafield  map[string]struct {
			Varname, Caption string
			Category         *string
			Settings         struct{ Datalist string }
		}
		ServiceTemplate map[string]struct {
			Command string `json:"check_command"`
			Imports []string
		}
	}
	text := gen.Formats()[1].Write(app.Model())
	if err := json.Unmarshal(text, &basket); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(`"uuid"`)) {
		t.Error("an object has a uuid")
	}
	command := basket.Command["cmd-check-imap-session"]
	for name, service := range basket.ServiceTemplate {
		if _, ok := basket.Command[service.Command]; !ok || len(service.Imports)+len(command.Imports) > 0 {
			t.Errorf("%s refers to objects outside: %q %q %q", name, service.Command, service.Imports, command.Imports)
		}
	}
	if len(command.Fields) != len(basket.Datafield) || len(command.Fields) != len(command.Arguments) {
		t.Errorf("%d fields for %d arguments and %d data fields", len(command.Fields), len(command.Arguments), len(basket.Datafield))
	}
	values := ""
	for _, a := range command.Arguments {
		values += a.Value + a.SetIf + "\n"
	}
	seen, first := map[string]bool{}, 0
	for _, f := range basket.Datafield {
		caption := strings.TrimLeft(f.Caption, " ")
		if seen[caption] || regexp.MustCompile(`^[^A-Z]|-|_`).MatchString(caption) {
			t.Errorf("%s: caption %q", f.Varname, f.Caption)
		}
		seen[caption] = true
		if f.Category == nil {
			first++
		} else if basket.Categories[*f.Category] == nil {
			t.Errorf("%s is in %s, which is not in the basket", f.Varname, *f.Category)
		}
		if l := f.Settings.Datalist; l != "" && (basket.DataList[l].Name != l || len(basket.DataList[l].Entries) < 2) {
			t.Errorf("%s offers %q, which is not in the basket", f.Varname, l)
		}
		if f.Category != nil && !strings.HasPrefix(f.Caption, " ") {
			t.Errorf("%s: gen does not know the place of %s among the groups", f.Varname, *f.Category)
		}
		if !strings.Contains(values, "$"+f.Varname+"$") {
			t.Errorf("no argument uses the field %s", f.Varname)
		}
	}
	if first != 8 {
		t.Errorf("%d fields without a heading", first)
	}
}

// TestShells lets the programs themselves read what is written for them.
func TestShells(t *testing.T) {
	file := func(name string) string { return filepath.Join("..", "..", "contrib", name) }
	const complete = `source "$1"; COMP_WORDS=(check_imap_session "${@:2}"); COMP_CWORD=$(($# - 1)); _check_imap_session; echo "${COMPREPLY[*]}"`
	bash := func(words ...string) []string {
		return append([]string{"bash", "-c", complete, "-", file("completions/check_imap_session.bash")}, words...)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{bash("--fetch", "=", "e"), "envelope"},
		{bash("-o", "n"), "nagios"},
		{bash("--allow"), "--allow-plaintext-auth"},
		{bash("--with", "=", "id,no"), "id,noop"},
		{bash("--skip", "li"), "list"},
		{bash("--state", "auth_failed=warning,timeo"), "auth_failed=warning,timeout="},
		{bash("--demo", "=", "li"), "list"},
		{[]string{"fish", "-c", "source $argv[1]; complete -C 'check_imap_session --with id,no' | string replace -r '\\t.*' ''", file("completions/check_imap_session.fish")}, "id,noop"},
		{[]string{"mandoc", "-T", "lint", "-W", "warning", file("man/check_imap_session.1")}, ""},
		{[]string{"zsh", "-n", file("completions/_check_imap_session")}, ""},
		{[]string{"fish", "-n", file("completions/check_imap_session.fish")}, ""},
		{[]string{"groff", "-man", "-Tutf8", "-ww", "-z", file("man/check_imap_session.1")}, ""},
	} {
		t.Run(tt.args[0], func(t *testing.T) {
			if _, err := exec.LookPath(tt.args[0]); err != nil {
				t.Skipf("skip: %v", err)
			}
			out, err := exec.Command(tt.args[0], tt.args[1:]...).CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != tt.want {
				t.Errorf("%q: got %q, %v, want %q", tt.args, got, err, tt.want)
			}
		})
	}
}
