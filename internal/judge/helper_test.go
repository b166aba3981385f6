package judge

import (
	"testing"

	"check_imap_session/internal/report"
)

// rng parses a range of a metric.
func rng(t testing.TB, metric, text string) *Range {
	t.Helper()
	if text == "" {
		return nil
	}
	def, ok := report.LookupMetric(metric)
	if !ok {
		t.Fatalf("no metric %s", metric)
	}
	r, err := ParseRange(text, def.Unit)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

// measured returns a report in which the metric was measured.
func measured(metrics ...report.Metric) *report.Report {
	r := &report.Report{Metrics: metrics}
	for _, m := range metrics {
		if m.Def.Step != "" && r.Step(m.Def.Step) == nil {
			r.Steps = append(r.Steps, report.StepResult{Name: m.Def.Step, Outcome: report.Passed})
		}
	}
	return r
}

func metric(name string, value float64) report.Metric {
	def, ok := report.LookupMetric(name)
	if !ok {
		panic("no metric " + name)
	}
	return report.Metric{Def: def, Value: value}
}
