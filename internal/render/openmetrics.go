package render

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// prefix begins the name of every OpenMetrics series.
const prefix = "imap_session_"

// OpenMetrics prints the report as text exposition that is valid as OpenMetrics
// 1.0 and for node_exporter's textfile collector alike: gauges in base units, one
// series a step with a step label, ended by # EOF. Every series has the labels
// host, port, username and mailbox, and those of --label; with several sessions
// those of a session have its address as well. What goes on counting when the check
// no longer runs is a timestamp.
func OpenMetrics(r *report.Report, v report.Verdict, o Options) []byte {
	e := exposition{o: o}
	base := o.labels(r.Target)
	e.whole(r, v.State, v.Success, base)
	if len(r.Sessions) == 0 {
		e.failures(v.Findings, base)
		e.session(r, v, base)
		return e.bytes()
	}
	for _, m := range v.Metrics {
		if m.Def.Step == "" && m.Def.Name != report.Time { // those with a step belong to a session
			e.metric(m, base)
		}
	}
	e.failures(v.Findings, base)
	for i, s := range r.Sessions {
		e.session(s, v.Sessions[i], slices.Concat(base, []string{"address", s.Target.Address}))
	}
	return e.bytes()
}

// OpenMetricsMessage is Message in this form, which has no room for words.
func OpenMetricsMessage(r *report.Report, f report.Finding, o Options) []byte {
	e := exposition{o: o}
	base := o.labels(r.Target)
	e.whole(r, f.State, false, base)
	e.failures([]report.Finding{f}, base)
	return e.bytes()
}

// labels returns the names and values of the labels of every series.
func (o Options) labels(t report.Target) []string {
	all := []report.Label{
		{Name: "host", Value: t.Host}, {Name: "port", Value: strconv.Itoa(int(t.Port))},
		{Name: "username", Value: t.Username}, {Name: "mailbox", Value: t.Mailbox},
	}
	for _, l := range o.Labels {
		all = append(slices.DeleteFunc(all, func(have report.Label) bool { return have.Name == l.Name }), l)
	}
	var pairs []string
	for _, l := range all {
		pairs = append(pairs, l.Name, l.Value)
	}
	return pairs
}

// exposition collects samples by family, since a family's samples must stand
// together.
type exposition struct {
	o        Options
	families []family
}

type family struct {
	name, help string
	samples    []string
}

// add adds a sample, once. labels and more are names and values in turn; a label without
// a value is left out.
func (e *exposition) add(name, help string, value float64, labels []string, more ...string) {
	i := slices.IndexFunc(e.families, func(f family) bool { return f.name == name })
	if i < 0 {
		i = len(e.families)
		e.families = append(e.families, family{name: name, help: help})
	}
	var pairs []string
	for pair := range slices.Chunk(slices.Concat(labels, more), 2) {
		if pair[1] != "" {
			pairs = append(pairs, pair[0]+`="`+label(pair[1])+`"`)
		}
	}
	set := ""
	if len(pairs) > 0 {
		set = "{" + strings.Join(pairs, ",") + "}"
	}
	sample := prefix + name + set + " " + strconv.FormatFloat(value, 'f', -1, 64)
	if f := &e.families[i]; !slices.Contains(f.samples, sample) {
		f.samples = append(f.samples, sample)
	}
}

// label makes a value safe inside the quotes of a label.
func label(v string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(Plain(v))
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

// whole adds what there is once a run, also in a run without a session.
func (e *exposition) whole(r *report.Report, state report.State, success bool, labels []string) {
	e.add("success", "Whether all planned steps of the session passed (1) or one failed (0); limits on numbers do not count.", truth(success), labels)
	e.add("state", "State of the check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.", float64(state), labels)
	e.add("duration_seconds", "Time from the first step to the end of the run.", micros(r.Elapsed.Seconds()), labels)
	e.add("last_run_timestamp_seconds", "When the check last ended, as a Unix time.", timestamp(r.Started.Add(r.Elapsed)), labels)
}

// failures adds why a session failed: the kinds of docs/failures.md.
func (e *exposition) failures(findings []report.Finding, labels []string) {
	for _, f := range findings {
		if f.Metric == "" {
			e.add("failure_info", "A failure of the session, with its kind and the step that failed; the value is always 1.", 1,
				labels, "kind", f.Kind, "step", f.Step, "address", f.Address)
		}
	}
}

// session adds what one session measured.
func (e *exposition) session(r *report.Report, v report.Verdict, labels []string) {
	e.add("info", "What is known of the session, as labels; the value is always 1.", 1, labels,
		"version", e.o.Version, "tls", r.Target.TLS, "tls_version", fact(r, "tls_version"), "mechanism", fact(r, "mechanism"),
		"reached", fact(r, "address"))
	type place struct {
		step    string
		mailbox report.Mailbox
	}
	seen := map[place]bool{} // a step in two places of the plan has one series
	for _, s := range r.Steps {
		at := place{s.Name, s.Mailbox}
		if !ran(s) || seen[at] {
			continue
		}
		seen[at] = true
		e.add("step_success", "Whether a step passed (1) or failed (0); steps that were not reached have no value.", truth(s.Outcome == report.Passed),
			labels, "step", s.Name, "mailbox", e.o.mailboxLabel(r, s.Mailbox))
	}
	for _, m := range v.Metrics {
		mailbox := e.o.mailboxLabel(r, m.Mailbox)
		switch step, isTime := strings.CutPrefix(m.Def.Name, report.Time+"_"); {
		case isTime:
			e.add("step_duration_seconds", "Time that a step took; steps that failed have no value.", micros(m.Value),
				labels, "step", step, "mailbox", mailbox)
		case m.Def.Name != report.Time:
			e.metric(m, labels, "mailbox", mailbox)
		}
	}
}

// metric adds a metric that is not a time of a step: the moment that it counts from or
// to, or its value.
func (e *exposition) metric(m report.Judged, labels []string, more ...string) {
	if !m.At.IsZero() {
		e.add(momentName(m.Def), sentence(m.Def.Moment+", as a Unix time"), timestamp(m.At), labels, more...)
		return
	}
	name, factor := baseUnit(m.Def)
	e.add(name, help(m.Def), micros(m.Value*factor), labels, more...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// timestamp is a moment as a Unix time, to the millisecond.
func timestamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }

// momentName returns the name of the moment that a metric counts from or to: an age
// from when a message came in, days to an end.
func momentName(def report.MetricDef) string {
	name := strings.TrimSuffix(def.Name, "_age")
	if days, ok := strings.CutSuffix(name, "_days"); ok {
		name = days + "_expiry"
	}
	return name + "_timestamp_seconds"
}

// baseUnit returns a metric's name with its base unit, and what its value is
// multiplied by: percent becomes a ratio.
func baseUnit(def report.MetricDef) (name string, factor float64) {
	switch def.Unit {
	case report.Seconds:
		return def.Name + "_seconds", 1
	case report.Bytes:
		return def.Name + "_bytes", 1
	case report.Percent:
		return strings.TrimSuffix(def.Name, "_percent") + "_ratio", 0.01
	}
	return def.Name, 1
}

// help returns a metric's words as a help line has them.
func help(def report.MetricDef) string {
	if def.Unit == report.Percent {
		return sentence(def.Doc + ", as a ratio (0 to 1)")
	}
	return sentence(def.Doc)
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

func fact(r *report.Report, name string) string {
	s, _ := r.Fact(name).(string)
	return s
}
