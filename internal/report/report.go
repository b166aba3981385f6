// Package report holds what a run measured and what was made of it, as plain
// values: the Report of the session (steps, metrics, facts, faults), and the
// Verdict that judge makes from it. It does no I/O, knows no threshold and
// decides no state; session fills a Report, judge reads it, render prints both.
package report

import "time"

// Report is what one run of the session measured. It is complete after a
// failure too: steps that were not reached say so.
type Report struct {
	Target  Target
	Started time.Time     // wall clock at the first step
	Elapsed time.Duration // first step to the end of the run
	Steps   []StepResult  // in the order of the plan
	Metrics []Metric      // in the order they were measured; Table gives the order of output
	Facts   []Fact        // in the order they were learnt
	Remarks []Remark      // things worth a line, but no failure
	Faults  []*StepError  // failures that did not end the session
	// Absent says why a planned metric has no value in this run although
	// nothing failed: "the server volunteered its capabilities". Keyed by
	// the name of the metric, with its mailbox; nil when nothing is missing.
	Absent     map[string]string
	Transcript []Line // nil when none was asked for
	// Sessions holds a report for every address of the name, when each was
	// checked by itself; then Steps holds only what they have in common. Nil in a
	// check of one session.
	Sessions []*Report
}

// Target is what the run was pointed at.
type Target struct {
	Host     string // as given with -H
	Port     uint16
	Address  string // the address reached, or the one asked for; "" when none was
	TLS      string // "implicit", "starttls" or "none"
	Username string // "" when the check does not log in
	Mailbox  string // "" when no mailbox is opened, or several
	// Mailboxes are those of a session that opens several, in the order in which
	// they were asked for; nil otherwise.
	Mailboxes []Mailbox
	// Pattern is that of --mailboxes, which found them; "" without.
	Pattern string
	Message string // "newest" or "oldest", the message that is fetched; "" for another and for none
	Timeout time.Duration
	Demo    string // scenario of --demo; "" in a real check
	// Addresses is "worst" or "any" when every address was checked by itself,
	// which says whose result counts; "" otherwise.
	Addresses string
}

// Label is a label of every OpenMetrics series. An empty Value leaves the label out.
type Label struct{ Name, Value string }

// Outcome says how a step ended.
type Outcome string

// The outcomes of a step; their words are the JSON values.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	Skipped    Outcome = "skipped"     // not needed in this run; StepResult.Detail says why
	NotReached Outcome = "not_reached" // an earlier step failed
)

// StepResult is one step of the plan and how it went.
type StepResult struct {
	Name    string
	Mailbox Mailbox // the one of several that the step is about
	About   About
	Outcome Outcome
	Start   time.Duration // offset from Report.Started; 0 when not reached
	Elapsed time.Duration // 0 when skipped or not reached
	Detail  string        // one short phrase: what the step found, or why it was skipped
	Err     *StepError    // set when Outcome is Failed
	Planned string        // why the step is in the plan; "" for the steps every session has
	ByHand  string        // what a person types to do the same, for a step that failed; "" when nobody said
}

// Metric is one measured number.
type Metric struct {
	Def     MetricDef
	Mailbox Mailbox  // the one of several that it is about
	Value   float64  // in Def.Unit
	Max     *float64 // upper end of the scale in Def.Unit; nil when there is none
	// At is the moment that an age counts from, or days count to. Zero for other
	// metrics.
	At time.Time
}

// Label returns the metric's name with its mailbox, as perfdata has it.
func (m Metric) Label() string { return m.Mailbox.At(m.Def.Name) }

// Fact is something learnt that is not a number to judge: the greeting, the TLS
// version, the capabilities.
type Fact struct {
	Name  string // lower_snake, public API (a JSON key); with several mailboxes uidvalidity@INBOX
	Value any    // string, bool, int64 or []string
}

// Remark is a sentence worth showing that changes no state.
type Remark struct {
	Step     string  // the step it belongs to; "" for the whole run
	Mailbox  Mailbox // the one of several that the step is about
	Text     string
	Headline bool // worth a place on the first line
}

// Line is one line of the transcript.
type Line struct {
	At   time.Duration // offset from Report.Started
	From string        // "C" client, "S" server, "-" a mark of ours
	Text string        // redacted; foreign bytes as the server sent them
}

// Step returns the result of the step called name, or nil; of several mailboxes
// that of the first.
func (r *Report) Step(name string) *StepResult {
	for i := range r.Steps {
		if r.Steps[i].Name == name {
			return &r.Steps[i]
		}
	}
	return nil
}

// StepOf returns the result of a step about one mailbox of several, or nil.
func (r *Report) StepOf(name string, m Mailbox) *StepResult {
	for i := range r.Steps {
		if r.Steps[i].Name == name && r.Steps[i].Mailbox == m {
			return &r.Steps[i]
		}
	}
	return nil
}

// Metric returns the metric called name and whether it was measured. Of a time it is
// the sum over several mailboxes.
func (r *Report) Metric(name string) (Metric, bool) { return r.MetricOf(name, Mailbox{}) }

// MetricOf returns the metric of one mailbox of several, and whether it was measured.
func (r *Report) MetricOf(name string, of Mailbox) (Metric, bool) {
	for i := range r.Metrics {
		if m := &r.Metrics[i]; m.Def.Name == name && m.Mailbox == of {
			return *m, true
		}
	}
	return Metric{}, false
}

// Fact returns the value of the fact called name, or nil.
func (r *Report) Fact(name string) any {
	for _, f := range r.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// Failure returns the error of the step that ended the session, or nil when
// the session went through.
func (r *Report) Failure() *StepError {
	for _, s := range r.Steps {
		if s.Outcome == Failed && s.Err != nil {
			return s.Err
		}
	}
	return nil
}
