package render

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/report"
)

// prefix begins the name of every OpenMetrics series.
const prefix = "imap_session_"

// OpenMetrics prints the report as text exposition that is valid as OpenMetrics
// 1.0 and for node_exporter's textfile collector alike: gauges in base units, one
// series a step with a step label, ended by # EOF. Every series has the labels
// host, port and mailbox; with several sessions those of a session have its
// address as well.
func OpenMetrics(r *report.Report, v report.Verdict, o Options) []byte {
	e := exposition{o: o}
	base := []string{"host", r.Target.Host, "port", strconv.Itoa(int(r.Target.Port)), "mailbox", r.Target.Mailbox}
	e.whole(r, v, base)
	if len(r.Sessions) == 0 {
		e.session(r, v, base)
	}
	for i, s := range r.Sessions {
		e.session(s, v.Sessions[i], append(base[:len(base):len(base)], "address", s.Target.Address))
	}
	return e.bytes()
}

// OpenMetricsMessage prints that a check could not be made at all. The format has
// no room for words.
func OpenMetricsMessage(_ *report.Report, f report.Finding, o Options) []byte {
	e := exposition{o: o}
	e.add("up", "Whether the session went through without a failure.", 0)
	e.add("state", "Plugin state: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.", float64(f.State))
	return e.bytes()
}

// exposition collects samples by family, since a family's samples must stand
// together.
type exposition struct {
	o        Options
	families []*family
}

type family struct {
	name, help string
	samples    []string
}

// add adds a sample; labels are names and values in turn.
func (e *exposition) add(name, help string, value float64, labels ...string) {
	var f *family
	for _, have := range e.families {
		if have.name == name {
			f = have
		}
	}
	if f == nil {
		f = &family{name: name, help: help}
		e.families = append(e.families, f)
	}
	var pairs []string
	for i := 0; i+1 < len(labels); i += 2 {
		if labels[i+1] != "" {
			pairs = append(pairs, labels[i]+`="`+label(labels[i+1])+`"`)
		}
	}
	set := ""
	if len(pairs) > 0 {
		set = "{" + strings.Join(pairs, ",") + "}"
	}
	f.samples = append(f.samples, prefix+name+set+" "+strconv.FormatFloat(value, 'f', -1, 64))
}

// label makes a value safe inside the quotes of a label.
func label(v string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(Text(v))
}

func (e *exposition) bytes() []byte {
	var b bytes.Buffer
	for _, f := range e.families {
		fmt.Fprintf(&b, "# HELP %s%s %s\n# TYPE %s%s gauge\n", prefix, f.name, f.help, prefix, f.name)
		for _, s := range f.samples {
			b.WriteString(s + "\n")
		}
	}
	b.WriteString("# EOF\n")
	return b.Bytes()
}

// whole adds what there is once a run.
func (e *exposition) whole(r *report.Report, v report.Verdict, labels []string) {
	up := 1.0
	if v.State == report.Critical || v.State == report.Unknown {
		up = 0
	}
	e.add("up", "Whether the session went through without a failure.", up, labels...)
	e.add("state", "Plugin state: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.", float64(v.State), labels...)
	e.add("duration_seconds", "First step to the end of the run.", micros(r.Elapsed.Seconds()), labels...)
	for _, m := range v.Metrics {
		if m.Def.Name == report.Addresses || m.Def.Name == report.AddressesFailed {
			e.add(m.Def.Name, help(m.Def), m.Value, labels...)
		}
	}
}

// session adds what one session measured.
func (e *exposition) session(r *report.Report, v report.Verdict, labels []string) {
	with := func(more ...string) []string { return append(labels[:len(labels):len(labels)], more...) }
	e.add("info", "What was learnt of the server, as labels.", 1, with(
		"version", e.o.Version, "tls", r.Target.TLS, "tls_version", fact(r, "tls_version"), "mechanism", fact(r, "mechanism"),
		"reached", fact(r, "address"))...)
	for i, s := range r.Steps {
		reached := s.Outcome == report.Passed || s.Outcome == report.Failed
		again := slices.ContainsFunc(r.Steps[:i], func(other report.StepResult) bool {
			return other.Name == s.Name && (other.Outcome == report.Passed || other.Outcome == report.Failed)
		})
		if !reached || again { // a step in two places has one series
			continue
		}
		passed := 1.0
		if s.Outcome == report.Failed {
			passed = 0
		}
		e.add("step_success", "Whether a step that was reached went well.", passed, with("step", s.Name)...)
	}
	for _, m := range v.Metrics {
		switch step, isTime := strings.CutPrefix(m.Def.Name, report.Time+"_"); {
		case isTime:
			e.add("step_duration_seconds", "Time of a step that went well.", micros(m.Value), with("step", step)...)
		case m.Def.Name != report.Time:
			name, factor := baseUnit(m.Def)
			e.add(name, help(m.Def), math.Round(m.Value*factor*1e6)/1e6, labels...)
		}
	}
}

// baseUnit returns a metric's name with its base unit, and what its value is
// multiplied by: days become seconds, percent a ratio.
func baseUnit(def report.MetricDef) (name string, factor float64) {
	switch def.Unit {
	case report.Seconds:
		return def.Name + "_seconds", 1
	case report.Bytes:
		return def.Name + "_bytes", 1
	case report.Days:
		return strings.TrimSuffix(def.Name, "_days") + "_remaining_seconds", 86400
	case report.Percent:
		return strings.TrimSuffix(def.Name, "_percent") + "_ratio", 0.01
	}
	return def.Name, 1
}

// help returns a metric's words as a help line has them.
func help(def report.MetricDef) string {
	return strings.ToUpper(def.Doc[:1]) + def.Doc[1:] + "."
}

func fact(r *report.Report, name string) string {
	s, _ := r.Fact(name).(string)
	return s
}
