package judge

import (
	"math"
	"testing"

	"check_imap_session/internal/report"
)

func TestThresholds(t *testing.T) {
	tests := []struct {
		name       string
		metric     string
		value      float64
		warn, crit string
		state      report.State
		text       string // of the finding
		pWarn      string // as perfdata prints them
		pCrit      string
	}{
		{"none given", "time", 100, "", "", report.OK, "", "", ""},
		{"within", "time", 1, "2", "5", report.OK, "", "2", "5"},
		{"on the limit", "time", 2, "2", "5", report.OK, "", "2", "5"},
		{"over warning", "time", 2.000001, "2", "5", report.Warning, "the whole session took 2.000001 s, limit 2 s", "2", "5"},
		{"critical before warning", "time", 6, "2", "5", report.Critical, "the whole session took 6.000 s, limit 5 s", "2", "5"},
		{"critical alone", "time", 6, "", "5", report.Critical, "the whole session took 6.000 s, limit 5 s", "", "5"},
		{"warning alone", "time", 6, "2", "", report.Warning, "the whole session took 6.000 s, limit 2 s", "2", ""},
		{"same limit", "time", 6, "5", "5", report.Critical, "the whole session took 6.000 s, limit 5 s", "5", "5"},
		{"units", "time_login", 0.3, "100ms", "1m", report.Warning, "login took 0.300 s, limit 0.1 s", "0.1", "60"},
		{"upper bound of a duration", "time", 6, "~:5", "", report.Warning, "", "5", ""},
		{"upper bound that is negative", "time", 6, "~:-5", "", report.Warning, "", "~:-5", ""},
		{"upper bound of what may be negative", "message_age", 6, "~:5", "", report.Warning, "", "~:5", ""},
		{"at least", "messages", 0, "", "1:", report.Critical, "the mailbox has 0 messages, at least 1 expected", "", "1:"},
		{"at least, met", "messages", 1, "", "1:", report.OK, "", "", "1:"},
		{"zero and above", "messages", 0, "0:", "", report.OK, "", "0:", ""},
		{"between", "messages", 21, "10:20", "", report.Warning, "the mailbox has 21 messages, outside the range 10:20", "10:20", ""},
		{"inside", "folders", 10, "@0:10", "", report.Warning, "LIST shows 10 mailboxes, inside the range 10", "@10", ""},
		{"inside, not met", "folders", 11, "@0:10", "", report.OK, "", "@10", ""},
		{"inside up to", "message_age", -3, "@~:5", "", report.Warning, "message is -3 s old, inside the range ~:5", "@~:5", ""},
		{"inside up to, of a duration", "time", 3, "@~:5", "", report.Warning, "", "@~:5", ""},
		{"negative value", "certificate_days", -2, "", "0:", report.Critical, "certificate expired 2 days ago, limit 0", "", "0:"},
		{"negative value and a bare limit", "message_age", -0.5, "10", "", report.Warning, "message_age is -0.5 s, a time that is still to come: the clocks of the server and of this machine differ", "10", ""},
		{"below a range", "messages", 9, "10:20", "", report.Warning, "the mailbox has 9 messages, outside the range 10:20", "10:20", ""},
		{"an age", "message_age", 11520.2, "", "1h", report.Critical, "message is 3 h 12 min old, limit 1 h", "", "3600"},
		{"an age of two minutes", "message_age", 120, "", "1m", report.Critical, "message is 2 min old, limit 60 s", "", "60"},
		{"on its way", "delivery_time", 7200, "1h", "", report.Warning, "message was on its way for 2 h, limit 1 h", "3600", ""},
		{"an old age", "message_age", 338847574.468, "", "1h", report.Critical, "message is 10 years 271 days old, limit 1 h", "", "3600"},
		{"an age just over", "search_oldest_age", 3600.4, "1h", "", report.Warning, "oldest message found in the mailbox is 3600.4 s old, limit 1 h", "3600", ""},
		{"a young age", "message_age", 59, "1h:", "", report.Warning, "message is 59 s old, at least 1 h expected", "3600:", ""},
		{"a message of tomorrow", "message_age", -7200, "", "1h", report.Critical, "message_age is -7200 s, a time that is still to come: the clocks of the server and of this machine differ", "", "3600"},
		{"days", "certificate_days", 13, "2w:", "36h:", report.Warning, "certificate expires in 13 days, limit 14", "14:", "1.5:"},
		{"bytes", "message_size", 11e6, "10MB", "", report.Warning, "message has 11 MB, limit 10 MB", "10000000", ""},
		// These cannot come from a session, but must not pass as good.
		{"not a number", "messages", math.NaN(), "", "10", report.Critical, "", "", "10"},
		{"infinite", "messages", math.Inf(1), "", "10", report.Critical, "", "", "10"},
		{"negative infinite", "messages", math.Inf(-1), "", "10", report.Critical, "", "", "10"},
		{"percent", "certificate_percent", 12.5, "20%:", "", report.Warning, "certificate has 12.5 % of its validity left, limit 20 %", "20:", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Policy{Rules: []Rule{{Metric: tt.metric, Warn: rng(t, tt.metric, tt.warn), Crit: rng(t, tt.metric, tt.crit)}}}
			v := Judge(measured(metric(tt.metric, tt.value)), p)
			if len(v.Metrics) != 1 {
				t.Fatalf("got %d metrics, want 1", len(v.Metrics))
			}
			m := v.Metrics[0]
			if v.State != tt.state || m.State != tt.state {
				t.Errorf("%s=%v -w %q -c %q: got %s, metric %s, want %s", tt.metric, tt.value, tt.warn, tt.crit, v.State, m.State, tt.state)
			}
			if m.Warn != tt.pWarn || m.Crit != tt.pCrit {
				t.Errorf("printed: got %q, %q, want %q, %q", m.Warn, m.Crit, tt.pWarn, tt.pCrit)
			}
			if tt.state == report.OK {
				if len(v.Findings) > 0 {
					t.Errorf("got findings %+v, want none", v.Findings)
				}
				return
			}
			if len(v.Findings) != 1 {
				t.Fatalf("got %d findings, want 1", len(v.Findings))
			}
			f := v.Findings[0]
			if f.Kind != "threshold" || f.Metric != tt.metric || f.Step != m.Def.Step || f.State != tt.state {
				t.Errorf("got %+v, want a threshold on %s", f, tt.metric)
			}
			if tt.text != "" && f.Text != tt.text {
				t.Errorf("text: got %q, want %q", f.Text, tt.text)
			}
		})
	}
}

// TestAdviceBySide looks at the side on which a number is outside: what helps
// against too much does not help against too little.
func TestAdviceBySide(t *testing.T) {
	const renew, minimum, clocks, arriving = "renew it and reload the IMAP server", "more is left than the range allows: is a minimum meant (N:)?", "set both clocks right (NTP)", "is mail arriving?"
	for _, tt := range []struct {
		metric string
		value  float64
		crit   string
		advice string
	}{
		{"certificate_days", 5, "7:", renew},
		{"certificate_days", 89, "21", minimum},
		{"certificate_percent", 5, "7:", renew},
		{"certificate_percent", 89, "21", minimum},
		{"certificate_days", -3, "21", renew},
		{"client_certificate_days", 5, "7:", "renew our own certificate, and register the new one where the old one is known"},
		{"client_certificate_days", 90, "0:30", ""},
		{"client_secret_days", 5, "7:", "make a new secret where the client is registered, and change the date here"},
		{"message_age", 7200, "1h", arriving},
		{"message_age", -7200, "1h", clocks},
		{"message_age", 5, "1h:", ""},
		{"message_age", 5, "@0:1h", ""},
		{"search_newest_age", 7200, "1h", arriving},
		{"search_newest_age", -61, "1h", clocks},
		{"search_oldest_age", 7200, "1h", "does what empties this mailbox still run?"},
		{"search_oldest_age", -61, "1h", clocks},
		{"quota_storage_percent", 90, "80", "delete mail or raise the quota"},
		{"quota_storage_percent", 1, "5:80", ""},
		{"time_login", 3, "1", "is its user database slow (LDAP, SQL, PAM)?"},
		{"time_login", 0.1, "1:3", ""},
	} {
		v := Judge(measured(metric(tt.metric, tt.value)), Policy{Rules: []Rule{{Metric: tt.metric, Crit: rng(t, tt.metric, tt.crit)}}})
		if len(v.Findings) != 1 {
			t.Fatalf("%s=%v -c %s: %d findings", tt.metric, tt.value, tt.crit, len(v.Findings))
		}
		if got := v.Findings[0].Advice; got != tt.advice {
			t.Errorf("%s=%v -c %s: got the advice %q, want %q", tt.metric, tt.value, tt.crit, got, tt.advice)
		}
	}
}

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
