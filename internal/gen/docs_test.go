package gen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"check_imap_session/internal/cli"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// pages returns README.md and all of docs, by their paths from the top.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	top := filepath.Join("..", "..")
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md", ".github/*.md", "contrib/*.md"} {
		paths, err := filepath.Glob(filepath.Join(top, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(top, path)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.ToSlash(name)] = string(text)
		}
	}
	return all
}

// commandLine finds a command line of the plugin that a page shows.
var commandLine = regexp.MustCompile(`(?m)^(?:    |[$#] )?(?:sudo -u \w+ )?(?:/usr/lib/nagios/plugins/)?check_imap_session (-[^|>\n]*)`)

// TestDocs: the grammar takes every command line of the pages.
func TestDocs(t *testing.T) {
	count := 0
	for name, text := range pages(t) {
		for _, m := range commandLine.FindAllStringSubmatch(strings.ReplaceAll(text, "\\\n", ""), -1) {
			count++
			// The shell's own reading of quotes.
			words, err := exec.Command("bash", "-c", `printf '%s\0' `+m[1]).Output()
			if err != nil {
				t.Errorf("%s: %q: %v", name, m[0], err)
				continue
			}
			args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
			if _, err := cli.Parse(args, cli.Env{Getenv: func(string) string { return "" }}); err != nil {
				t.Errorf("%s: %q: %v", name, m[0], err)
			}
		}
	}
	if count < 25 {
		t.Errorf("only %d command lines found in the pages", count)
	}
}

// TestDocsAgree: the pages and the shipped files use one name for each thing in their
// examples.
func TestDocsAgree(t *testing.T) {
	all := pages(t)
	delete(all, "docs/openmetrics.md") // its example is a timer with files of its own
	for _, pattern := range []string{"nagios/*", "nrpe/*", "icinga2/*.conf", "icinga2/distributed/*/*.conf", "icinga2/distributed/*/*/*.conf", "man/*"} {
		paths, err := filepath.Glob(filepath.Join("..", "..", "contrib", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %v", pattern, paths, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[path] = string(text)
		}
	}
	for what, rule := range map[string]struct{ use, want *regexp.Regexp }{
		"user name": {regexp.MustCompile(`(?:-U |username = "?)'?([\w@.\\$-]+)`),
			regexp.MustCompile(`^(probe(@[a-z.]+)?|NTDOMAIN\\+probe\\+shared|support|orders@example.com|\$ARG2\$|\$imap_session_username\$|USER|and|the)$`)},
		"password file": {regexp.MustCompile(`password[-_]file ?= ?"?([/~][^\s"]*)`),
			regexp.MustCompile(`^/etc/nagios/imap(-[a-z]+)?\.password$`)},
		"ini file":           {regexp.MustCompile(`(?:opts[= ]|!)\w+@([/~][^\s")]*)`), regexp.MustCompile(`^/etc/nagios/imap_session\.ini$`)},
		"interval of Icinga": {regexp.MustCompile(`(?m)^ *check_interval = (\w+)`), regexp.MustCompile(`^(5m|30s)$`)}, // 30s is that of nodes
		"interval of Nagios": {regexp.MustCompile(`(?m)^#? *check_interval  +(\w+)`), regexp.MustCompile(`^5$`)},
	} {
		found := 0
		for name, text := range all {
			for _, m := range rule.use.FindAllStringSubmatch(text, -1) {
				if found++; !rule.want.MatchString(m[1]) {
					t.Errorf("%s: another %s: %q", name, what, m[0])
				}
			}
		}
		if found < 3 {
			t.Errorf("%s: found %d times only", what, found)
		}
	}
}

// TestChangelogNames wants the changelog to name every metric, but the time of a step,
// and every step that somebody may ask for: they are public.
func TestChangelogNames(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := session.Optional()
	for _, def := range report.MetricTable() {
		if !strings.HasPrefix(def.Name, report.StepTime("")) {
			names = append(names, def.Name)
		}
	}
	for _, name := range names {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("CHANGELOG.md does not name `%s`", name)
		}
	}
}

// TestDocsLimits wants every limit of docs/metrics.md to be one that the grammar
// takes.
func TestDocsLimits(t *testing.T) {
	text := pages(t)["docs/metrics.md"]
	limits := regexp.MustCompile("`([a-z_]+=[^`]+)` ?(?:\\||:)").FindAllStringSubmatch(text, -1)
	if len(limits) < 40 {
		t.Fatalf("only %d limits found", len(limits))
	}
	for _, m := range limits {
		args := strings.Fields("-H imap.example.com -U probe --password-file=/etc/nagios/imap.password --search=ALL --append=Probe --all-addresses=worst -w " + m[1])
		switch metric, _, _ := strings.Cut(m[1], "="); metric {
		case "mailboxes", "time_mailboxes":
			args = append(args, "--mailboxes=*")
		case "client_certificate_days":
			args = append(args, "--client-cert=own.pem")
		case "client_secret_days":
			args = strings.Fields("-H imap.example.com -U probe --oauth-token-url=https://login.example.com/token --oauth-client-id=probe --oauth-client-secret-file=secret --oauth-client-secret-expires=2027-03-31 -w " + m[1])
		}
		if _, err := cli.Parse(args, cli.Env{Getenv: func(string) string { return "" }}); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
}

// TestRecipes: every Icinga variable and every line of an ini file in the recipes is one
// that the shipped definitions have.
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
	variables, keys, lang := 0, 0, ""
	for line := range strings.Lines(read("docs", "authentication.md")) {
		if fence, found := strings.CutPrefix(strings.TrimSpace(line), "```"); found {
			lang = fence
		}
		name, _, found := strings.Cut(strings.TrimSpace(line), " = ")
		variable, isVariable := strings.CutPrefix(name, "vars.")
		switch {
		case !found || lang != "ini" && lang != "icinga2":
		case isVariable:
			variables++
			if !strings.Contains(icinga, "$"+variable+"$") {
				t.Errorf("%s is not in the command definition of Icinga", name)
			}
		default:
			keys++
			if !strings.Contains(nagios, "\n#   "+name+" = ") {
				t.Errorf("%s is not a line of an ini file", name)
			}
		}
	}
	if variables < 20 || keys < 20 {
		t.Errorf("found %d variables and %d lines, want more", variables, keys)
	}
}
