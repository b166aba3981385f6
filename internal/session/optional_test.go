package session

import (
	"slices"
	"strings"
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

// TestAsked says which configurations bring optional steps in, and why.
func TestAsked(t *testing.T) {
	asked := func(metrics ...string) (c Config) {
		asks(metrics...)(&c)
		return c
	}
	criteria, err := ParseCriteria("UNSEEN")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		cfg  Config
		want string // optional steps and reasons
	}{
		{"nothing", Config{}, ""},
		{"metrics of other steps", asked(report.Messages, "time_login"), ""},
		{"by threshold", asked(report.QuotaStoragePercent), "quota: asked by -c quota_storage_percent"},
		{"by a threshold on the time", asked("time_noop"), "noop: asked by -c time_noop"},
		{"by --with", Config{With: set("id", "idle")}, "id: asked by --with=id; idle: asked by --with=idle"},
		{"by a flag", Config{Search: criteria}, "search: asked by --search"},
		{"by --expect-rights", Config{Expect: Expect{Rights: imap.RightSet("l")}}, "rights: asked by --expect-rights"},
		{"status in one place", asked(report.MessagesUnseen), "status: asked by -c messages_unseen"},
		{"status in two places", asked(report.MessagesDeleted), "status: asked by -c messages_deleted; status: asked by -c messages_deleted"},
		{"without login", Config{With: set("noop", "quota"), Auth: auth.None}, "noop: asked by --with=noop"},
		{"without select", Config{With: set("search", "status"), Skip: set("select")}, "status: asked by --with=status"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Dial.Host = "imap.test"
			plan := mustPlan(t, tt.cfg)
			var got []string
			relist := false
			for _, s := range plan {
				if why := s.Why(&tt.cfg); why != "" {
					got = append(got, s.Name+": "+why)
				}
				relist = relist || s.Name == "capability" && s.Needs == Authenticated
			}
			if got := strings.Join(got, "; "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			needs := strings.Contains(tt.want, "quota") || strings.Contains(tt.want, "status") || strings.Contains(tt.want, "search") || strings.Contains(tt.want, "id") || strings.Contains(tt.want, "rights")
			if relist != needs {
				t.Errorf("capabilities after login asked for: %v, want %v", relist, needs)
			}
		})
	}
}

// TestRemoved holds the difference between a step that a flag leaves out and
// one that nobody has asked for.
func TestRemovedOptional(t *testing.T) {
	for _, tt := range []struct {
		name, step, want string
		change           func(*Config)
	}{
		{"asked for", "quota", "", func(*Config) {}},
		{"until", "quota", "--until=login", func(c *Config) { c.Until = "login" }},
		{"no login", "quota", "--auth=none", func(c *Config) { c.Auth = auth.None }},
		{"skip select", "search", "--skip", skips("select")},
		{"not asked for", "idle", "", func(*Config) {}},
	} {
		c := Config{Thresholds: map[string]string{report.QuotaStorageUsed: "-c", report.SearchFound: "-w"}}
		c.Dial.Host = "imap.test"
		tt.change(&c)
		if got := Removed(c, tt.step); got != tt.want {
			t.Errorf("%s: Removed(%s) = %q, want %q", tt.name, tt.step, got, tt.want)
		}
	}
}

// TestCapabilityMissing: the step is skipped and that is a fault, the session
// goes on.
func TestCapabilityMissing(t *testing.T) {
	for step, capability := range map[string]string{"id": "ID", "quota": "QUOTA", "rights": "ACL", "idle": "IDLE", "namespace": "NAMESPACE"} {
		bubble(t, step, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.cfg.With = set(step)
			r := b.pass(t, "greet\nserve")
			if len(r.Faults) != 1 || !strings.Contains(r.Faults[0].Error(), "capability "+capability+" is missing") || r.Faults[0].Step != step {
				t.Errorf("faults %v, want one of %s that names %s", r.Faults, step, capability)
			}
			if s := r.Step(step); s == nil || s.Outcome != report.Skipped || !strings.Contains(s.Detail, capability) {
				t.Errorf("step %+v, want it skipped for want of %s", s, capability)
			}
			if slices.Contains(b.verbs(), strings.ToUpper(step)) {
				t.Errorf("commands %q, want none of the step", b.verbs())
			}
		})
	}
}
