package cli

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/guard"
)

// TestLockoutGuardFlags: how long the wait is, and which file the secret is in.
func TestLockoutGuardFlags(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	file := write(t, filepath.Join(dir, "pw"), "secret\n")
	write(t, filepath.Join(credentials, "pw"), "secret\n")
	for _, tt := range []struct {
		args   string
		wait   time.Duration
		source string
		err    string
	}{
		{"--lockout-guard=g --password-file=" + file, 30 * time.Minute, file, ""},
		{"--lockout-guard=g --lockout-wait=2h -P x", 2 * time.Hour, "", ""},
		{"--lockout-guard=g --lockout-wait=90 -P x", 90 * time.Second, "", ""},
		{"--lockout-guard=g --password-file=pw", 30 * time.Minute, "", ""}, // a new file in every run
		{"--lockout-guard=g --oauth-token-file=" + file, 30 * time.Minute, file, ""},
		{"--lockout-guard=g --lockout-wait=10s -P x", 0, "", `"10s" is not a duration from 1m to 168h`},
		{"--lockout-wait=1h -P x", 0, "", "--lockout-wait has no effect without --lockout-guard"},
	} {
		req, err := Parse(append([]string{"-H", "h", "-U", "u"}, strings.Fields(tt.args)...), env(map[string]string{envCredentials: credentials}))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %q", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
			continue
		}
		req.guardSource()
		want := guard.Source{}
		if tt.source != "" {
			want = guard.SourceOf(tt.source)
		}
		if g := req.Session.Guard; g.Wait != tt.wait || g.Source != want {
			t.Errorf("%s: wait %v, source %+v, want %v, %+v", tt.args, g.Wait, g.Source, tt.wait, want)
		}
	}
}
