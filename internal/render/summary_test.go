package render

import (
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
)

// planOf is a good report of a session with these steps only, and no metrics but given
// ones.
func planOf(steps string, metrics ...report.Metric) *report.Report {
	r := good()
	r.Target.Mailbox, r.Target.Message, r.Metrics = "", "", metrics
	r.Steps = slices.DeleteFunc(r.Steps, func(s report.StepResult) bool { return !slices.Contains(strings.Fields(steps), s.Name) })
	return r
}

// TestSessionWords says what a good session found, and how far it went.
func TestSessionWords(t *testing.T) {
	const all = "login list select fetch"
	preauth := planOf(all)
	preauth.Steps[0].Outcome = report.Skipped
	clocks := planOf(all)
	clocks.Absent[report.DeliveryTime] = report.ClocksDiffer
	newest := planOf(all, metric("message_age", 720))
	newest.Target.Message = "newest"
	for _, tt := range []struct {
		name string
		r    *report.Report
		want string
	}{
		{"all", planOf(all), "monitor: 0.213 s"},
		{"no login", planOf("tls"), "no login, 0.213 s"},
		{"up to login", planOf("login"), "monitor: up to login, 0.213 s"},
		{"up to list", planOf("login list"), "monitor: up to list, 0.213 s"},
		{"up to select", planOf("login list select"), "monitor: up to select, 0.213 s"},
		{"up to select without list", planOf("login select"), "monitor: up to select, 0.213 s"},
		{"without list", planOf("login select fetch"), "monitor: without list, 0.213 s"},
		{"PREAUTH", preauth, "PREAUTH, no password tried, 0.213 s"},
		{"one message", planOf(all, metric("messages", 1)), "monitor: 1 message, 0.213 s"},
		{"empty", planOf(all, metric("messages", 0)), "monitor: empty, so FETCH was not tested, 0.213 s"},
		{"empty without fetch", planOf("login list select", metric("messages", 0)), "monitor: 0 messages, up to select, 0.213 s"},
		{"age", newest, "monitor: newest 12 min old, 0.213 s"},
		{"delivery", planOf(all, metric("delivery_time", 90)), "monitor: delivered in 90 s, 0.213 s"},
		{"clocks differ", clocks, "monitor: delivery time not judged, clocks differ, 0.213 s"},
		{"search", planOf(all, metric("search_found", 3)), "monitor: 3 found, 0.213 s"},
		{"certificate", planOf(all, metric("certificate_days", 1)), "monitor: 0.213 s, certificate 1 day"},
	} {
		if got := sessionWords(tt.r); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestSuccessOfAddresses: a good check of several addresses says how many are good, and
// the worst finding with its address. One address is counted as well.
func TestSuccessOfAddresses(t *testing.T) {
	r := twoAddresses()
	r.Target.Addresses, r.Steps, r.Metrics, r.Elapsed = "any", nil, nil, time.Second
	r.Sessions = append(r.Sessions, r.Sessions[1])
	one := twoAddresses()
	one.Steps, one.Metrics, one.Elapsed, one.Sessions = nil, nil, time.Second, one.Sessions[:1]
	none := twoAddresses()
	none.Steps, none.Metrics, none.Sessions = nil, nil, none.Sessions[1:]
	for _, tt := range []struct {
		r    *report.Report
		want string
	}{
		{r, "OK - imap.example.com 1 of 3 addresses OK in 1.000 s, but 2001:db8::1: connect timed out after 0.012 s"},
		{one, "OK - imap.example.com 1 of 1 addresses OK in 1.000 s"},
		{none, "CRITICAL - imap.example.com 0 of 1 addresses OK, 2001:db8::1: connect timed out after 0.012 s" +
			" - is the host up, and does a firewall drop the packets?"},
	} {
		if got := Summary(tt.r, judge.Judge(tt.r, judge.Policy{}), Options{}); got != "IMAP_SESSION "+tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
