package app_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/imaptest"
)

// TestTimesOverTCP delays one step by 300 ms and looks for it where it belongs,
// within 15 ms. Exact times are held under synctest in package session; this is
// the same over real sockets, where a loaded machine may need another try.
func TestTimesOverTCP(t *testing.T) {
	const delay, slack = 0.300, 0.015
	for _, tt := range []struct{ step, script string }{
		{"greeting", "wait 300ms\nS: * OK ready\nserve"},
		{"capability", "S: * OK ready\ndelay CAPABILITY 300ms\nserve"},
		{"login", "S: * OK ready\ndelay LOGIN 300ms\nserve"},
		{"list", "S: * OK ready\ndelay LIST 300ms\nserve"},
		{"select", "S: * OK ready\ndelay EXAMINE 300ms\nserve"},
		{"fetch", "S: * OK ready\ndelay FETCH 300ms\nserve"},
		{"logout", "S: * OK ready\ndelay LOGOUT 300ms\nserve"},
	} {
		t.Run(tt.step, func(t *testing.T) {
			t.Parallel()
			srv := imaptest.Serve(t, tt.script, imaptest.Options{})
			var wrong []string
			for range 8 {
				wrong = timesWrong(t, srv.Port(), tt.step, delay, slack)
				if len(wrong) == 0 {
					return
				}
			}
			t.Errorf("in none of 8 tries: %s", strings.Join(wrong, ", "))
		})
	}
}

// timesWrong runs a check and returns the times that are not as expected.
func timesWrong(t *testing.T, port int, step string, delay, slack float64) []string {
	t.Helper()
	r := runMain(t, map[string]string{"CHECK_IMAP_SESSION_PASSWORD": "secret"},
		"-H", "127.0.0.1", "-p", strconv.Itoa(port), "--tls=none", "--allow-plaintext-auth", "-U", "alice", "-o", "json")
	var got struct {
		Metrics []struct {
			Name  string
			Value float64
		}
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.code != 0 {
		t.Fatalf("exit %d, %v\n%s", r.code, err, r.out)
	}
	var wrong []string
	for _, m := range got.Metrics {
		if !strings.HasPrefix(m.Name, "time") {
			continue
		}
		want := 0.0
		if m.Name == "time" || m.Name == "time_"+step {
			want = delay
		}
		if m.Value < want || m.Value > want+slack {
			wrong = append(wrong, fmt.Sprintf("%s is %.3f, want %.3f to %.3f", m.Name, m.Value, want, want+slack))
		}
	}
	return wrong
}
