package secret

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestCommandEndsWithUs kills a process while it waits for its command, which holds a
// FIFO open as long as it runs.
func TestCommandEndsWithUs(t *testing.T) {
	const name = "CHECK_IMAP_SESSION_TEST_COMMAND"
	if cmdline := os.Getenv(name); cmdline != "" {
		_, _ = FromCommand(context.Background(), cmdline, nil)
		return
	}
	cmdline, fifo := script(t, `exec 3> "%FIFO%"; echo started >&3; exec sleep 10`)
	us := exec.Command(os.Args[0], "-test.run=^TestCommandEndsWithUs$")
	us.Env = append(os.Environ(), name+"="+cmdline)
	if err := us.Start(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = us.Process.Kill()
	_ = us.Wait()
	began := time.Now()
	if _, err := io.Copy(io.Discard, lines); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("the command went on for %v, %v", time.Since(began), err)
	}
}
