//go:build linux

package servertest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// holdVariable makes TestHold start the server it names.
const holdVariable = "SERVERTEST_HOLD"

// TestHold is not a test but the process that TestKilled kills. It prints
// the process groups and the folder of a server and then waits for its end.
func TestHold(t *testing.T) {
	name := os.Getenv(holdVariable)
	if name == "" {
		t.Skip("only run by TestKilled")
	}
	cert, key, _ := certificate(t)
	for _, l := range All() {
		if l.Name != name {
			continue
		}
		s := l.Start(t, Spec{CertFile: cert, KeyFile: key, Accounts: []Account{{User: "a", Password: "b"}}})
		fmt.Print("\nheld ", s.dir)
		for _, p := range s.procs {
			fmt.Print(" ", p.PID)
		}
		fmt.Println()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

// TestKilled checks that no process of a server is left after its test was killed.
func TestKilled(t *testing.T) {
	for _, l := range All() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestHold$")
			cmd.Env = append(os.Environ(), holdVariable+"="+l.Name)
			_, errIn := cmd.StdinPipe() // held open, so that TestHold waits
			out, errOut := cmd.StdoutPipe()
			if errIn != nil || errOut != nil {
				t.Fatal(errIn, errOut)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var held []string
			var said strings.Builder
			for lines := bufio.NewScanner(out); held == nil && lines.Scan(); {
				said.WriteString(lines.Text() + "\n")
				if rest, ok := strings.CutPrefix(lines.Text(), "held "); ok {
					held = strings.Fields(rest)
				}
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			_ = cmd.Wait() // says it was killed
			if held == nil {
				if strings.Contains(said.String(), "FAIL") {
					t.Fatalf("%s did not start: %s", l.Name, said.String())
				}
				t.Skipf("skip: server not installed: %s", l.Name)
			}
			t.Cleanup(func() { os.RemoveAll(held[0]) })
			for _, field := range held[1:] {
				pid, err := strconv.Atoi(field)
				if err != nil {
					t.Fatal(err)
				}
				if !waitFor(stopLimit, func() bool { return !groupAlive(pid) }) {
					t.Errorf("%s: process group %d outlived its test", l.Name, pid)
				}
			}
		})
	}
}
