package explain

import (
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

func limits(t *testing.T, metric, warn, crit string) judge.Rule {
	t.Helper()
	def, _ := report.LookupMetric(metric)
	r := judge.Rule{Metric: metric}
	for text, to := range map[string]**judge.Range{warn: &r.Warn, crit: &r.Crit} {
		if text != "" {
			parsed, err := judge.ParseRange(text, def.Unit)
			if err != nil {
				t.Fatal(err)
			}
			*to = &parsed
		}
	}
	return r
}

// TestJudged says which limits apply to what, with their units.
func TestJudged(t *testing.T) {
	for _, tt := range []struct{ metric, warn, crit, want string }{
		{"time_login", "2", "5s", "    judged   time_login is WARNING outside 2 s, CRITICAL outside 5 s\n"},
		{"time_login", "", "500ms", "    judged   time_login is CRITICAL outside 0.5 s\n"},
		{"messages", "1:", "@0:0", "    judged   messages is WARNING outside 1:, CRITICAL inside 0\n"},
		{"message_size", "1MB", "", "    judged   message_size is WARNING outside 1000000 B\n"},
		{"time", "2", "5", "\nBeside the steps\n    time is WARNING outside 2 s, CRITICAL outside 5 s\n"},
	} {
		c := checkOf(func(c *session.Config) { c.With = map[string]bool{"status": true} }) // which tells the messages as well
		plan, err := session.Plan(c)
		if err != nil {
			t.Fatal(err)
		}
		text := Text(Check{Config: c, Plan: plan, Policy: judge.Policy{Rules: []judge.Rule{limits(t, tt.metric, tt.warn, tt.crit)}}})
		if n := strings.Count(text, tt.want); n != 1 {
			t.Errorf("%d times %q in:\n%s", n, tt.want, text)
		}
	}
}

// TestHead says which result of several addresses counts.
func TestHead(t *testing.T) {
	for all, want := range map[string]string{
		"": "", "worst": "four at a time; the worst decides", "any": "four at a time; the best decides",
	} {
		text := Text(Check{Config: checkOf(nil), AllAddresses: all, Timeout: 8 * time.Second})
		if !strings.HasPrefix(text, "A check of imap.test, port 993, TLS from the start, within 8s. Nothing was contacted.\n") ||
			!strings.Contains(text, want) || strings.Contains(text, "decides") != (want != "") {
			t.Errorf("%q: want %q in:\n%s", all, want, text)
		}
	}
}

// TestCanAdd offers what the plan does not have yet, and what no flag took out.
func TestCanAdd(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*session.Config)
		has    string
		not    string
	}{
		{"plain", nil, "noop, ", "left out"},
		{"noop", func(c *session.Config) { c.With = map[string]bool{"noop": true} }, ", delivery\n", "noop, "},
		{"delivery", func(c *session.Config) { c.With = map[string]bool{"delivery": true} }, "noop, ", ", delivery\n"},
		{"until login", func(c *session.Config) { c.Until = "login" }, "left out by --until=login: list, select, fetch\n", "delivery"},
		{"until login has only what comes before", func(c *session.Config) { c.Until = "login" }, "\n", "noop"},
		{"without a login", func(c *session.Config) { c.Auth = auth.None }, "left out by --auth=none: ", "rights"},
	} {
		c := checkOf(tt.change)
		plan, err := session.Plan(c)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(Text(Check{Config: c, Plan: plan}), "\nBeside the steps\n")
		rest, _, _ = strings.Cut(rest, "\nBy hand")
		if !strings.Contains(rest, tt.has) || strings.Contains(rest, tt.not) {
			t.Errorf("%s: want %q and not %q in:\n%s", tt.name, tt.has, tt.not, rest)
		}
	}
}
