//go:build linux

package schedtest

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/servertest"
)

const (
	daemonTimeout = 40 * time.Second // for a daemon to do what is awaited; a loaded machine needs more than the usual 3 s
	pollEvery     = 20 * time.Millisecond
)

// waitFor polls until ok says true, and ends the test when it never does.
func waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(daemonTimeout); !ok(); time.Sleep(pollEvery) {
		if time.Now().After(end) {
			tb.Fatalf("%s: not within %v", what, daemonTimeout)
		}
	}
}

// daemon is a running program.
type daemon struct{ *servertest.Process }

// start runs a daemon in the foreground until the test ends.
func start(tb testing.TB, dir string, cmd *exec.Cmd) daemon {
	tb.Helper()
	log := filepath.Join(dir, filepath.Base(cmd.Path)+".out")
	cmd.Dir = dir
	d := daemon{servertest.Start(tb, cmd, log)}
	tb.Cleanup(func() {
		d.stop(tb)
		if tb.Failed() {
			tb.Logf("%s said:\n%.4000s", cmd.Path, read(tb, log))
		}
	})
	return d
}

// stop ends a daemon. Icinga and Nagios have children in groups of their own.
func (d daemon) stop(tb testing.TB) {
	tb.Helper()
	d.Stop(tb, 5*time.Second)
}

// checkProcesses checks that no secret is in the arguments and the environment of a
// daemon and of those of its children that run the same program. What it
// starts for a check is the recorder's to look at.
func (d daemon) checkProcesses(t *testing.T) {
	t.Helper()
	program, err := os.Readlink(procFile(d.PID, "exe"))
	if err != nil {
		t.Fatal(err)
	}
	family := []int{d.PID}
	for i := 0; i < len(family); i++ { // it grows meanwhile
		pid := family[i]
		family = append(family, children(t, pid)...)
		if exe, err := os.Readlink(procFile(pid, "exe")); err != nil || exe != program {
			continue // a check, or gone
		}
		for _, name := range []string{"cmdline", "environ"} {
			text, err := readFile(procFile(pid, name))
			if pid == d.PID && (err != nil || text == "") {
				t.Errorf("%s of %s: %q, %v", name, program, text, err)
			}
			if found := leaks(text, filePassword, iniPassword, envPassword); found != nil {
				t.Errorf("%s, process %d: its %s shows %q", program, pid, name, found)
			}
		}
	}
	if len(family) < 2 {
		t.Errorf("%s has no children: its workers were not looked at", program)
	}
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// children returns the processes that a process has started.
func children(tb testing.TB, pid int) []int {
	tb.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		tb.Fatal(err)
	}
	var pids []int
	for _, path := range all {
		text, _ := readFile(path) // the process may have ended
		if !strings.Contains(text, "\nPPid:\t"+strconv.Itoa(pid)+"\n") {
			continue
		}
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			tb.Fatal(err)
		}
		pids = append(pids, n)
	}
	return pids
}

// freePort returns a free port of 127.0.0.1.
func freePort(tb testing.TB) string {
	tb.Helper()
	return strconv.Itoa(servertest.FreePort(tb))
}

// listening reports whether an address accepts connections.
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

// giveToNagios makes the nagios user, as which the daemons run, the owner of all below dir.
func giveToNagios(tb testing.TB, dir string) {
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

// subdir makes a folder below dir, where it is missing, and returns its path.
func subdir(tb testing.TB, dir, name string) string {
	tb.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		tb.Fatal(err)
	}
	return path
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
