package systemtest

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/servertest"
)

// TestByHand does what the plugin says that a person can do, against a real
// server: the lines of --explain, and the one that stands below a failure.
func TestByHand(t *testing.T) {
	srv, ca := startServer(t, "dovecot", "")
	for _, program := range []string{"openssl", "curl"} {
		_, err := exec.LookPath(program)
		servertest.Need(t, err)
	}
	env := password("secret")
	for _, m := range modes[:2] {
		t.Run(m.name, func(t *testing.T) {
			args := append(m.args(srv), "-H", "imap.test", "--address", srv.Host, "--ca-file", ca, "-U", "alice", "-t", "30s")
			t.Run("explain", func(t *testing.T) {
				r := runMain(t, env, append(args, "--explain", "--with=noop,namespace,idle", "-m", "Deleted Items")...)
				_, dialogue, ok := strings.Cut(r.out, "By hand")
				if r.code != 3 || !ok {
					t.Fatalf("exit %d:\n%s", r.code, r.out)
				}
				var lines []string
				for _, l := range regexp.MustCompile(`(?m)^ *\d+\. (.*)$`).FindAllStringSubmatch(dialogue, -1) {
					lines = append(lines, l[1])
				}
				if last := typed(t, lines); !strings.Contains(last, "OK") {
					t.Errorf("LOGOUT is answered by %q", last)
				}
				_, curl, _ := strings.Cut(dialogue, "    curl ")
				curl = "curl " + strings.Replace(strings.TrimSpace(curl), "-u alice", "-u alice:secret", 1)
				out, err := exec.Command("sh", "-c", curl).CombinedOutput()
				if err != nil || !strings.Contains(string(out), "< * 2 EXISTS") {
					t.Errorf("%s: %v\n%s", curl, err, out)
				}
			})
			for name, tt := range map[string]struct {
				args []string
				want string // in the answer to the last line
			}{
				"select": {[]string{"-m", "Missing"}, "NO"},
				"fetch":  {[]string{"-m", "Deleted Items", "--message=uid:999"}, "OK"},
			} {
				t.Run(name, func(t *testing.T) {
					r := runMain(t, env, append(append(args, "-v"), tt.args...)...)
					_, line, ok := strings.Cut(r.out, "by hand: ")
					line, _, _ = strings.Cut(line, "\n")
					if r.code != 2 || !ok {
						t.Fatalf("exit %d:\n%s", r.code, r.out)
					}
					if last := typed(t, strings.Split(line, ", then ")); !strings.Contains(last, tt.want) {
						t.Errorf("%s\nis answered by %q, want %s", line, last, tt.want)
					}
				})
			}
		})
	}
}

// typed opens a conversation with the first line, types the others, and returns
// the answer to the last one. Secrets and numbers are filled in.
func typed(t *testing.T, lines []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+lines[0])
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	in := bufio.NewScanner(stdout)
	number := "1"
	// answer reads up to the line that ends an answer.
	answer := func(sent string) string {
		tag, _, _ := strings.Cut(sent, " ")
		idle := strings.HasSuffix(sent, " IDLE")
		for in.Scan() {
			words := strings.Fields(in.Text())
			switch {
			case len(words) > 2 && words[2] == "EXISTS":
				number = words[1]
			case len(words) > 0 && (words[0] == tag || idle && words[0] == "+"):
				return in.Text()
			}
		}
		t.Fatalf("%s\n%q is not answered: %v", lines[0], sent, in.Err())
		return ""
	}
	var idling string
	last := ""
	if !strings.Contains(lines[0], "-starttls") { // else openssl has read it
		last = answer("* greeting")
	}
	for _, l := range lines[1:] {
		l = strings.ReplaceAll(strings.Replace(l, "FETCH N", "FETCH "+number, 1), "PASSWORD", "secret")
		if _, err := io.WriteString(stdin, l+"\n"); err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasSuffix(l, " IDLE"):
			idling = l
			answer(l)
		case l == "DONE":
			last = answer(strings.TrimSuffix(idling, " IDLE"))
		default:
			last = answer(l)
		}
	}
	return last
}
