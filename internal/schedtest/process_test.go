//go:build linux

package schedtest

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const (
	patience  = 40 * time.Second // for a daemon to do what is awaited; a loaded machine needs more than the usual 3 s
	pollEvery = 20 * time.Millisecond
)

// need ends the test where a program is missing, or root, which the daemons
// want so that they can become another user.
func need(tb testing.TB, files ...string) {
	tb.Helper()
	lack := ""
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			lack = err.Error()
		}
	}
	if lack == "" && os.Geteuid() != 0 {
		lack = "starting it takes root"
	}
	switch {
	case lack == "":
	case os.Getenv("CHECK_IMAP_SESSION_REQUIRE_SERVERS") == "1":
		tb.Fatalf("%s (run .ci/install-schedulers)", lack)
	default:
		tb.Skipf("skip: scheduler not installed: %s", lack)
	}
}

// waitFor polls until ok says true, and ends the test when it never does.
func waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(pollEvery) {
		if time.Now().After(end) {
			tb.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// start runs a daemon in the foreground until the test ends, and returns the
// file its output goes to. The thread that forks must outlive it, since the
// kernel takes its end for that of the process (https://go.dev/issue/27505).
func start(tb testing.TB, dir string, cmd *exec.Cmd) string {
	tb.Helper()
	log, err := os.Create(filepath.Join(dir, filepath.Base(cmd.Path)+".out"))
	if err != nil {
		tb.Fatal(err)
	}
	defer log.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // its log says how it ended
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// First the soft way: Icinga and Nagios have children in groups of
		// their own, which end with them.
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		if tb.Failed() {
			text, _ := os.ReadFile(log.Name())
			tb.Logf("%s said:\n%.4000s", cmd.Path, text)
		}
	})
	return log.Name()
}

// freePort returns a port of 127.0.0.1 on which nobody listens.
func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// listening says whether somebody accepts connections there.
func listening(addr string) bool {
	c, err := net.Dial("tcp4", addr)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// output runs a program to its end and returns what it printed and how it ended.
func output(tb testing.TB, name string, args ...string) (string, int) {
	tb.Helper()
	cmd := exec.Command(name, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// give makes all below dir the nagios user's, as which the daemons run.
func give(tb testing.TB, dir string) {
	tb.Helper()
	u, err := user.Lookup("nagios")
	if err != nil {
		tb.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func write(tb testing.TB, path, text string, mode os.FileMode) {
	tb.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), mode)
	}
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func read(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// readFile is for files that daemons write meanwhile.
func readFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	return string(b), err
}
