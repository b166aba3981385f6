package app

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// blocked never has anything to read and never takes what is written to it.
type blocked struct{ never chan struct{} }

func (b blocked) Read([]byte) (int, error)  { <-b.never; return 0, errors.New("never") }
func (b blocked) Write([]byte) (int, error) { <-b.never; return 0, errors.New("never") }

// timed is call on a virtual clock, and says how long it took.
func timed(t *testing.T, line string, change func(*Env, blocked)) (code int, out string, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		began := time.Now()
		var printed *recorder
		code, printed = call(line, func(e *Env) { change(e, blocked{never}) })
		out, took = printed.String(), time.Since(began)
	})
	return code, out, took
}

func blockInput(e *Env, b blocked) { e.Stdin = b }

// TestCommandLineHasATime reads an ini file from a standard input that does not end.
func TestCommandLineHasATime(t *testing.T) {
	code, out, took := timed(t, "-H h --extra-opts=x@-", blockInput)
	if code != 3 || took != 8*time.Second || !strings.HasPrefix(out, "IMAP_SESSION UNKNOWN - config: reading the command line took longer than 8s - ") {
		t.Errorf("got exit code %d after %v: %s", code, took, out)
	}
}

// slow lets each read take a while.
type slow struct{ io.Reader }

func (s slow) Read(p []byte) (int, error) { time.Sleep(2 * time.Second); return s.Reader.Read(p) }

// TestCommandLineTakesAllTheTime must not blame the network for it.
func TestCommandLineTakesAllTheTime(t *testing.T) {
	code, out, _ := timed(t, "-H h -t 1 --extra-opts=x@-", func(e *Env, _ blocked) { e.Stdin = slow{strings.NewReader("[x]\nauth=none\n")} })
	if want := "IMAP_SESSION UNKNOWN - config: reading the command line took longer than -t allows"; code != 3 || !strings.HasPrefix(out, want) {
		t.Errorf("got exit code %d: %s", code, out)
	}
}

// TestNobodyReads writes to a full pipe that nobody reads.
func TestNobodyReads(t *testing.T) {
	for line, want := range map[string]time.Duration{
		"-H h -U u --password-file=/nonexistent -t 1": 1100 * time.Millisecond,
		"--nonsense": 8100 * time.Millisecond,
	} {
		code, _, took := timed(t, line, func(e *Env, b blocked) { e.Stdout = b })
		if code != 3 || took != want {
			t.Errorf("%s: got exit code %d after %v, want 3 after %v", line, code, took, want)
		}
	}
}

// TestLateAnswer: a secret that never comes is left at the deadline, and the
// output is out within 100 ms of it.
func TestLateAnswer(t *testing.T) {
	for _, line := range []string{
		"-H h -U u --password-file=- -t 5",
		"-H h -U u --oauth-token-file=- -t 5",
		"-H h -U u --oauth-token-url=https://h/t --oauth-client-id=c --oauth-client-secret-file=- -t 5",
		"-H h -U u --oauth-token-url=https://h/t --oauth-client-id=c --oauth-refresh-token-file=- -t 5",
	} {
		code, out, took := timed(t, line, blockInput)
		if late := took - 5*time.Second; late < 0 || late > 100*time.Millisecond {
			t.Errorf("%s: output %v after the deadline, want at most 100ms", line, late)
		}
		if want := "IMAP_SESSION UNKNOWN - config: reading the secrets took longer than -t allows"; code != 3 || !strings.HasPrefix(out, want) {
			t.Errorf("%s: code %d, %q, want 3, %q", line, code, out, want)
		}
	}
}
