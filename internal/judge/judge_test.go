package judge

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/report"
)

func TestFormat(t *testing.T) {
	tests := []struct {
		metric string
		value  float64
		want   string
	}{
		{"time", 0, "0.000000"},
		{"time", 0.0000004, "0.000000"},
		{"time", 0.000001, "0.000001"},
		{"time", 1234567.5, "1234567.500000"},
		{"message_age", -1e-5, "-0.000010"},
		{"messages", 1e15, "1000000000000000"},
		{"messages", 0, "0"},
		{"message_size", 5e9, "5000000000"},
		{"certificate_days", -36500, "-36500"},
		{"certificate_percent", 66.666666, "66.666666"},
		{"certificate_percent", 100, "100"},
	}
	for _, tt := range tests {
		if got := Format(metric(tt.metric, tt.value)); got != tt.want {
			t.Errorf("Format(%s %v): got %q, want %q", tt.metric, tt.value, got, tt.want)
		}
	}
}

// failed is a report of a session whose login was rejected.
func failed() *report.Report {
	e := &report.StepError{Step: "login", Err: report.ErrNo, Encrypted: true, Reply: &report.Reply{Status: "NO", Code: "AUTHENTICATIONFAILED", Text: "No."}}
	return &report.Report{
		Steps: []report.StepResult{
			{Name: "connect", Outcome: report.Passed},
			{Name: "login", Outcome: report.Failed, Elapsed: 2004 * time.Millisecond, Err: e},
			{Name: "list", Outcome: report.NotReached},
			{Name: "logout", Outcome: report.Passed},
		},
		Metrics: []report.Metric{metric("time", 3), metric("time_connect", 0.1), metric("time_logout", 0.1)},
	}
}

func TestFailure(t *testing.T) {
	v := Judge(failed(), Policy{})
	if v.State != report.Critical || len(v.Findings) != 1 {
		t.Fatalf("got %s and %+v, want CRITICAL and one finding", v.State, v.Findings)
	}
	want := report.Finding{State: report.Critical, Kind: "auth_failed", Step: "login", Text: "login rejected after 2.004 s",
		Server: "[AUTHENTICATIONFAILED] No.", Advice: "check user name and password"}
	if v.Findings[0] != want {
		t.Errorf("got %+v, want %+v", v.Findings[0], want)
	}
	var unknown []string
	for _, d := range v.Unknown {
		unknown = append(unknown, d.Label())
	}
	if want := []string{"time_login", "time_list", "folders"}; !slices.Equal(unknown, want) {
		t.Errorf("planned and not reached: got %v, want %v", unknown, want)
	}
}

func TestStates(t *testing.T) {
	failedWith := func(step string, err error) *report.Report {
		return &report.Report{Steps: []report.StepResult{{Name: step, Outcome: report.Failed, Err: &report.StepError{Step: step, Err: err}}}}
	}
	interrupted, bug := failedWith("login", report.ErrInterrupted), failedWith("login", report.ErrInternal)
	logout := failedWith("logout", report.ErrTimeout)
	tests := []struct {
		name   string
		r      *report.Report
		states map[string]report.State
		want   report.State
	}{
		{"default", failed(), nil, report.Critical},
		{"override", failed(), map[string]report.State{"auth_failed": report.Warning}, report.Warning},
		{"override to OK", failed(), map[string]report.State{"auth_failed": report.OK}, report.OK},
		{"another kind", failed(), map[string]report.State{"timeout": report.OK}, report.Critical},
		{"interrupted", interrupted, nil, report.Unknown},
		{"interrupted, override", interrupted, map[string]report.State{"interrupted": report.Warning}, report.Warning},
		{"our own bug", bug, nil, report.Unknown},
		{"our own bug cannot be overridden", bug, map[string]report.State{"internal": report.OK}, report.Unknown},
		{"logout", logout, nil, report.OK},
		{"logout, override", logout, map[string]report.State{"logout": report.Critical}, report.Critical},
		{"of the row before that of its kind", failedWith("dns", report.ErrManyAddresses), nil, report.Warning},
		{"threshold, override", measured(metric("time", 9)), map[string]report.State{"threshold": report.OK}, report.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Policy{States: tt.states}
			if _, ok := tt.r.Metric("time"); ok && tt.r.Failure() == nil {
				p.Rules = []Rule{{Metric: "time", Warn: rng(t, "time", "2")}}
			}
			v := Judge(tt.r, p)
			if v.State != tt.want {
				t.Errorf("got %s, want %s (%+v)", v.State, tt.want, v.Findings)
			}
			if len(v.Findings) != 1 || v.Findings[0].State != tt.want {
				t.Errorf("got findings %+v, want one that is %s", v.Findings, tt.want)
			}
		})
	}
}

// CRITICAL is worse than UNKNOWN, then WARNING, then OK; of equals the one that
// came first leads.
func TestWorstFirst(t *testing.T) {
	r := &report.Report{
		Steps: []report.StepResult{
			{Name: "login", Outcome: report.Failed, Err: &report.StepError{Step: "login", Err: report.ErrPlaintextRefused}},
			{Name: "list", Outcome: report.Passed},
			{Name: "select", Outcome: report.Passed},
			{Name: "logout", Outcome: report.Failed, Err: &report.StepError{Step: "logout", Err: report.ErrTimeout}},
		},
		Faults:  []*report.StepError{{Step: "connect", Err: report.ErrClosed}},
		Metrics: []report.Metric{metric("messages", 5), metric("folders", 5), metric("time", 5)},
	}
	p := Policy{Rules: []Rule{
		{Metric: "time", Warn: rng(t, "time", "2")},
		{Metric: "folders", Crit: rng(t, "folders", "2")},
		{Metric: "messages", Crit: rng(t, "messages", "2")},
	}}
	v := Judge(r, p)
	var got []string
	for _, f := range v.Findings {
		got = append(got, strings.TrimSpace(f.State.String()+" "+f.Kind+" "+f.Metric))
	}
	want := []string{"CRITICAL closed", "CRITICAL threshold folders", "CRITICAL threshold messages", "UNKNOWN plaintext_refused", "WARNING threshold time", "OK logout"}
	if !slices.Equal(got, want) || v.State != report.Critical {
		t.Errorf("got %s and %v, want CRITICAL and %v", v.State, got, want)
	}
	var order []string
	for _, m := range v.Metrics {
		order = append(order, m.Def.Name)
	}
	if want := []string{"time", "folders", "messages"}; !slices.Equal(order, want) {
		t.Errorf("metrics: got %v, want %v, the order of the table", order, want)
	}

	v = Judge(&report.Report{Steps: r.Steps[:1], Metrics: r.Metrics}, Policy{Rules: p.Rules[:1]})
	if v.State != report.Unknown {
		t.Errorf("UNKNOWN and WARNING: got %s, want UNKNOWN", v.State)
	}
}

// A threshold without a value is no finding: the run merely does not have it, or
// the failure that kept it away is the finding (rule T10).
func TestNotMeasured(t *testing.T) {
	tests := []struct {
		name     string
		r        *report.Report
		unjudged []string
		unknown  bool
	}{
		{"absent for a reason", &report.Report{Steps: []report.StepResult{{Name: "select", Outcome: report.Skipped}},
			Absent: map[string]string{"messages": "the server is shy"}}, []string{"threshold on messages not judged: the server is shy"}, true},
		{"no such step in this run", &report.Report{}, []string{"threshold on messages not judged: this session has no step select"}, false},
		{"passed without it", &report.Report{Steps: []report.StepResult{{Name: "select", Outcome: report.Passed}}},
			[]string{"threshold on messages not judged: it was not measured"}, true},
		{"not reached", &report.Report{Steps: []report.StepResult{{Name: "select", Outcome: report.NotReached}}}, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(tt.r, Policy{Rules: []Rule{{Metric: "messages", Crit: rng(t, "messages", "1:")}}})
			if v.State != report.OK || len(v.Findings) > 0 {
				t.Errorf("got %s and %+v, want OK and no finding", v.State, v.Findings)
			}
			if !slices.Equal(v.Unjudged, tt.unjudged) {
				t.Errorf("unjudged: got %q, want %q", v.Unjudged, tt.unjudged)
			}
			if got := slices.ContainsFunc(v.Unknown, func(m report.Metric) bool { return m.Label() == "messages" }); got != tt.unknown {
				t.Errorf("unknown: got %v, want %v", got, tt.unknown)
			}
		})
	}
}

func TestServerWords(t *testing.T) {
	reply := &report.Reply{Status: "NO", Text: "No."}
	tests := []struct {
		name string
		e    report.StepError
		want string
	}{
		{"nothing", report.StepError{}, ""},
		{"reply", report.StepError{Reply: reply}, "No."},
		{"reply and lines", report.StepError{Reply: reply, Said: []string{"first", "second"}}, "No. / first / second"},
		{"the same twice", report.StepError{Reply: reply, Said: []string{"No."}}, "No."},
		{"lines alone", report.StepError{Said: []string{"first"}, Line: "x"}, "first"},
		{"line alone", report.StepError{Line: "x"}, "x"},
		{"empty reply", report.StepError{Reply: &report.Reply{Status: "NO"}, Line: "x"}, "x"},
	}
	for _, tt := range tests {
		if got := serverWords(&tt.e); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// An error that no row recognises is still a finding with advice.
func TestUnknownError(t *testing.T) {
	e := &report.StepError{Step: "list", Err: errors.New("something new")}
	f := Policy{}.finding(e, nil)
	if f.State != report.Critical || f.Kind != "protocol" || f.Advice == "" || !strings.Contains(f.Text, "something new") {
		t.Errorf("got %+v", f)
	}
}

// TestSlowest blames a step that took half of the time or more, and at least 100 ms.
func TestSlowest(t *testing.T) {
	for _, tt := range []struct {
		name      string
		step, all time.Duration
		outcome   report.Outcome
		want      string
	}{
		{"half", time.Second, 2 * time.Second, report.Passed, "list"},
		{"less than half", time.Second, 2*time.Second + 1, report.Passed, ""},
		{"100 ms", 100 * time.Millisecond, 150 * time.Millisecond, report.Passed, "list"},
		{"less than 100 ms", 100*time.Millisecond - 1, 150 * time.Millisecond, report.Passed, ""},
		{"failed", time.Second, time.Second, report.Failed, ""},
	} {
		r := &report.Report{Elapsed: tt.all, Steps: []report.StepResult{{Name: "list", Outcome: tt.outcome, Elapsed: tt.step}}}
		got := ""
		if s := slowest(r); s != nil {
			got = s.Name
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestCertificateDefault: a warning below 14 days, or below a tenth of the validity where
// that is less, in whole days and at least one.
func TestCertificateDefault(t *testing.T) {
	for _, tt := range []struct {
		name           string
		validity, left float64 // days; validity 0 is not known
		want           string  // the range; "" for none
		state          report.State
	}{
		{"a year", 365, 13, "14:", report.Warning}, {"a year, enough", 365, 14, "14:", report.OK},
		{"90 days", 90, 9, "9:", report.OK}, {"90 days, less", 90, 8, "9:", report.Warning},
		{"91 days", 91, 9, "10:", report.Warning}, {"a week", 7, 1, "1:", report.OK}, {"a week, last day", 7, 0, "1:", report.Warning},
		{"an hour", 1.0 / 24, 0, "1:", report.Warning}, {"not known", 0, 13, "14:", report.Warning},
	} {
		def, _ := report.LookupMetric(report.CertificateDays)
		r := &report.Report{
			Steps:   []report.StepResult{{Name: report.StepTLS, Outcome: report.Passed}},
			Metrics: []report.Metric{{Def: def, Value: tt.left}},
		}
		if tt.validity > 0 {
			begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			end := begin.Add(time.Duration(tt.validity * 24 * float64(time.Hour)))
			r.Facts = []report.Fact{{Name: "certificate_not_before", Value: begin.Format(time.RFC3339)}, {Name: "certificate_not_after", Value: end.Format(time.RFC3339)}}
		}
		v := Judge(r, Policy{CertificateDefault: true})
		if v.Metrics[0].Warn != tt.want || v.State != tt.state {
			t.Errorf("%s: limit %q, %v, want %q, %v", tt.name, v.Metrics[0].Warn, v.State, tt.want, tt.state)
		}
		if v := Judge(r, Policy{}); v.State != report.OK || v.Metrics[0].Warn != "" {
			t.Errorf("%s: without the default %v, %q", tt.name, v.State, v.Metrics[0].Warn)
		}
		r.Steps[0].Outcome = report.Failed // refused: it has its finding
		if v := Judge(r, Policy{CertificateDefault: true}); len(v.Findings) > 0 {
			t.Errorf("%s: %v of a certificate that was refused", tt.name, v.Findings)
		}
	}
}
