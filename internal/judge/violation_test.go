package judge

import (
	"testing"

	"check_imap_session/internal/report"
)

// TestDescribedWith has sentences in which other facts and numbers of the session stand:
// those of the same mailbox, where there are several.
func TestDescribedWith(t *testing.T) {
	inbox := report.Mailbox{Name: "INBOX", Label: "INBOX", Place: 1}
	of := func(name string, value float64) report.Metric {
		m := metric(name, value)
		m.Mailbox = inbox
		return m
	}
	hops := []report.Fact{{Name: "delivery_slowest_hop", Value: "mx1 to mx2"}, {Name: "delivery_slowest_hop@INBOX", Value: "mx3 to mx4"}}
	for _, tt := range []struct {
		name    string
		metrics []report.Metric // the first one is too high, or too low
		crit    string
		want    string
	}{
		{"one message", []report.Metric{metric("search_oldest_age", 7200), metric("search_found", 1)}, "1h", "oldest message found in the mailbox is 2 h old, limit 1 h"},
		{"of two", []report.Metric{metric("search_oldest_age", 7200), metric("search_found", 2)}, "1h", "oldest of 2 messages found in the mailbox is 2 h old, limit 1 h"},
		{"of those of a mailbox", []report.Metric{of("search_newest_age", 7200), metric("search_found", 9), of("search_found", 3)}, "1h", "newest of 3 messages found in INBOX is 2 h old, limit 1 h"},
		{"bytes", []report.Metric{metric("quota_storage_percent", 86), metric("quota_storage_used", 86e6), metric("quota_storage_limit", 100e6)}, "80", "quota of the mailbox is 86.0 % full (86 MB of 100 MB), limit 80 %"},
		{"messages", []report.Metric{metric("quota_messages_percent", 90), metric("quota_messages_used", 9), metric("quota_messages_limit", 10)}, "80", "quota of the mailbox is 90.0 % full (9 of 10), limit 80 %"},
		{"no limit known", []report.Metric{metric("quota_storage_percent", 86), metric("quota_storage_used", 86e6)}, "80", "quota of the mailbox is 86.0 % full, limit 80 %"},
		{"slowest hop", []report.Metric{metric("delivery_time", 7200)}, "1h", "message was on its way for 2 h, limit 1 h, slowest hop: mx1 to mx2"},
		{"slowest hop to a mailbox", []report.Metric{of("delivery_time", 7200)}, "1h", "message in INBOX was on its way for 2 h, limit 1 h, slowest hop: mx3 to mx4"},
		{"fast", []report.Metric{metric("delivery_time", 60)}, "1h:", "message was on its way for 60 s, at least 1 h expected"},
		{"another metric", []report.Metric{metric("message_age", 7200)}, "1h", "message is 2 h old, limit 1 h"},
	} {
		r := measured(tt.metrics...)
		r.Facts = hops
		m := tt.metrics[0]
		if m.Mailbox == inbox {
			r.Target.Mailboxes = []report.Mailbox{inbox}
		}
		v := Judge(r, Policy{Rules: []Rule{{Metric: m.Def.Name, Crit: rng(t, m.Def.Name, tt.crit)}}})
		if len(v.Findings) != 1 || v.Findings[0].Text != tt.want {
			t.Errorf("%s: got %+v, want %q", tt.name, v.Findings, tt.want)
		}
	}
}
