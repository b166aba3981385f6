package judge

import (
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// twoMailboxes is a report of a session that opened INBOX, with 5 messages, and Junk,
// with 50, and whose fetch from Junk failed.
func twoMailboxes() *report.Report {
	r := &report.Report{}
	r.Target.Mailboxes = []report.Mailbox{{Name: "INBOX", Label: "INBOX", Place: 1}, {Name: "Jünk", Label: "J&APw-nk", Place: 2}}
	for i, m := range r.Target.Mailboxes {
		count, took := metric("messages", []float64{5, 50}[i]), metric("time_select", []float64{0.25, 0.5}[i])
		count.Mailbox, took.Mailbox = m, m
		r.Metrics = append(r.Metrics, count, took)
		fetch := report.StepResult{Name: "fetch", Mailbox: m, Outcome: report.Passed}
		if i == 1 {
			fetch.Outcome = report.Failed
			fetch.Err = &report.StepError{Step: "fetch", Among: m, About: report.AboutStore, Err: report.ErrNo, Reply: &report.Reply{Status: "NO", Text: "later"}}
		}
		r.Steps = append(r.Steps, report.StepResult{Name: "select", Mailbox: m, Outcome: report.Passed}, fetch)
	}
	r.Metrics = append(r.Metrics, metric("time_select", 0.75))
	return r
}

func TestMailboxRules(t *testing.T) {
	const fetch = "fetch of Jünk rejected"
	for _, tt := range []struct {
		name  string
		rules string   // critical limits, in the order of the command line
		want  []string // texts of the findings
	}{
		{"none", "", []string{fetch}},
		{"for each", "messages=10", []string{fetch, "Jünk has 50 messages, limit 10"}},
		{"for one", "messages@INBOX=4", []string{fetch, "INBOX has 5 messages, limit 4"}},
		{"for one beats that for each", "messages=4 messages@inbox=10 messages@Jünk=60", []string{fetch}},
		{"also where it comes first", "messages@inbox=10 messages@Jünk=60 messages=4", []string{fetch}},
		{"by its label", "messages=10 messages@J&APw-nk=60", []string{fetch}},
		{"for one that is not there", "messages@Trash=0", []string{fetch}},
		{"a sum has no limit", "time_select=0.3", []string{fetch, "select of Jünk took 0.500 s, limit 0.3 s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p Policy
			for _, rule := range strings.Fields(tt.rules) {
				name, limit, _ := strings.Cut(rule, "=")
				metric, _, _ := strings.Cut(name, "@")
				p.Rules = append(p.Rules, Rule{Metric: name, Crit: rng(t, metric, limit)})
			}
			v := Judge(twoMailboxes(), p)
			var got []string
			for _, f := range v.Findings {
				if got = append(got, f.Text); f.Mailbox.Label == "" {
					t.Errorf("%s: of no mailbox", f.Text)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			var labels []string
			for _, m := range v.Metrics {
				if labels = append(labels, m.Label()); m.Label() == "time_select" && m.Crit != "" {
					t.Errorf("the sum has the limit %s", m.Crit)
				}
			}
			if want := "time_select time_select@INBOX time_select@J&APw-nk messages@INBOX messages@J&APw-nk"; strings.Join(labels, " ") != want {
				t.Errorf("got %q, want %s", labels, want)
			}
		})
	}
}

// TestMailboxAddresses wants the worst of each mailbox over the addresses, in the
// order of the mailboxes.
func TestMailboxAddresses(t *testing.T) {
	all := &report.Report{Target: report.Target{Addresses: "worst"}, Sessions: []*report.Report{twoMailboxes(), twoMailboxes()}}
	all.Sessions[0].Metrics = all.Sessions[0].Metrics[2:] // the first address does not have INBOX
	all.Sessions[1].Metrics[2].Value = 70                 // messages of the other
	v := Judge(all, Policy{})
	var got []string
	for _, m := range v.Metrics {
		if strings.HasPrefix(m.Def.Name, "messages") {
			got = append(got, m.Label()+"="+Format(m.Metric))
		}
	}
	if want := "messages@INBOX=5 messages@J&APw-nk=70"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
