package app

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// recorder is a standard output that counts its writes.
type recorder struct {
	strings.Builder
	writes int
	err    error
}

func (r *recorder) Write(p []byte) (int, error) {
	r.writes++
	if r.err != nil {
		return 0, r.err
	}
	return r.Builder.Write(p)
}

// fakeEnv is an environment without signals, variables and input.
func fakeEnv(out *recorder) Env {
	return Env{Stdin: strings.NewReader(""), Stdout: out, Getenv: func(string) string { return "" }}
}

// call runs the program on a line, the words of which have no blanks.
func call(line string, change func(*Env)) (code int, out *recorder) {
	out = &recorder{}
	env := fakeEnv(out)
	if change != nil {
		change(&env)
	}
	return Main(strings.Fields(line), env), out
}

// panicky panics when it is read.
type panicky struct{}

func (panicky) Read([]byte) (int, error) { panic("boom | <b>") }

// Whatever happens there is one output, in one write, and an exit code from 0 to
// 3 (rules E1, E2, O3, O11).
func TestMainAnswersOnce(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	tests := []struct {
		name string
		args string
		env  func(*Env)
		code int
		want string
	}{
		{"good", "--demo", nil, 0, "IMAP_SESSION OK - "},
		{"bad", "--demo=auth-failed", nil, 2, "IMAP_SESSION CRITICAL - "},
		{"usage", "--nonsense", nil, 3, "IMAP_SESSION UNKNOWN - usage: "},
		{"help", "-h", nil, 3, "check_imap_session runs"},
		{"version", "-V", nil, 3, "check_imap_session "},
		{"config", "-H h -U u --password-file=/nonexistent", nil, 3, "IMAP_SESSION UNKNOWN - config: "},
		{"config as JSON", "-H h -U u --password-file=/nonexistent -o json", nil, 3, `{"schema":1,`},
		{"panic in the command line", "-H h -U u", func(e *Env) { e.Getenv = func(string) string { panic("boom | <b>") } }, 3, "IMAP_SESSION UNKNOWN - internal: boom ! {b} - please report this bug"},
		{"panic in a reader", "-H h -U u --password-file=-", func(e *Env) { e.Stdin = panicky{} }, 3, "IMAP_SESSION UNKNOWN - internal: "},
		{"password that never comes", "-H h -U u --password-file=- -t 50ms", func(e *Env) { e.Stdin = blocked{never} }, 3, "IMAP_SESSION UNKNOWN - config: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out := call(tt.args, tt.env)
			if code != tt.code {
				t.Errorf("%s: got exit code %d, want %d", tt.args, code, tt.code)
			}
			if got := out.String(); !strings.HasPrefix(got, tt.want) || !strings.HasSuffix(got, "\n") {
				t.Errorf("%s: got %q, want %q at its start", tt.args, got, tt.want)
			}
			if out.writes != 1 {
				t.Errorf("%s: got %d writes, want 1", tt.args, out.writes)
			}
			first, _, _ := strings.Cut(out.String(), "\n")
			if strings.Contains(first, "goroutine ") {
				t.Errorf("%s: a stack on the first line: %s", tt.args, first)
			}
		})
	}
}

// When nobody could read the output, nobody may see an OK.
func TestMainCannotWrite(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"--demo", "--demo=auth-failed", "-h"} {
		full := &recorder{err: errors.New("no space left")}
		if code := Main(strings.Fields(args), fakeEnv(full)); code != 3 || full.writes != 1 {
			t.Errorf("%s: got exit code %d and %d writes, want 3 and 1", args, code, full.writes)
		}
	}
}

// At the deadline the output is out within 100 ms (rule D3); the test allows a
// loaded machine more.
func TestMainKeepsTheDeadline(t *testing.T) {
	t.Parallel()
	start := time.Now()
	code, out := call("--demo=hang-at-fetch -t 300ms", nil)
	if took := time.Since(start); took < 250*time.Millisecond || took > 3*time.Second {
		t.Errorf("it took %v, want 300ms", took)
	}
	if code != 2 || !strings.Contains(out.String(), "fetch timed out") {
		t.Errorf("got exit code %d and %q, want 2 and a timeout at fetch", code, out.String())
	}
}

func TestVersionIsOneWord(t *testing.T) {
	if v := Version(); v == "" || strings.ContainsAny(v, " \n") {
		t.Errorf("got %q", v)
	}
}
