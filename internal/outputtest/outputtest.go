// Package outputtest holds the program's output to the plugin interface: form
// and bounds of the plugin output, and the JSON object of the documentation. It
// judges no content. It is for tests only.
package outputtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxOutput = 4000 // bytes, without -vv (rule S1)
	maxLine   = 1000 // bytes of line 1 (rule S2)
)

var states = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

// perfItem is one item of performance data (rules P7 to P17).
var perfItem = regexp.MustCompile(`^[a-z_]+=-?[0-9]+(\.[0-9]+)?(s|B|%)?(;[0-9.:~@-]*){0,4}$`)

// stateBall is what Icinga Web shows as a coloured state wherever it stands.
var stateBall = regexp.MustCompile(`[\[(](OK|WARNING|CRITICAL|UNKNOWN)[\])]`)

// bar is what may stand in front of a state: the bar of a step's line.
var bar = regexp.MustCompile(`^[_#]{30} `)

// Plugin checks the output of a run with the default format that ended with
// this exit code.
func Plugin(out []byte, code int) error {
	text := string(out)
	if err := printable(text); err != nil {
		return err
	}
	if code < 0 || code > 3 {
		return fmt.Errorf("exit code %d", code)
	}
	first, _, ended := strings.Cut(text, "\n")
	switch {
	case !ended:
		return fmt.Errorf("line 1 has no end: %q", text)
	case len(text) > maxOutput:
		return fmt.Errorf("%d bytes, want at most %d", len(text), maxOutput)
	case len(first) > maxLine:
		return fmt.Errorf("line 1 has %d bytes, want at most %d", len(first), maxLine)
	case !strings.HasPrefix(first, "IMAP_SESSION "+states[code]+" - "):
		return fmt.Errorf("exit code %d, but line 1 is %q", code, first)
	case strings.Count(text, "|") > 1, strings.Count(text, "|") != strings.Count(first, "|"):
		return fmt.Errorf("a | that begins no performance data: %q", text)
	}
	if _, perf, ok := strings.Cut(first, " | "); ok {
		for item := range strings.FieldsSeq(perf) {
			if !perfItem.MatchString(item) {
				return fmt.Errorf("performance data %q", item)
			}
		}
	}
	for line := range strings.Lines(text) {
		if at := stateBall.FindStringIndex(bar.ReplaceAllString(line, "")); at != nil && at[0] > 0 {
			return fmt.Errorf("a state inside a line: %q", line)
		}
	}
	return nil
}

// printable checks for what no line of output may hold.
func printable(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("not UTF-8: %q", text)
	}
	for _, r := range text {
		if r != '\n' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Zl, unicode.Zp)) {
			return fmt.Errorf("character %U in %q", r, text)
		}
	}
	return nil
}

// Report is the JSON object, as far as tests ask for it.
type Report struct {
	Schema   int
	Version  string
	State    string
	ExitCode int `json:"exit_code"`
	Summary  string
	Steps    []struct {
		Name    string
		Outcome string
		Start   *float64
		Seconds *float64
		Detail  string
		ByHand  string `json:"by_hand"`
	}
	Metrics []struct {
		Name  string
		Value float64
		Unit  string
		State string
	}
	Findings []Finding
	Remarks  []struct{ Step, Text string }
	Facts    map[string]any
}

// Finding is one finding of a Report.
type Finding struct{ State, Kind, Step, Text, Server, Advice, Metric string }

// Metric returns the value of a metric and whether there is one.
func (r *Report) Metric(name string) (float64, bool) {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m.Value, true
		}
	}
	return 0, false
}

// Outcome returns how a step ended, "" when it is not in the plan.
func (r *Report) Outcome(step string) string {
	for _, s := range r.Steps {
		if s.Name == step {
			return s.Outcome
		}
	}
	return ""
}

// JSON checks the output of a run with -o json that ended with this exit code.
func JSON(out []byte, code int) (*Report, error) {
	if err := printable(string(out)); err != nil {
		return nil, err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(out, &keys); err != nil {
		return nil, fmt.Errorf("not JSON: %w: %q", err, out)
	}
	for _, k := range []string{"schema", "version", "target", "state", "exit_code", "summary", "steps", "metrics", "findings", "facts"} {
		if raw, ok := keys[k]; !ok || bytes.Equal(raw, []byte("null")) {
			return nil, fmt.Errorf("no %s: %s", k, out)
		}
	}
	var r Report
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, fmt.Errorf("JSON: %w: %s", err, out)
	}
	var strs any
	json.Unmarshal(out, &strs) // it went well above
	if err := everyString(strs); err != nil {
		return nil, err
	}
	switch {
	case code < 0 || code > 3 || r.ExitCode != code || r.State != states[code]:
		return nil, fmt.Errorf("exit code %d, but the report says %d, %s", code, r.ExitCode, r.State)
	case r.Schema != 1:
		return nil, fmt.Errorf("schema %d", r.Schema)
	case len(r.Findings) > 0 && r.Findings[0].State != r.State, len(r.Findings) == 0 && code != 0:
		return nil, fmt.Errorf("state %s with findings %+v", r.State, r.Findings)
	}
	return &r, r.times()
}

// everyString checks the strings of a JSON value, which may hide control
// characters behind escapes.
func everyString(v any) error {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "\n") {
			return fmt.Errorf("a line end in %q", v)
		}
		return printable(v)
	case []any:
		for _, e := range v {
			if err := everyString(e); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, e := range v {
			if err := printable(k); err != nil {
				return err
			}
			if err := everyString(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// times checks that the steps follow each other within the time of the run:
// each has its own time and no other's.
func (r *Report) times() error {
	const slack = 0.002 // the clock is read several times
	end := 0.0
	for _, s := range r.Steps {
		switch s.Outcome {
		case "passed", "failed":
		case "skipped", "not_reached":
			if s.Start != nil || s.Seconds != nil {
				return fmt.Errorf("step %s is %s and has a time", s.Name, s.Outcome)
			}
			continue
		default:
			return fmt.Errorf("step %s has outcome %q", s.Name, s.Outcome)
		}
		if s.Start == nil || s.Seconds == nil || *s.Seconds < 0 {
			return fmt.Errorf("step %s is %s and has no time", s.Name, s.Outcome)
		}
		if *s.Start < end-slack {
			return fmt.Errorf("step %s starts at %f s, before the end of the one before it at %f s", s.Name, *s.Start, end)
		}
		end = *s.Start + *s.Seconds
	}
	if total, ok := r.Metric("time"); ok && end > total+slack {
		return fmt.Errorf("the last step ends at %f s, the run at %f s", end, total)
	}
	return nil
}
