package systemtest

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/app"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/session"
)

const (
	rejecting   = "greet\nserve LOGIN\nwait 1s\nS: {tag} NO [AUTHENTICATIONFAILED] Wrong.\nserve"
	unavailable = "greet\nserve LOGIN\nS: {tag} NO [UNAVAILABLE] Database is down.\nserve"
	referring   = "greet\nserve LOGIN\nS: {tag} NO [REFERRAL imap://b.test/] Elsewhere.\nserve"
	limiting    = "greet\nserve LOGIN\nS: {tag} NO [LIMIT] Too many.\nserve"
	healthy     = "greet\nserve"
)

// lockout runs checks one after the other on the virtual clock.
type lockout struct {
	args   []string
	addrs  []string // of the host; more than one for --all-addresses
	logins int      // LOGIN commands of the last run
}

// run runs one check against servers with the scripts, one for each address, and returns
// its first line without perfdata.
func (l *lockout) run(t *testing.T, scripts ...string) (string, int) {
	t.Helper()
	record := &imaptest.Record{}
	r := runIn(t, app.Env{Getenv: environment{}.get, Session: func(c *session.Config) {
		c.Dial.Lookup = resolving(l.addrs...)
		c.Dial.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, _ := net.SplitHostPort(address)
			i := slices.Index(l.addrs, host)
			return scripted(t, scripts[i], imaptest.Options{Record: record})(ctx, network, address)
		}
	}}, append([]string{"-H", "imap.test", "--tls=none", "--allow-plaintext-auth", "-U", "probe"}, l.args...)...)
	l.logins = 0
	for _, line := range record.Received() {
		if strings.Contains(line, " LOGIN ") {
			l.logins++
		}
	}
	text, _, _ := strings.Cut(r.Text, "\n")
	return text, r.code
}

// TestLockoutGuard checks that after a rejected login the next runs do not log in and stay
// CRITICAL, until the wait is over, when one login is tried, or until the password file
// has changed.
func TestLockoutGuard(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, dir, "password", []byte("s3cret-word\n"))
	state := filepath.Join(dir, "guard")
	synctest.Test(t, func(t *testing.T) {
		l := &lockout{args: []string{"--password-file=" + file, "--lockout-guard=" + state}, addrs: []string{"192.0.2.7"}}
		for _, step := range []struct {
			name, script string
			after        time.Duration
			write        string
			code, logins int
			want         string
		}{
			{"healthy", healthy, 0, "", 0, 1, "OK - imap.test probe INBOX: "},
			{"rejected", rejecting, time.Minute, "", 2, 1, "login as probe rejected after 1.000 s: [AUTHENTICATIONFAILED] Wrong. - check user name and password ("},
			{"held", healthy, time.Minute, "", 2, 0, "login as probe not tried: rejected at 00:01, next try at 00:31 or when the password changes (lockout guard) - check user name and password ("},
			{"still held", healthy, 27 * time.Minute, "", 2, 0, "not tried: rejected at 00:01"},
			{"one try after the wait", rejecting, 3 * time.Minute, "", 2, 1, "rejected after 1.000 s"},
			{"a new wait", healthy, time.Minute, "", 2, 0, "not tried: rejected at 00:32, next try at 01:02"},
			{"a new password", healthy, 0, "another\n", 0, 1, "OK - "},
			{"forgotten", healthy, 0, "", 0, 1, "OK - "},
			{"unavailable", unavailable, 0, "", 2, 1, "login as probe not possible now"},
			{"a referral", referring, 0, "", 2, 1, "login as probe refused"},
			{"a limit", limiting, 0, "", 2, 1, "login as probe refused"},
			{"none of them counts", healthy, 0, "", 0, 1, "OK - "},
		} {
			time.Sleep(step.after)
			if step.write != "" {
				writeFile(t, dir, "password", []byte(step.write))
			}
			if text, code := l.run(t, step.script); code != step.code || l.logins != step.logins || !strings.Contains(text, step.want) {
				t.Fatalf("%s: exit code %d, %d logins, want %d, %d and %q:\n%s", step.name, code, l.logins, step.code, step.logins, step.want, text)
			}
		}
	})
	data, err := os.ReadFile(state)
	if err != nil || strings.Contains(string(data), "s3cret-word") || strings.Contains(string(data), "another") {
		t.Errorf("%v, the guard's file is %s", err, data)
	}
}

// TestLockoutGuardOnlyTime checks that a new secret ends no wait when it is not in a
// file.
func TestLockoutGuardOnlyTime(t *testing.T) {
	state := filepath.Join(t.TempDir(), "guard")
	synctest.Test(t, func(t *testing.T) {
		l := &lockout{args: []string{"-P", "wrong", "--lockout-guard=" + state, "--lockout-wait=48h"}, addrs: []string{"192.0.2.7"}}
		l.run(t, rejecting)
		l.args[1] = "right"
		want := "not tried: rejected at 2000-01-01 00:00, next try at 2000-01-03 00:00 (lockout guard)"
		if text, code := l.run(t, healthy); code != 2 || l.logins != 0 || !strings.Contains(text, want) {
			t.Errorf("exit code %d, %d logins, want %q:\n%s", code, l.logins, want, text)
		}
	})
}

// TestLockoutGuardFile checks that a file that cannot be used stays as it is, is said on the first
// line, and the check goes on.
func TestLockoutGuardFile(t *testing.T) {
	state := writeFile(t, t.TempDir(), "hosts", []byte("127.0.0.1 localhost\n"))
	synctest.Test(t, func(t *testing.T) {
		l := &lockout{args: []string{"-P", "x", "--lockout-guard=" + state}, addrs: []string{"192.0.2.7"}}
		const remark = "hosts: it is broken, or not a file of the lockout guard"
		text, code := l.run(t, healthy)
		if code != 0 || !strings.Contains(text, "but lockout guard not used: ") || !strings.Contains(text, remark) {
			t.Errorf("exit code %d:\n%s", code, text)
		}
		text, code = l.run(t, rejecting)
		if code != 2 || !strings.Contains(text, "Wrong.") || !strings.Contains(text, " (lockout guard not used: ") {
			t.Errorf("exit code %d:\n%s", code, text)
		}
	})
	if data, _ := os.ReadFile(state); string(data) != "127.0.0.1 localhost\n" {
		t.Errorf("the file is now %q", data)
	}
}

// TestLockoutAddresses checks that once one address has rejected the login the others stop before
// theirs. An address that only hangs does not stop the logins of the others.
func TestLockoutAddresses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		scripts []string
		code    int
		logins  int
		want    []string
	}{
		{"all reject", []string{rejecting, rejecting, rejecting}, 2, 1, []string{"0 of 3 addresses OK, 192.0.2.", "login as probe rejected", "Wrong. - check user name and password", "(and 2 more)"}},
		{"all well", []string{healthy, healthy, healthy}, 0, 3, []string{"3 of 3 addresses OK"}},
		{"one hangs in the login", []string{"greet\nserve LOGIN\nhold", healthy, healthy}, 2, 3, []string{"2 of 3 addresses OK", "192.0.2.1: login as probe timed out"}},
		{"one is unavailable", []string{unavailable, healthy, healthy}, 2, 3, []string{"2 of 3 addresses OK", "192.0.2.1: login as probe not possible now"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &lockout{args: []string{"-P", "x", "--all-addresses=worst"}, addrs: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}}
				text, code := l.run(t, tt.scripts...)
				if code != tt.code || l.logins != tt.logins {
					t.Errorf("exit code %d, %d logins, want %d, %d:\n%s", code, l.logins, tt.code, tt.logins, text)
				}
				for _, want := range tt.want {
					if !strings.Contains(text, want) {
						t.Errorf("%q is missing in\n%s", want, text)
					}
				}
			})
		})
	}
}
