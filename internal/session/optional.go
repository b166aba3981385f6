package session

import (
	"fmt"
	"slices"
	"strings"

	"check_imap_session/internal/report"
)

// wanted says whether a configuration wants the step.
func (s Step) wanted(c *Config) bool {
	if s.Wanted != nil {
		return s.Wanted(c)
	}
	return s.Why(c) != ""
}

// Why says why an optional step is in the plan: "asked by --with=quota",
// "asked by -c quota_storage_percent". It is "" for the steps that every
// session has, and for a step that nobody asks for.
func (s Step) Why(c *Config) string {
	if s.Wanted != nil {
		return ""
	}
	c = c.at(s.Mailbox)
	if s.Flag != "" && s.Given(c) {
		return "asked by " + s.Flag
	}
	if c.With[s.Name] {
		return "asked by --with=" + s.Name
	}
	if len(c.Thresholds) == 0 {
		return ""
	}
	for _, def := range s.Metrics() {
		if flag := c.Thresholds[def.Name]; flag != "" {
			return "asked by " + flag + " " + def.Name
		}
	}
	if time := report.StepTime(s.Name); c.Thresholds[time] != "" {
		return "asked by " + c.Thresholds[time] + " " + time
	}
	return ""
}

// Metrics returns what the step measures beside its time.
func (s Step) Metrics() []report.MetricDef {
	defs := report.StepMetrics(s.Name)
	if s.Only == nil {
		return defs
	}
	return slices.DeleteFunc(defs, func(d report.MetricDef) bool { return !slices.Contains(s.Only, d.Name) })
}

// Optional returns the names of the steps that a session has only when
// somebody asks for them, in protocol order.
func Optional() []string { return namesOf(func(s Step) bool { return s.Wanted == nil }) }

// Additions returns the values of --with: the optional steps, and Delivery.
func Additions() []string { return append(Optional(), Delivery) }

// hasThreshold says whether there is a threshold on one of the metrics.
func (c *Config) hasThreshold(metrics ...string) bool {
	return slices.ContainsFunc(metrics, func(name string) bool { return c.Thresholds[name] != "" })
}

// hasThresholdOf says whether there is a threshold on what a step measures, or on its
// time.
func (c *Config) hasThresholdOf(step string) bool {
	return c.hasThreshold(report.StepTime(step)) || c.hasThreshold(metricNames(step)...)
}

// metricNames returns the names of what a step measures beside its time.
func metricNames(step string) []string {
	var names []string
	for _, def := range report.StepMetrics(step) {
		names = append(names, def.Name)
	}
	return names
}

// notAsked is why a metric has no value that a session measures only when asked.
const notAsked = "nobody asked for it"

// unmeasured says why metrics of the step have no value. A metric with a threshold
// that cannot be measured is a fault; otherwise the check would be green.
func (s *Session) unmeasured(rec *Recorder, why string, metrics ...string) {
	var wanted []string
	rec.Absent(why, metrics...)
	for _, name := range metrics {
		if s.cfg.hasThreshold(name) {
			wanted = append(wanted, name)
		}
	}
	if len(wanted) > 0 {
		rec.Fault(report.ErrNotOffered, "%s cannot be measured: %s", strings.Join(wanted, ", "), why)
	}
}

// noAnswer is the error of a command that was answered by OK and nothing else.
func noAnswer(command string) error {
	return fmt.Errorf("%w: the answer to %s has no data", report.ErrProtocol, command)
}
