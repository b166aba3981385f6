//go:build unix

package secret

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script writes an executable shell script and returns the command line that runs
// it. %FIFO% in it is the path of the returned FIFO.
func script(t *testing.T, text string) (cmdline, fifo string) {
	t.Helper()
	dir := t.TempDir()
	path, fifo := filepath.Join(dir, "script"), filepath.Join(dir, "fifo")
	text = strings.ReplaceAll(text, "%FIFO%", fifo)
	if err := errors.Join(os.WriteFile(path, []byte(text+"\n"), 0o600), syscall.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	return "/bin/sh '" + path + "' hunter2", fifo
}

func TestFromCommand(t *testing.T) {
	tests := []struct {
		name, script, want string
		err                []string // parts of the message, nil = none
		cause              error
	}{
		{"first line", "echo secret; echo rest", "secret", nil, nil},
		{"no line end", "printf secret", "secret", nil, nil},
		{"CRLF", `printf 'secret\r\n'`, "secret", nil, nil},
		{"stderr is not it", "echo warning >&2; echo secret", "secret", nil, nil},
		{"argument", `echo "$#-$1"`, "1-hunter2", nil, nil},
		{"stdin is empty", "cat; echo secret", "secret", nil, nil},
		{"large, but allowed", "echo secret; head -c 65000 /dev/zero", "secret", nil, nil},
		{"nothing", "exit 0", "", []string{"first line is empty"}, ErrEmpty},
		{"empty first line", "echo; echo secret", "", []string{"first line is empty"}, ErrEmpty},
		{"NUL byte", `printf 'hunter2\0\n'`, "", []string{"save it as UTF-8 text"}, ErrNUL},
		{"too much", "echo hunter2; cat /dev/zero", "", []string{"more than 64 KiB"}, errTooMuch},
		{"fails silently", "exit 3", "", []string{"exit status 3"}, nil},
		{"fails with a word", "echo first >&2; echo no such entry >&2; exit 4", "", []string{"exit status 4: no such entry"}, nil},
		{"fails after the secret", "set -x; echo hunter2; exit 5", "", []string{"exit status 5: + exit 5"}, nil},
		{"shows the secret on stderr", "echo hunter2; echo bad hunter2 >&2; exit 6", "", []string{"exit status 6: bad ***"}, nil},
		{"killed", "kill -9 $$", "", []string{"signal: killed"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmdline, _ := script(t, tt.script)
			s, err := FromCommand(t.Context(), cmdline, nil)
			if s.Reveal() != tt.want || (err == nil) != (tt.err == nil) {
				t.Fatalf("got %q, %v, want %q, %q", s.Reveal(), err, tt.want, tt.err)
			}
			if err == nil {
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Source != "command /bin/sh" || leaks(err.Error()) != "" {
				t.Errorf("got %q, want an *Error of command /bin/sh without argument and content", err)
			}
			for _, part := range tt.err {
				if !strings.HasSuffix(err.Error(), part) && !strings.Contains(err.Error(), part+",") {
					t.Errorf("got %q, want %q", err, part)
				}
			}
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("got %q, want %q", err, tt.cause)
			}
			if exit := new(exec.ExitError); strings.Contains(err.Error(), "exit status") && !errors.As(err, &exit) {
				t.Errorf("got %q, want an *exec.ExitError in it", err)
			}
		})
	}
}

// watch follows who holds the FIFO open: it calls started when somebody wrote a
// line into it, and closes gone when nobody has it open any more.
func watch(t *testing.T, fifo string, started func()) (gone chan error) {
	gone = make(chan error, 1)
	go func() {
		f, err := os.Open(fifo)
		if err != nil {
			gone <- err
			return
		}
		defer f.Close()
		r := bufio.NewReader(f)
		if _, err = r.ReadString('\n'); err == nil {
			started()
			_, err = io.Copy(io.Discard, r)
		}
		gone <- err
	}()
	return gone
}

func TestFromCommandLeavesNoChild(t *testing.T) {
	tests := []struct {
		name, script string
		stopped      bool // by the context, else it ends by itself
		want         string
		err          string
	}{
		{"command hangs", "exec 9>%FIFO%; echo go >&9; exec sleep 600", true, "", "stopped before it was done: enough"},
		{"child holds stdout", "exec 9>%FIFO%; sleep 600 & echo waiting for the vault >&2; echo go >&9; wait", true, "", "enough: waiting for the vault"},
		{"child of a child", "exec 9>%FIFO%; (sleep 600 & wait) & echo go >&9; wait", true, "", "enough"},
		{"signals ignored", "exec 9>%FIFO%; trap '' TERM INT HUP; echo go >&9; while :; do sleep 600; done", true, "", "enough"},
		{"child holds stdout behind a success", "exec 9>%FIFO%; sleep 600 & echo go >&9; echo secret", false, "secret", ""},
		{"child holds stdout behind a failure", "exec 9>%FIFO%; sleep 600 & echo go >&9; exit 3", false, "", "exit status 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			enough := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			cmdline, fifo := script(t, tt.script)
			gone := watch(t, fifo, func() {
				if tt.stopped {
					cancel(enough)
				}
			})
			s, err := FromCommand(ctx, cmdline, nil)
			if s.Reveal() != tt.want || tt.stopped != errors.Is(err, enough) {
				t.Errorf("got %q, %v, want %q, %q", s.Reveal(), err, tt.want, tt.err)
			}
			if err != nil && !strings.HasSuffix(err.Error(), tt.err) {
				t.Errorf("got %q, want %q", err, tt.err)
			}
			if err := <-gone; err != nil { // hangs when a child is left
				t.Error(err)
			}
		})
	}
}

// TestFromCommandLeavesDaemonsAlone: what a successful command started and cut off
// from its output, an agent perhaps, goes on.
func TestFromCommandLeavesDaemonsAlone(t *testing.T) {
	cmdline, fifo := script(t, "{ read line <%FIFO%; echo $line >%FIFO%.tmp; mv %FIFO%.tmp %FIFO%.out; } >/dev/null 2>&1 & echo secret")
	// Open for both, so that neither side waits for the other to open it.
	daemon, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	s, err := FromCommand(t.Context(), cmdline, nil)
	if err != nil || s.Reveal() != "secret" {
		t.Errorf("got %q, %v, want the secret", s.Reveal(), err)
	}
	if _, err := daemon.WriteString("alive\n"); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; {
		got, err := os.ReadFile(fifo + ".out")
		if err == nil {
			if string(got) != "alive\n" {
				t.Errorf("got %q from the daemon, want alive", got)
			}
			return
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("the daemon was killed: it did not answer")
		}
		time.Sleep(5 * time.Millisecond) // a look at the file, not a guess at a time
	}
}

func TestFromCommandDoesNotStartLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := FromCommand(ctx, "/bin/sh -c 'echo hunter2'", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestFromFileReadsAPipe reads a pipe that the process has been given, and no other
// file that may never end.
func TestFromFileReadsAPipe(t *testing.T) {
	_, fifo := script(t, "")
	if _, _, err := FromFile(fifo, nil); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("a FIFO in a folder: %v", err)
	}
	if err := os.Chmod(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	go func() {
		if w, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
			_, _ = w.WriteString("secret\n")
			<-t.Context().Done() // kept open
			w.Close()
		}
	}()
	r, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, remarks, err := FromFile(fmt.Sprintf("/dev/fd/%d", r.Fd()), nil)
	if err != nil || s.Reveal() != "secret" || len(remarks) > 0 {
		t.Errorf("got %q, %q, %v, want the secret and no remark on a pipe", s.Reveal(), remarks, err)
	}
}
