package report

import nagios "github.com/atc0005/go-nagios"

// State is a plugin state. The numbers are the exit codes of the plugin
// interface.
type State int

// The four states of the plugin interface (rule E1 of docs/plugin-interface.md).
const (
	OK       = State(nagios.StateOKExitCode)
	Warning  = State(nagios.StateWARNINGExitCode)
	Critical = State(nagios.StateCRITICALExitCode)
	Unknown  = State(nagios.StateUNKNOWNExitCode)
)

// String returns the state's label, "OK". DEPENDENT, which go-nagios has for 4, is
// not a state of a service.
func (s State) String() string { return nagios.ExitCodeToStateLabel(int(min(s, Unknown))) }

// Rank orders states: CRITICAL is worse than UNKNOWN, then WARNING, then OK.
func (s State) Rank() int {
	switch s {
	case OK:
		return 0
	case Warning:
		return 1
	case Critical:
		return 3
	default:
		return 2
	}
}

// Worst returns the worse of two states.
func Worst(a, b State) State {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

// Verdict is what judge made of a Report.
type Verdict struct {
	State    State
	Success  bool      // no failure but of kinds that are OK by default; neither thresholds nor --state count
	Findings []Finding // worst first; the first one makes the headline
	Metrics  []Judged  // every measured metric in the order of the table
	Unjudged []string  // thresholds this run had nothing to compare with, and why
	Sessions []Verdict // in the order of Report.Sessions; nil without
	Unknown  []Metric  // those of planned steps that have no value, in the order of the table
}

// Finding is one judged thing: a failure, a threshold, a remark with a state.
type Finding struct {
	State State
	Kind  string // failure kind, public API: "auth_failed", "threshold"
	Step  string // "" for the whole run
	// Mailbox is the one of several that it is about.
	Mailbox Mailbox
	Text    string // what happened, without the server's words
	Server  string // the server's own words, unsanitised; "" when it said none
	Advice  string // one line: an action or a question; "" when there is none
	Metric  string // the metric, for a threshold
	// Address is the address whose session found it; "" in a check of one session.
	Address string
}

// Judged is a metric beside the thresholds that applied to it.
type Judged struct {
	Metric
	Warn, Crit string // ranges in the metric's unit, "" when not given
	State      State
}
