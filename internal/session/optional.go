package session

import (
	"fmt"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// wanted says whether a configuration wants the step.
func (s Step) wanted(c Config) bool {
	if s.Wanted != nil {
		return s.Wanted(c)
	}
	return s.Why(c) != ""
}

// Why says why an optional step is in the plan: "asked by --with=quota",
// "asked by -c quota_storage_percent". It is "" for the steps that every
// session has, and for a step that nobody asks for.
func (s Step) Why(c Config) string {
	if s.Wanted != nil {
		return ""
	}
	if s.Flag != nil {
		if flag := s.Flag(c); flag != "" {
			return "asked by " + flag
		}
	}
	if c.With[s.Name] {
		return "asked by --with=" + s.Name
	}
	if len(c.Asked) == 0 {
		return ""
	}
	for _, def := range s.Metrics() {
		if flag := c.Asked[def.Name]; flag != "" {
			return "asked by " + flag + " " + def.Name
		}
	}
	if time := report.StepTime(s.Name); c.Asked[time] != "" {
		return "asked by " + c.Asked[time] + " " + time
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
// somebody asks for them, in protocol order: the values of --with.
func Optional() []string {
	var names []string
	for _, step := range Catalog {
		if step.Wanted == nil && !slices.Contains(names, step.Name) {
			names = append(names, step.Name)
		}
	}
	return names
}

// asked says whether there is a threshold on one of the metrics.
func (c Config) asked(metrics ...string) bool {
	return slices.ContainsFunc(metrics, func(name string) bool { return c.Asked[name] != "" })
}

func (s *Session) asked(metrics ...string) bool { return s.cfg.asked(metrics...) }

// lacks records the fault of a server that cannot give what was asked for.
func lacks(rec *Recorder, format string, args ...any) {
	rec.Fault(fmt.Errorf("%w: %w", report.ErrNotOffered, fmt.Errorf(format, args...)))
}

// without says why metrics of the step have no value. For those that a
// threshold is on that is a fault: a number that cannot be had must not pass
// for a good one.
func (s *Session) without(rec *Recorder, why string, metrics ...string) {
	var asked []string
	for _, name := range metrics {
		rec.Absent(name, why)
		if s.asked(name) {
			asked = append(asked, name)
		}
	}
	if len(asked) > 0 {
		lacks(rec, "%s cannot be measured: %s", strings.Join(asked, ", "), why)
	}
}

// noAnswer is the error of a command that was answered by OK and nothing else.
func noAnswer(command string) error {
	return fmt.Errorf("%w: the answer to %s has no data", report.ErrProtocol, command)
}

// lacking records the fault of a capability that is not there and skips the step.
func (s *Session) lacking(rec *Recorder, capability imap.Cap) {
	lacks(rec, "capability %s is missing", capability)
	rec.Skip("the server does not offer " + string(capability))
}
