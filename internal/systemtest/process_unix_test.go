//go:build unix

package systemtest

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"check_imap_session/internal/imaptest"
)

// TestSignals: SIGTERM is what Icinga sends at its own time limit, and SIGINT what an admin
// presses: both end the run at once, with what was measured until then (rules
// E7, D5).
func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{
		syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGALRM, syscall.SIGXCPU,
	} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			srv := imaptest.Serve(t, "greet\nserve LOGIN\nhold", imaptest.Options{})
			cmd := program(t, loginFlags(t, srv, "-t", "30")...)
			wait := start(t, cmd)
			received(t, srv, "LOGIN")
			sent := time.Now()
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			r := wait()
			took := time.Since(sent)
			if r.code != 3 {
				t.Fatalf("got exit code %d, want 3", r.code)
			}
			for _, want := range []string{"login as monitor interrupted", "waiting for the answer to LOGIN"} {
				if !strings.Contains(r.Text, want) {
					t.Errorf("first line %q, want %q in it", r.Text, want)
				}
			}
			if got, want := r.Labels(), []string{"time", "time_connect", "time_greeting"}; !slices.Equal(got, want) {
				t.Errorf("perfdata: got %v, want %v", got, want)
			}
			if took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestSignalWhileReading sends a signal before the session, while standard input
// is read and does not end.
func TestSignalWhileReading(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		more int // bytes, more than the pipe holds: once they are written, the program reads
		want string
	}{
		{"password", []string{"-H", "127.0.0.1", "-U", "monitor", "--password-file=-", "-t", "30"}, 8 << 10, "interrupted: "},
		{"command line", []string{"-H", "h", "--extra-opts=x@-"}, 512 << 10, "interrupted: while reading the command line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			const setPipeSize = 1031 // F_SETPIPE_SZ of Linux
			if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, w.Fd(), setPipeSize, 4096); errno != 0 && tt.more < 64<<10 {
				t.Skipf("skip: a pipe of one page: %v", errno)
			}
			cmd := program(t, tt.args...)
			cmd.Stdin = r
			wait := start(t, cmd)
			r.Close()
			if _, err := w.Write(make([]byte, tt.more)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if got := wait(); !strings.HasPrefix(got.Text, "IMAP_SESSION UNKNOWN - "+tt.want) {
				t.Errorf("got %q", got.Text)
			}
		})
	}
}

// TestStdoutClosed has a standard output that takes nothing, as when the scheduler has
// ended: the exit code is that of UNKNOWN, and nothing hangs.
func TestStdoutClosed(t *testing.T) {
	t.Parallel()
	srv := imaptest.Serve(t, "greet\nserve", imaptest.Options{})
	broken := func(t *testing.T) *os.File {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		t.Cleanup(func() { w.Close() })
		return w
	}
	full := func(t *testing.T) *os.File {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("no /dev/full:", err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	tests := []struct {
		name string
		out  func(*testing.T) *os.File
		args []string
	}{
		{"pipe without a reader", broken, loginFlags(t, srv)},
		{"full device", full, loginFlags(t, srv)},
		{"help", broken, []string{"--help"}},
		{"usage error", broken, []string{"--xyzzy"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := program(t, tt.args...)
			var stderr strings.Builder
			cmd.Stdout, cmd.Stderr = tt.out(t), &stderr
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != 3 || stderr.Len() > 0 {
				t.Errorf("got exit code %d (%v), standard error %q, want 3 and nothing", code, cmd.ProcessState, stderr.String())
			}
		})
	}
}

// fullPipe returns a pipe that takes no more.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	r, w := os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe")
	t.Cleanup(func() { r.Close(); w.Close() })
	syscall.SetNonblock(fds[1], true)
	for {
		if _, err := syscall.Write(fds[1], make([]byte, 1)); err != nil {
			break
		}
	}
	syscall.SetNonblock(fds[1], false)
	return w
}

// TestNobodyReads has a full pipe as standard output: the process ends when its time is
// up, or by a signal.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, timeout string
		signal        bool
	}{{"deadline", "1", false}, {"signal", "60", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := imaptest.Serve(t, "greet\nserve", imaptest.Options{})
			cmd := program(t, loginFlags(t, srv, "-t", tt.timeout)...)
			cmd.Stdout = fullPipe(t)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if tt.signal {
				received(t, srv, "LOGOUT")
				cmd.Process.Signal(syscall.SIGTERM)
			}
			_ = cmd.Wait()
			if code, took := cmd.ProcessState.ExitCode(), time.Since(began); code != 3 || took > 10*time.Second {
				t.Errorf("got exit code %d (%v) after %v, want 3", code, cmd.ProcessState, took)
			}
		})
	}
}

// TestVerbosityIsOnlyMore: the verbosity changes what stands below, never line 1, perfdata or exit code
// (rule V2).
func TestVerbosityIsOnlyMore(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)
	after := regexp.MustCompile(` after [0-9.]+ s`) // left out below a millisecond
	scripts := map[string]string{
		"good":   "greet\nserve",
		"failed": "greet\nserve LOGIN\nS: {tag} NO [AUTHENTICATIONFAILED] No.\nserve",
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := imaptest.Serve(t, script, imaptest.Options{})
			var first string
			var firstCode, lines int
			for i, v := range []string{"--verbose=0", "-v", "-vv", "-vvv", "-vvvvv"} {
				r := start(t, program(t, loginFlags(t, srv, "-w", "time_greeting=5", v)...))()
				line, _, _ := strings.Cut(r.out, "\n")
				line = number.ReplaceAllString(after.ReplaceAllString(line, ""), "N")
				if i == 0 {
					first, firstCode, lines = line, r.code, len(r.Long)
					continue
				}
				if line != first || r.code != firstCode {
					t.Errorf("%s: got exit code %d and %q, without -v %d and %q", v, r.code, line, firstCode, first)
				}
				if i < 4 && len(r.Long) <= lines {
					t.Errorf("%s: got %d lines, one level less has %d", v, len(r.Long), lines)
				}
				lines = len(r.Long)
			}
		})
	}
}

// TestJSON checks what the keys of the JSON form hold, and in which order.
func TestJSON(t *testing.T) {
	t.Parallel()
	srv := imaptest.Serve(t, "greet\ndelay LOGIN 50ms\nserve", imaptest.Options{})
	d := start(t, program(t, loginFlags(t, srv, "-o", "json", "-w", "messages=1,folders=1", "-c", "messages=2", "-t", "7")...))()
	if d.code != 2 {
		t.Errorf("exit code: got %d, want 2", d.code)
	}
	got := fmt.Sprint(d.Target.Host, d.Target.Address, d.Target.TLS, d.Target.Username, d.Target.Mailbox)
	if want := fmt.Sprint("imap.test", "127.0.0.1", "none", "monitor", "INBOX"); got != want || d.Target.Port != srv.Port() {
		t.Errorf("target: got %s port %d, want %s port %d", got, d.Target.Port, want, srv.Port())
	}
	var steps []string
	for _, s := range d.Steps {
		steps = append(steps, s.Name+" "+s.Outcome)
	}
	if want := []string{"connect passed", "greeting passed", "capability skipped", "login passed", "list passed", "select passed",
		"fetch passed", "logout passed"}; !slices.Equal(steps, want) {
		t.Errorf("steps: got %v, want %v", steps, want)
	}
	login := d.Steps[3]
	if *login.Seconds < 0.05 || *login.Seconds > 5 || *login.Start <= 0 {
		t.Errorf("login: got start %v, seconds %v, want seconds from 0.05", *login.Start, *login.Seconds)
	}
	var metrics []string
	for _, m := range d.Metrics {
		metrics = append(metrics, m.Name)
	}
	if want := []string{"time", "time_connect", "time_greeting", "time_login", "time_list", "time_select", "time_fetch", "time_logout",
		"folders", "messages", "message_age", "message_size", "fetch_size"}; !slices.Equal(metrics, want) {
		t.Errorf("metrics: got %v, want %v", metrics, want)
	}
	if m := d.Metrics[0]; m.Unit != "s" || m.Max == nil || *m.Max != 7 || *m.Min != 0 {
		t.Errorf("time: got %+v, want unit s, min 0, max 7", m)
	}
	var findings []string
	for _, f := range d.Findings {
		findings = append(findings, strings.Join([]string{f.State, f.Kind, f.Step, f.Metric}, " "))
	}
	if want := []string{"CRITICAL threshold select messages", "WARNING threshold list folders"}; !slices.Equal(findings, want) {
		t.Errorf("findings: got %v, want %v", findings, want)
	}
	for _, name := range []string{"greeting", "capabilities", "mechanism", "address"} {
		if d.Facts[name] == nil {
			t.Errorf("fact %s is missing", name)
		}
	}
}
