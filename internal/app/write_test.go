package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWrite: the file has the whole output and standard output nothing, whatever the
// answer is; a file that is not ours stays, and then the answer is on standard output.
func TestWrite(t *testing.T) {
	for _, tt := range []struct {
		name, args, old string
		code            int
		file, stdout    string // what they begin with
	}{
		{"check", "--demo", "", 0, "IMAP_SESSION OK - DEMO", ""},
		{"format", "--demo -o openmetrics", "# HELP imap_session_state x\n", 0, "# HELP imap_session_success", ""},
		{"failure", "--demo=auth-failed -o json", "IMAP_SESSION OK - x", 2, `{"schema":1`, ""},
		{"usage", "-H h -U u --nonsense -o openmetrics", "", 3, "# HELP imap_session_success", ""},
		{"config", "-H h -U u --password-file=nowhere/x", "", 3, "IMAP_SESSION UNKNOWN - config: --password-file", ""},
		{"help", "--help", "", 3, "", "check_imap_session runs"},
		{"somebody's file", "--demo", "precious\n", 3, "precious", "IMAP_SESSION UNKNOWN - config: --write="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			if tt.old != "" {
				if err := os.WriteFile(path, []byte(tt.old), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var out recorder
			var stderr strings.Builder
			env := fakeEnv(&out)
			env.Stderr = &stderr
			code := Main(append(strings.Fields(tt.args), "--write="+path), env)
			file, _ := os.ReadFile(path)
			if code != tt.code || !strings.HasPrefix(string(file), tt.file) || (tt.file == "") != (len(file) == 0) ||
				!strings.HasPrefix(out.String(), tt.stdout) || (tt.stdout == "") != (out.Len() == 0) || stderr.Len() > 0 {
				t.Errorf("exit code %d, file %.80q, stdout %.200q, stderr %q", code, file, out.String(), stderr.String())
			}
			if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 1 {
				t.Errorf("files %v, %v", left, err)
			}
		})
	}
}

// TestStandardError: only OpenMetrics text, which has no room for words, says there
// why there was no check.
func TestStandardError(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-H h -U u --nonsense -o openmetrics", "IMAP_SESSION UNKNOWN - usage: unknown flag --nonsense - --help lists the flags\n"},
		{"-H h -U u --password-file=nowhere/x -o openmetrics", "IMAP_SESSION UNKNOWN - config: --password-file: file nowhere/x: no such file or directory - correct the file or command named here\n"},
		{"-H h -U u --nonsense -o json", ""}, {"-H h -U u --nonsense", ""},
		{"--demo=auth-failed -o openmetrics", ""}, {"--demo -o openmetrics", ""},
	} {
		var stderr strings.Builder
		if _, out := call(tt.args, func(e *Env) { e.Stderr = &stderr }); stderr.String() != tt.want || out.Len() == 0 {
			t.Errorf("%s: standard error %q, want %q; output %.80q", tt.args, stderr.String(), tt.want, out.String())
		}
	}
}

// TestLabels: every series of every answer has the labels of its check.
func TestLabels(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--demo -o openmetrics --label=team=mail", `host="imap.example.com",port="PORT",username="demo",mailbox="INBOX",team="mail"`},
		{"-H h -U u --nonsense -o openmetrics --label team=mail", `host="h",port="993",username="u",mailbox="INBOX",team="mail"`},
		{"-H h -U u -p 143 -m Sent --password-file=nowhere/x -o openmetrics --label=username=", `host="h",port="143",mailbox="Sent"`},
		{"-H h --auth=none -w nonsense=1 -o openmetrics", `host="h",port="993"`},
	} {
		_, out := call(tt.args, nil)
		series := 0
		for line := range strings.Lines(out.String()) {
			if line = regexp.MustCompile(`port="\d{5}"`).ReplaceAllString(line, `port="PORT"`); strings.HasPrefix(line, "imap_session_") {
				series++
				if _, labels, _ := strings.Cut(line, "{"); !strings.HasPrefix(labels, tt.want) {
					t.Errorf("%s: %s", tt.args, line)
				}
			}
		}
		if series < 5 {
			t.Errorf("%s: %d series in %s", tt.args, series, out.String())
		}
	}
}
