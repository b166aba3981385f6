package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// sessionAt is a report of a session with one address, in which a step failed; nil for none.
func sessionAt(address string, failure *report.StepError, metrics ...report.Metric) *report.Report {
	r := measured(metrics...)
	r.Target.Address = address
	if failure != nil {
		r.Steps = append(r.Steps, report.StepResult{Name: failure.Step, Outcome: report.Failed, Err: failure})
	}
	return r
}

// TestSuccess counts failures, and neither what is OK by default nor thresholds nor --state.
func TestSuccess(t *testing.T) {
	wrong := func(step string) *report.StepError { return &report.StepError{Step: step, Err: report.ErrTimeout} }
	good, late, bad := sessionAt("192.0.2.1", nil, metric("time_select", 9)), sessionAt("192.0.2.2", wrong("logout")), sessionAt("192.0.2.3", wrong("login"))
	all := func(addresses string, sessions ...*report.Report) *report.Report {
		return &report.Report{Target: report.Target{Addresses: addresses}, Sessions: sessions}
	}
	common := all("any", good)
	common.Faults = []*report.StepError{wrong("dns")}
	for _, tt := range []struct {
		name  string
		r     *report.Report
		state report.State
		want  bool
	}{
		{"a threshold", good, report.Critical, true},
		{"logout", late, report.OK, true},
		{"a failure that is OK by --state", bad, report.OK, false},
		{"every address", all("worst", good, late), report.Critical, true},
		{"one of two", all("worst", good, bad), report.Critical, false},
		{"one of two is enough", all("any", bad, good), report.OK, true},
		{"none of two", all("any", bad, bad), report.OK, false},
		{"before the sessions", common, report.Critical, false},
	} {
		v := Judge(tt.r, Policy{
			Rules:  []Rule{{Metric: "time_select", Crit: rng(t, "time_select", "1")}},
			States: map[string]report.State{"timeout": report.OK},
		})
		if v.State != tt.state || v.Success != tt.want {
			t.Errorf("%s: got %s, success %v, want %s, %v", tt.name, v.State, v.Success, tt.state, tt.want)
		}
	}
}

// TestFindingsOfAddresses has each finding with its address. A login that was not tried
// comes behind the one that was rejected, in whatever order the addresses are.
func TestFindingsOfAddresses(t *testing.T) {
	held := &report.StepError{Step: "login", Err: &report.LoginHeld{Address: "192.0.2.2"}}
	rejected := &report.StepError{Step: "login", Err: report.ErrNo, Reply: &report.Reply{Status: "NO"}}
	v := Judge(&report.Report{
		Target:   report.Target{Addresses: "worst"},
		Faults:   []*report.StepError{{Step: "select", Err: report.ErrNodesDiffer}},
		Sessions: []*report.Report{sessionAt("192.0.2.1", held), sessionAt("192.0.2.2", rejected), sessionAt("192.0.2.3", held)},
	}, Policy{})
	var got []string
	for _, f := range v.Findings {
		got = append(got, f.Address+" "+f.Text)
	}
	want := []string{
		"192.0.2.2 login rejected",
		"192.0.2.1 login not tried: 192.0.2.2 has rejected it already",
		"192.0.2.3 login not tried: 192.0.2.2 has rejected it already",
		" select differs between the nodes",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWorstOfAddresses takes each metric from the address where it is worst: by its
// state, then by its value, which is worse low or high.
func TestWorstOfAddresses(t *testing.T) {
	a := sessionAt("192.0.2.1", nil, metric("time", 1), metric("certificate_days", 30), metric("time_select", 0.5), metric("messages", 90))
	b := sessionAt("192.0.2.2", nil, metric("time", 2), metric("certificate_days", 20), metric("time_select", 0.7), metric("messages", 5))
	p := Policy{Rules: []Rule{{Metric: "messages", Crit: rng(t, "messages", "10:")}}}
	const want = "time=3 time_select=0.7 certificate_days=20 messages=5 addresses=2 addresses_failed=1"
	for _, sessions := range [][]*report.Report{{a, b}, {b, a}} {
		all := measured(metric("time", 3))
		all.Target.Addresses, all.Sessions = "worst", sessions
		var got []string
		for _, m := range Judge(all, p).Metrics {
			got = append(got, fmt.Sprintf("%s=%v", m.Label(), m.Value))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
