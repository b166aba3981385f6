//go:build unix

package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestGuardedKeys wants keys that run a command or write a file only from an ini
// file that nobody else can change.
func TestGuardedKeys(t *testing.T) {
	const refused = "other users can change"
	for _, tt := range []struct {
		name, line string
		mode       os.FileMode
		owner      int // -1 for the user of the test
		err        string
	}{
		{"ours", "password-command = pw", 0o600, -1, ""},
		{"ours, others read", "password-command = pw", 0o644, -1, ""},
		{"the group writes", "password-command = pw", 0o660, -1, refused},
		{"others write", "password-command = pw", 0o606, -1, refused},
		{"another owner", "password-command = pw", 0o600, 65534, refused},
		{"token command", "oauth-token-command = t", 0o660, -1, refused},
		{"transcript", "transcript = /tmp/t", 0o660, -1, refused},
		{"token cache", "oauth-cache = /tmp/t", 0o660, -1, refused},
		{"lockout guard", "lockout-guard = /tmp/t", 0o660, -1, refused},
		{"refresh token", "oauth-refresh-token-file = /tmp/t", 0o660, -1, refused},
		{"a harmless key", "password-file = f", 0o666, 65534, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, filepath.Join(t.TempDir(), "x.ini"), "[x]\n"+tt.line+"\n")
			if err := os.Chmod(file, tt.mode); err != nil {
				t.Fatal(err)
			}
			if tt.owner >= 0 && os.Chown(file, tt.owner, -1) != nil {
				t.Skip("only root can give a file away")
			}
			_, err := Parse([]string{"-H", "h", "--extra-opts=x@" + file, "--explain"}, env(nil))
			if got := err != nil && strings.Contains(err.Error(), refused); got != (tt.err != "") {
				t.Errorf("got error %v, want %q", err, tt.err)
			}
			if tt.err != "" && !errors.Is(err, fs.ErrPermission) { // then it is an error of the configuration
				t.Errorf("the cause of %v is not %v", err, fs.ErrPermission)
			}
		})
	}
}

// TestIniFileIsAFIFO wants an error at once: opening a FIFO waits for a writer.
func TestIniFileIsAFIFO(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Parse([]string{"-H", "h", "--extra-opts=x@" + fifo}, env(nil))
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v, want an error that says why", err)
	}
}
