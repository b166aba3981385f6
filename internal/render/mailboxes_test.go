package render

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/outputtest"
	"check_imap_session/internal/report"
)

// severally is a report of a session that opened mailboxes with these names, each with
// as many messages as its place. Those that are failed have no message.
func severally(failed string, names ...string) *report.Report {
	r := good()
	r.Target.Mailbox = ""
	r.Steps = slices.DeleteFunc(r.Steps, func(s report.StepResult) bool { return s.Name == "select" || s.Name == "fetch" || s.Name == "logout" })
	r.Metrics = slices.DeleteFunc(r.Metrics, func(m report.Metric) bool { return m.Def.Step == "select" || m.Def.Step == "fetch" })
	r.Facts = append(r.Facts, report.Fact{Name: "access@" + names[0], Value: "read-only"})
	r.Remarks = nil
	sum := metric("time_select", 0)
	for i, name := range names {
		m := report.Mailbox{Name: name, Label: strings.ReplaceAll(name, "ü", "&APw-"), Place: i + 1}
		r.Target.Mailboxes = append(r.Target.Mailboxes, m)
		s := report.StepResult{Name: "select", Mailbox: m, About: report.AboutMailbox, Outcome: report.Passed, Start: 100 * time.Millisecond, Elapsed: time.Millisecond}
		f := report.StepResult{Name: "fetch", Mailbox: m, About: report.AboutStore, Outcome: report.Skipped, Detail: "the mailbox is empty"}
		if name == failed {
			s.Outcome, f.Outcome = report.Failed, report.NotReached
			s.Err = &report.StepError{Step: "select", About: report.AboutMailbox, Among: m, Mailbox: name, Err: report.ErrNo, Reply: &report.Reply{Status: "NO", Code: "NONEXISTENT", Text: "no"}}
		} else {
			sum.Value += 0.001
			for _, one := range []report.Metric{metric("time_select", 0.001), metric("messages", float64(i+1))} {
				one.Mailbox = m
				r.Metrics = append(r.Metrics, one)
			}
		}
		r.Steps = append(r.Steps, s, f)
	}
	r.Metrics = append(r.Metrics, sum)
	return r
}

func TestGoldenMailboxes(t *testing.T) {
	names := []string{"INBOX", "Deleted Items", "Entwürfe"}
	for _, tt := range []struct {
		name   string
		failed string
		rules  []judge.Rule
		o      Options
	}{
		{"mailboxes_ok", "", nil, Options{Verbosity: 2}},
		{"mailboxes_threshold", "", []judge.Rule{rule(t, "messages", "", "2"), rule(t, "time_select", "0.5ms", "")}, Options{}},
		{"mailboxes_missing", "Deleted Items", nil, Options{PerfdataUnknown: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := severally(tt.failed, names...)
			v := judge.Judge(r, judge.Policy{Rules: tt.rules})
			out := Nagios(r, v, tt.o)
			if !tt.o.PerfdataUnknown {
				wantSafe(t, string(out), v.State)
			}
			golden(t, tt.name, out)
			if _, err := outputtest.JSON(string(JSON(r, v, tt.o)), int(v.State)); err != nil {
				t.Error(err)
			}
		})
	}
	r := severally("", names...)
	golden(t, "mailboxes_openmetrics", OpenMetrics(r, judge.Judge(r, judge.Policy{}), Options{}))
}

// TestMailboxTwice: a mailbox that was asked for twice has its label the second time.
func TestMailboxTwice(t *testing.T) {
	first, again, other := report.Mailbox{Name: "ü", Label: "&APw-", Place: 1}, report.Mailbox{Name: "ü", Label: "&APw-_2", Place: 2}, report.Mailbox{Name: "b", Label: "b", Place: 3}
	r := &report.Report{Target: report.Target{Mailboxes: []report.Mailbox{first, again, other}}}
	for m, want := range map[report.Mailbox]string{first: "ü", again: "&APw-_2", other: "b", {}: ""} {
		if got := (Options{}).mailboxLabel(r, m); got != want {
			t.Errorf("%+v: got %q, want %q", m, got, want)
		}
	}
}

// TestWellMailboxes counts a mailbox as OK when a step of it passed or was not needed,
// and nothing was found on it that is more than OK.
func TestWellMailboxes(t *testing.T) {
	skipped := severally("b", "a", "b", "c")
	for i := range skipped.Steps {
		if s := &skipped.Steps[i]; s.Mailbox.Name == "a" {
			s.Outcome = report.Skipped
		}
	}
	addresses := severally("b", "a", "b", "c")
	addresses.Target.Addresses, addresses.Sessions = "worst", []*report.Report{severally("b", "a", "b", "c")}
	thresholdOK := map[string]report.State{"threshold": report.OK}
	limit := []judge.Rule{{Metric: "messages@c", Warn: rule(t, "messages", "2", "").Warn}}
	for _, tt := range []struct {
		name   string
		r      *report.Report
		policy judge.Policy
		want   string
	}{
		{"nothing found", severally("", "a", "b", "c"), judge.Policy{}, ""},
		{"one missing", severally("b", "a", "b", "c"), judge.Policy{}, "2 of 3 mailboxes OK, "},
		{"and a limit", severally("b", "a", "b", "c"), judge.Policy{Rules: limit}, "1 of 3 mailboxes OK, "},
		{"which is OK", severally("b", "a", "b", "c"), judge.Policy{Rules: limit, States: thresholdOK}, "2 of 3 mailboxes OK, "},
		{"all are OK", severally("", "a", "b", "c"), judge.Policy{Rules: limit, States: thresholdOK}, ""},
		{"not needed", skipped, judge.Policy{}, "2 of 3 mailboxes OK, "},
		{"several sessions", addresses, judge.Policy{}, ""},
	} {
		if got := wellMailboxes(tt.r, judge.Judge(tt.r, tt.policy)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestMailboxWords says how many mailboxes were opened, of how many where there are more.
func TestMailboxWords(t *testing.T) {
	for _, tt := range []struct {
		names []string
		found float64 // 0 for a session without --mailboxes
		want  string
	}{
		{nil, 0, ""},
		{[]string{"a", "b"}, 0, "2 mailboxes, 3 messages"},
		{[]string{"a", "b"}, 2, "2 mailboxes, 3 messages"},
		{[]string{"a", "b"}, 3, "2 of 3 mailboxes, 3 messages"},
		{[]string{"a"}, 1, "1 mailbox, 1 message"},
		{[]string{"a"}, 2, "1 of 2 mailboxes, 1 message"},
	} {
		r := good()
		if tt.names != nil {
			r = severally("", tt.names...)
		}
		if tt.found > 0 {
			r.Metrics = append(r.Metrics, metric(report.FoundMailboxes, tt.found))
		}
		if got := strings.Join(mailboxWords(r), ", "); got != tt.want {
			t.Errorf("%q of %v: got %q, want %q", tt.names, tt.found, got, tt.want)
		}
	}
}

// TestManyMailboxes: the first line stays within its bound. Metrics without a limit are
// dropped before those with one, and the last mailboxes before the first.
func TestManyMailboxes(t *testing.T) {
	for _, tt := range []struct {
		mailboxes int
		limits    string // on messages; "" for none
		has, not  string // labels
	}{
		{40, "", "time_select@a folder 40", ""},
		{400, "", "folders", "messages@a folder 1"},
		{150, "1000", "messages@a folder 150", "time_select@a folder 1"},
		{400, "1000", "messages@a folder 100", "messages@a folder 400"},
	} {
		t.Run(fmt.Sprint(tt.mailboxes, tt.limits), func(t *testing.T) {
			var names []string
			for i := range tt.mailboxes {
				names = append(names, fmt.Sprintf("a folder %d", i+1))
			}
			var p judge.Policy
			if tt.limits != "" {
				p.Rules = []judge.Rule{rule(t, "messages", tt.limits, "")}
			}
			r := severally("", names...)
			v := judge.Judge(r, p)
			out, err := outputtest.Plugin(string(Nagios(r, v, Options{})), int(v.State))
			if err != nil {
				t.Fatal(err)
			}
			if labels := out.Labels(); !slices.Contains(labels, tt.has) || slices.Contains(labels, tt.not) {
				t.Errorf("want %s and not %s, got %q", tt.has, tt.not, labels)
			}
		})
	}
}

// TestListedMailbox: the name of a mailbox that the server chose is masked in all places,
// and the performance data has only those of its metrics that have a limit.
func TestListedMailbox(t *testing.T) {
	r := severally("", "Queue/hunter2", "b")
	r.Target.Pattern = "*"
	for i := range r.Target.Mailboxes {
		r.Target.Mailboxes[i].Listed = true
	}
	for i := range r.Steps {
		m := &r.Steps[i].Mailbox
		m.Listed = m.Label != ""
	}
	for i := range r.Metrics {
		m := &r.Metrics[i].Mailbox
		m.Listed = m.Label != ""
	}
	v := judge.Judge(r, judge.Policy{Rules: []judge.Rule{rule(t, "messages", "", "0")}})
	o := Options{Verbosity: 2, Mask: func(s string) string { return strings.ReplaceAll(s, "hunter2", "***") }}
	o.MaskWords = func(words []string) []string { return words }
	text := string(Nagios(r, v, o))
	for name, out := range map[string]string{"nagios": text, "json": string(JSON(r, v, o)), "openmetrics": string(OpenMetrics(r, v, o))} {
		if strings.Contains(out, "hunter2") || !strings.Contains(out, "Queue/***") {
			t.Errorf("%s: not masked:\n%s", name, out)
		}
	}
	out, err := outputtest.Plugin(text, int(v.State))
	if err != nil {
		t.Fatal(err)
	}
	if labels := strings.Join(out.Labels(), " "); !strings.Contains(labels, "messages@b") || strings.Contains(labels, "time_select@b") || !strings.Contains(labels, "time_select") {
		t.Errorf("labels %s", labels)
	}
}
