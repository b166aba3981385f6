package judge

import (
	"errors"
	"testing"

	"check_imap_session/internal/report"
)

func BenchmarkJudge(b *testing.B) {
	good := measured(metric("time", 0.2), metric("time_connect", 0.01), metric("time_tls", 0.03), metric("time_greeting", 0.01),
		metric("time_login", 0.02), metric("time_list", 0.01), metric("time_select", 0.01), metric("time_fetch", 0.09),
		metric("time_logout", 0.01), metric("certificate_days", 61), metric("messages", 42), metric("message_age", 600))
	failed := measured(metric("time", 0.2))
	failed.Steps = append(failed.Steps, report.StepResult{Name: "connect", Outcome: report.Failed,
		Err: &report.StepError{Step: "connect", Err: errors.New("something that no row of the table knows")}})
	limits := Policy{Rules: []Rule{
		{"time", rng(b, "time", "2"), rng(b, "time", "5")},
		{"messages", nil, rng(b, "messages", "1:")},
	}}
	benchmarks := []struct {
		name   string
		report *report.Report
		policy Policy
		want   report.State
	}{
		{"good", good, Policy{}, report.OK},
		{"thresholds", good, limits, report.OK},
		{"unknown failure", failed, Policy{}, report.Critical},
	}
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v := Judge(bb.report, bb.policy); v.State != bb.want {
					b.Fatalf("got %v, want %v: %+v", v.State, bb.want, v.Findings)
				}
			}
		})
	}
}

func BenchmarkParseRange(b *testing.B) {
	for _, text := range []string{"5", "500ms", "@10:20", "1.5h:2d"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseRange(text, report.Seconds); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
