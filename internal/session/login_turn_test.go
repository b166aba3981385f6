package session

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/guard"
	"check_imap_session/internal/report"
)

// TestLoginTurn checks how long each address waits for the login at another one.
func TestLoginTurn(t *testing.T) {
	const (
		first   = "greet\ndelay LOGIN 1s\nserve"
		silent  = "greet\nserve LOGIN\nhold"
		preauth = "S: * PREAUTH ready\nserve"
		down    = "greet\nserve LOGIN\nwait 1s\nS: {tag} NO [UNAVAILABLE] down\nserve"
	)
	for _, tt := range []struct {
		name    string
		limit   time.Duration
		scripts []string // of addresses, each of which connects 10 ms after the one before
		want    []string // how long each waits; "" for no wait, "failed" for a login that failed
	}{
		{"until the first has logged in", 8 * time.Second, []string{first, first, first}, []string{"", "0.990 s", "0.980 s"}},
		{"until the first has failed, then for the next", 8 * time.Second, []string{down, first, first}, []string{"failed", "0.990 s", "1.980 s"}},
		{"PREAUTH is not a login", 8 * time.Second, []string{first, preauth, first}, []string{"", "", "0.980 s"}},
		{"half of the time that is left", 8 * time.Second, []string{silent, well}, []string{"failed", "3.995 s"}},
		{"five seconds at most", 30 * time.Second, []string{silent, well}, []string{"failed", "5.000 s"}},
		{"a millisecond is said", 8 * time.Second, []string{"greet\ndelay LOGIN 11ms\nserve", well}, []string{"", "1.0 ms"}},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			var nodes []node
			for i, script := range tt.scripts {
				nodes = append(nodes, node{fmt.Sprintf("192.0.2.%d", i+1), script, time.Duration(i) * 10 * time.Millisecond})
			}
			f := newFarm(t, nodes...)
			f.limit = tt.limit
			for i, s := range f.run(t, "worst").Sessions {
				login := s.Step(report.StepLogin)
				_, got, _ := strings.Cut(login.Detail, ", after ")
				got = strings.TrimSuffix(got, " of waiting for the first login")
				if login.Outcome == report.Failed {
					got = "failed"
				}
				if got != tt.want[i] {
					t.Errorf("address %d waited %q, want %q", i, got, tt.want[i])
				}
			}
		})
	}
}

// TestFirstRejection keeps the address that was the first to reject a login.
func TestFirstRejection(t *testing.T) {
	l := newLogins()
	l.done("192.0.2.1", guard.Rejected, true)
	l.done("192.0.2.2", guard.Rejected, false)
	if got := l.rejectedBy(); got != "192.0.2.1" {
		t.Errorf("rejected by %q, want 192.0.2.1", got)
	}
}

// TestGuardedLogin wants the entry of a rejected login under the host, the port, the user
// and the mechanism, and in the next run the times of it.
func TestGuardedLogin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guard")
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.cfg.Rejected = func(*report.StepError) bool { return true }
		b.cfg.Guard = &guard.Guard{Path: path, Wait: time.Hour}
		b.run(t, "greet\nserve LOGIN\nS: {tag} NO [AUTHENTICATIONFAILED] no\nserve")
		login := guard.Login{Host: "imap.test", Port: 143, User: "alice", Mechanism: "LOGIN"}
		if held, err := (&guard.Guard{Path: path, Wait: time.Hour}).Ask(context.Background(), login); held == nil || err != nil {
			t.Errorf("%+v is held %v, %v", login, held, err)
		}
		b.cfg.Guard = &guard.Guard{Path: path, Wait: time.Hour}
		r := b.run(t, "greet\nserve")
		for name, want := range map[string]string{"login_rejected_at": "2000-01-01T00:00:00Z", "login_next_try": "2000-01-01T01:00:00Z"} {
			if got := r.Fact(name); got != want {
				t.Errorf("%s is %v, want %s", name, got, want)
			}
		}
	})
}
