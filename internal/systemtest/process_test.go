package systemtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/imaptest"
)

// program returns the program as a process of its own: the test binary called by
// the program's name, see testscript.Main.
func program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	skipUnderRace(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{programName}, args...), Env: []string{}, Dir: t.TempDir()}
}

// loginFlags are the flags for a login on a server without TLS.
func loginFlags(t testing.TB, srv *imaptest.Server, args ...string) []string {
	t.Helper()
	file := writeFile(t, t.TempDir(), "password", []byte(scriptPassword+"\n"))
	return append([]string{"-H", "imap.test", "--address=127.0.0.1", fmt.Sprintf("--port=%d", srv.Port()),
		"--tls=none", "--allow-plaintext-auth", "-U", "monitor", "--password-file=" + file}, args...)
}

// start starts the program. What it returns waits for its end and reads what it
// printed; standard error must be empty.
func start(t testing.TB, cmd *exec.Cmd) (wait func() result) {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() result {
		t.Helper()
		err := cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("%v: %v", cmd.Args, err)
		}
		if stderr.Len() > 0 {
			t.Errorf("%v: standard error is %q, want nothing", cmd.Args, stderr.String())
		}
		r, err := readResult(cmd.Args[1:], stdout.String(), cmd.ProcessState.ExitCode())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// received waits until the server has got a line with verb in it.
func received(t testing.TB, srv *imaptest.Server, verb string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		for _, line := range srv.Received() {
			if strings.Contains(line, verb) {
				return
			}
		}
		time.Sleep(time.Millisecond) // the other process has no channel to us
	}
	t.Fatalf("the server has not received %s, but %q", verb, srv.Received())
}

// skipUnderRace ends a test of processes under the race detector, which makes each
// start take ten times as long and counts as its memory. The same code runs under
// it in this process.
func skipUnderRace(t testing.TB) {
	t.Helper()
	info, _ := debug.ReadBuildInfo()
	if info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("skip: processes run without the race detector")
	}
}

// peakVariable names the file that the program, as a process of a test, leaves
// its peak of resident memory in, in KiB.
const peakVariable = "CHECK_IMAP_SESSION_TEST_PEAK"

// leavePeak writes that file. What the system says of a child counts what its
// parent had resident, so the process looks itself.
func leavePeak() {
	status, _ := os.ReadFile("/proc/self/status")
	if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); m != nil {
		os.WriteFile(os.Getenv(peakVariable), m[1], 0o600)
	}
}
