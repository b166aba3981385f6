package outputtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Report is the JSON object, key for key.
type Report struct {
	Schema    int       `json:"schema"`
	Version   string    `json:"version"`
	Timestamp time.Time `json:"timestamp"`
	Target    Target    `json:"target"`
	State     string    `json:"state"`
	ExitCode  int       `json:"exit_code"`
	Summary   string    `json:"summary"`
	Session
	Addresses []struct {
		Address string `json:"address"`
		State   string `json:"state"`
		Session
	} `json:"addresses"`
}

// Target is what was checked.
type Target struct {
	Host      string   `json:"host"`
	Port      int      `json:"port"`
	Address   string   `json:"address"`
	TLS       string   `json:"tls"`
	Username  string   `json:"username"`
	Mailbox   string   `json:"mailbox"`
	Mailboxes []string `json:"mailboxes"`
	Demo      string   `json:"demo"`
}

// Session is what was measured and found in one session.
type Session struct {
	Steps      []Step         `json:"steps"`
	Metrics    []Metric       `json:"metrics"`
	Findings   []Finding      `json:"findings"`
	Remarks    []Remark       `json:"remarks"`
	Facts      map[string]any `json:"facts"`
	Transcript []struct {
		At   float64 `json:"at"`
		From string  `json:"from"`
		Text string  `json:"text"`
	} `json:"transcript"`
}

// Step is one step of a Session.
type Step struct {
	Name    string   `json:"name"`
	Mailbox string   `json:"mailbox"`
	Outcome string   `json:"outcome"`
	Start   *float64 `json:"start_seconds"`
	Seconds *float64 `json:"duration_seconds"`
	Detail  string   `json:"detail"`
	Planned string   `json:"planned"`
	ByHand  string   `json:"by_hand"`
}

// Metric is one number of a Session.
type Metric struct {
	Name    string   `json:"name"`
	Mailbox string   `json:"mailbox"`
	Value   float64  `json:"value"`
	Unit    string   `json:"unit"`
	Warn    string   `json:"warn"`
	Crit    string   `json:"crit"`
	Min     *float64 `json:"min"`
	Max     *float64 `json:"max"`
	State   string   `json:"state"`
}

// Finding is one finding of a Session.
type Finding struct {
	State   string `json:"state"`
	Kind    string `json:"kind"`
	Step    string `json:"step"`
	Mailbox string `json:"mailbox"`
	Text    string `json:"text"`
	Server  string `json:"server"`
	Advice  string `json:"advice"`
	Metric  string `json:"metric"`
	Address string `json:"address"`
}

// Remark is one remark of a Session.
type Remark struct {
	Step    string `json:"step"`
	Mailbox string `json:"mailbox"`
	Text    string `json:"text"`
}

// Metric returns the value of a metric and whether there is one. With several
// mailboxes the name is METRIC@MAILBOX.
func (s Session) Metric(name string) (float64, bool) {
	name, mailbox, _ := strings.Cut(name, "@")
	for _, m := range s.Metrics {
		if m.Name == name && m.Mailbox == mailbox {
			return m.Value, true
		}
	}
	return 0, false
}

// Outcome returns how a step ended, "" when it is not in the plan. The name is as that
// of a metric.
func (s Session) Outcome(step string) string {
	step, mailbox, _ := strings.Cut(step, "@")
	for _, one := range s.Steps {
		if one.Name == step && one.Mailbox == mailbox {
			return one.Outcome
		}
	}
	return ""
}

// required are the keys that the object and its parts always have, and never
// with null but for those of the second list.
var (
	required = map[string]string{
		"":          "schema version timestamp target state exit_code summary steps metrics findings remarks facts",
		"target":    "host port address tls username mailbox",
		"steps":     "name outcome start_seconds duration_seconds",
		"metrics":   "name value unit warn crit min max state",
		"findings":  "state kind step text server advice metric",
		"remarks":   "step text",
		"addresses": "address state steps metrics findings remarks facts",
	}
	nullable = []string{"start_seconds", "duration_seconds", "min", "max"}
)

// JSON reads the output of a run with -o json that ended with this exit code.
func JSON(out string, code int) (*Report, error) {
	if err := Block(out); err != nil {
		return nil, err
	}
	var r Report
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return nil, fmt.Errorf("JSON: %w: %s", err, out)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more than one JSON value: %s", out)
	}
	var whole any
	json.Unmarshal([]byte(out), &whole) // it went well above
	if err := walk("", whole); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	switch {
	case r.Schema != 1:
		return nil, fmt.Errorf("schema %d", r.Schema)
	case code < 0 || code > 3 || r.ExitCode != code || r.State != states[code]:
		return nil, fmt.Errorf("exit code %d, but the report says %d, %s", code, r.ExitCode, r.State)
	case !strings.HasPrefix(r.Summary, "IMAP_SESSION "+r.State+" - ") || strings.ContainsAny(r.Summary, deleted):
		return nil, fmt.Errorf("summary %q", r.Summary)
	}
	if err := r.mailboxes(); err != nil {
		return nil, err
	}
	if err := r.Session.check(r.State, len(r.Addresses) == 0); err != nil {
		return nil, err
	}
	for _, one := range r.Addresses {
		if err := one.Session.check(one.State, true); err != nil {
			return nil, fmt.Errorf("address %s: %w", one.Address, err)
		}
	}
	return &r, nil
}

// mailboxes checks that what names a mailbox names one of several of the target.
func (r *Report) mailboxes() error {
	named := []string{}
	for _, s := range r.Steps {
		named = append(named, s.Mailbox)
	}
	for _, m := range r.Metrics {
		named = append(named, m.Mailbox)
	}
	for _, f := range r.Findings {
		named = append(named, f.Mailbox)
	}
	for _, name := range named {
		if name != "" && (r.Target.Mailbox != "" || !slices.Contains(r.Target.Mailboxes, name)) {
			return fmt.Errorf("mailbox %q is not one of the target %+v", name, r.Target)
		}
	}
	return nil
}

// walk checks the keys of a value's objects, and the strings, which may hide
// control characters behind escapes.
func walk(name string, v any) error {
	switch v := v.(type) {
	case string:
		return printable(v)
	case []any:
		for _, e := range v {
			if err := walk(name, e); err != nil {
				return err
			}
		}
	case map[string]any:
		for key := range strings.FieldsSeq(required[name]) {
			if e, ok := v[key]; !ok || e == nil && !slices.Contains(nullable, key) {
				return fmt.Errorf("%q in %q is missing or null", key, name)
			}
		}
		for key, e := range v {
			if text, ok := e.(string); ok && name == "transcript" && key == "text" {
				e = strings.ReplaceAll(text, "\n", "") // literals are shown line by line
			}
			if err := errors.Join(printable(key), walk(key, e)); err != nil {
				return err
			}
		}
	}
	return nil
}

// check holds the parts of a session against each other and against its state.
// Only where the steps are those of one session they follow each other.
func (s Session) check(state string, one bool) error {
	last, worst := -1, "CRITICAL"
	for _, m := range s.Metrics {
		at := slices.Index(Labels, m.Name)
		if at < last || at == last && m.Mailbox == "" || rank(m.State) < 0 {
			return fmt.Errorf("metric %q: unknown, twice, out of order or in no state", m.Name)
		}
		last = at
	}
	if len(s.Steps) > 0 && (len(s.Metrics) == 0 || s.Metrics[0].Name != "time") {
		return errors.New("no metric time")
	}
	for _, f := range s.Findings {
		if f.Kind == "" || f.Text == "" || rank(f.State) < 0 || rank(f.State) > rank(worst) {
			return fmt.Errorf("finding %+v: without kind or text, or not worst first", f)
		}
		worst = f.State
	}
	if len(s.Findings) > 0 && s.Findings[0].State != state || len(s.Findings) == 0 && state != "OK" {
		return fmt.Errorf("state %s with findings %+v", state, s.Findings)
	}
	return s.times(one)
}

// rank orders states: CRITICAL is the highest, then UNKNOWN, WARNING, OK. It is -1 for
// another word.
func rank(state string) int {
	return slices.Index([]string{"OK", "WARNING", "UNKNOWN", "CRITICAL"}, state)
}

// times checks that the steps follow each other within the time of the run:
// each has its own time and no other's.
func (s Session) times(one bool) error {
	const slack = 0.002 // the clock is read several times
	end := 0.0
	for _, step := range s.Steps {
		timed := step.Outcome == "passed" || step.Outcome == "failed"
		switch {
		case !timed && step.Outcome != "skipped" && step.Outcome != "not_reached":
			return fmt.Errorf("step %s has outcome %q", step.Name, step.Outcome)
		case timed != (step.Start != nil) || timed != (step.Seconds != nil):
			return fmt.Errorf("step %s is %s with start %v and seconds %v", step.Name, step.Outcome, step.Start, step.Seconds)
		case !timed:
			continue
		case *step.Start < end-slack || *step.Seconds < 0 || *step.Start > 60 || *step.Seconds > 60:
			return fmt.Errorf("step %s takes %f s from %f s on, the one before it ended at %f s", step.Name, *step.Seconds, *step.Start, end)
		}
		end = *step.Start + *step.Seconds
	}
	if total, ok := s.Metric("time"); ok && one && end > total+slack {
		return fmt.Errorf("the last step ends at %f s, the run at %f s", end, total)
	}
	return nil
}
