package session

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"check_imap_session/internal/report"
)

// TestMetricsOfSteps holds the catalog and the table of metrics to each other:
// every step has a time, and every row is that of a step.
func TestMetricsOfSteps(t *testing.T) {
	for _, step := range Catalog {
		if def, ok := report.LookupMetric(report.StepTime(step.Name)); !ok || def.Step != step.Name {
			t.Errorf("step %s: the table has no row for its time", step.Name)
		}
		for _, name := range step.Only {
			if def, ok := report.LookupMetric(name); !ok || def.Step != step.Name {
				t.Errorf("step %s: Only has %q, which is not one of its metrics", step.Name, name)
			}
		}
	}
	for _, def := range report.MetricTable() {
		if def.Step != "" && !slices.Contains(StepNames(), def.Step) {
			t.Errorf("metric %s: unknown step %s", def.Name, def.Step)
		}
	}
}

// TestEveryMetric runs all steps without TLS: each of their metrics is measured,
// or the report says why not.
func TestEveryMetric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.opts.Capabilities = everyCapability()
		b.cfg.With = everyOptional()
		r := b.pass(t, "greet\nserve")
		for _, def := range report.MetricTable() {
			step := r.Step(def.Step)
			if _, measured := r.Metric(def.Name); step != nil && !measured && r.Absent[def.Name] == "" {
				t.Errorf("%s of the step %s, which %s: neither measured nor absent for a reason", def.Name, step.Name, step.Outcome)
			}
		}
	})
}

// TestForeignMetric fails a step that records a metric which is not its own.
func TestForeignMetric(t *testing.T) {
	for _, name := range []string{"mesages", report.Folders} {
		synctest.Test(t, func(t *testing.T) {
			step := Step{Name: report.StepSelect, Wanted: always, Run: func(_ context.Context, _ *Session, rec *Recorder) error {
				rec.Metric(name, 1)
				return nil
			}}
			r := Run(t.Context(), Config{}, []Step{step})
			if e := r.Failure(); e == nil || !errors.Is(e, report.ErrInternal) {
				t.Errorf("%s recorded by select: failure %v, want an internal error", name, e)
			}
		})
	}
}
