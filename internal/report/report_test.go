package report

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestMetricTable looks at each row. Names and order are held by the list of
// labels in package outputtest.
func TestMetricTable(t *testing.T) {
	label := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	short := map[string]string{}
	for _, d := range MetricTable() {
		if !label.MatchString(d.Name) {
			t.Errorf("%q is no label (rule P1)", d.Name)
		}
		cut := d.Name[:min(len(d.Name), 19)]
		if other, ok := short[cut]; ok {
			t.Errorf("%s and %s begin alike (rule P4)", d.Name, other)
		}
		short[cut] = d.Name
		if d.Doc == "" || d.Step == "" && d.Name != Time && d.Name != NodesSpread && !strings.HasPrefix(d.Name, "addresses") && !strings.HasPrefix(d.Name, "client_") {
			t.Errorf("%s: doc %q, step %q: want both", d.Name, d.Doc, d.Step)
		}
		if strings.HasPrefix(d.Name, "time") && (d.Unit != Seconds || d.Signed || d.Step != strings.TrimPrefix(strings.TrimPrefix(d.Name, "time"), "_")) {
			t.Errorf("%s: got %+v", d.Name, d)
		}
	}
}

func TestLookupMetric(t *testing.T) {
	if d, ok := LookupMetric(Folders); !ok || d.Name != Folders {
		t.Errorf("LookupMetric(%s): got %+v, %v", Folders, d, ok)
	}
	if d, ok := LookupMetric("nonsense"); ok || d.Name != "" {
		t.Errorf("LookupMetric(nonsense): got %+v, %v", d, ok)
	}
}

func TestUOM(t *testing.T) {
	for unit, want := range map[Unit]string{Count: "", Seconds: "s", Bytes: "B", Percent: "%", Days: ""} {
		if got := unit.UOM(); got != want {
			t.Errorf("%q: got %q, want %q", unit, got, want)
		}
	}
}

// The numbers are the exit codes; CRITICAL is worse than UNKNOWN, then WARNING.
func TestStates(t *testing.T) {
	for i, want := range []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"} {
		if got := State(i).String(); got != want {
			t.Errorf("State(%d): got %s, want %s", i, got, want)
		}
	}
	if got := State(4).String(); got != "UNKNOWN" {
		t.Errorf("State(4): got %s, want UNKNOWN", got)
	}
	order := []State{OK, Warning, Unknown, Critical}
	for i, a := range order {
		for j, b := range order {
			if got, want := Worst(a, b), order[max(i, j)]; got != want {
				t.Errorf("Worst(%s, %s): got %s, want %s", a, b, got, want)
			}
		}
	}
}

func TestStepError(t *testing.T) {
	e := &StepError{Step: "login", Err: fmt.Errorf("%w: more", ErrNo)}
	if got, want := e.Error(), "login: server said NO: more"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(e, ErrNo) {
		t.Error("the cause is hidden")
	}
}

func TestReplyString(t *testing.T) {
	tests := []struct {
		r    Reply
		want string
	}{
		{Reply{Status: "NO", Text: "No."}, "No."},
		{Reply{Status: "NO", Code: "ALERT", Text: "No."}, "[ALERT] No."},
		{Reply{Status: "NO", Code: "BADCHARSET", Arg: "(UTF-8)", Text: "No."}, "[BADCHARSET (UTF-8)] No."},
		{Reply{Status: "NO", Code: "ALERT"}, "[ALERT]"},
		{Reply{Status: "NO"}, ""},
	}
	for _, tt := range tests {
		if got := tt.r.String(); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.r, got, tt.want)
		}
	}
}

func TestReportLookups(t *testing.T) {
	failed := &StepError{Step: "login", Err: ErrNo}
	r := &Report{
		Steps:   []StepResult{{Name: "dns", Outcome: Passed}, {Name: "login", Outcome: Failed, Err: failed}, {Name: "list", Outcome: NotReached}},
		Metrics: []Metric{{Def: MetricDef{Name: Messages}, Value: 42}},
		Facts:   []Fact{{"greeting", "hello"}},
	}
	if got := r.Failure(); got != failed {
		t.Errorf("Failure: got %v, want %v", got, failed)
	}
	if got := (&Report{}).Failure(); got != nil {
		t.Errorf("Failure of nothing: got %v, want nil", got)
	}
	if s := r.Step("list"); s == nil || s.Outcome != NotReached {
		t.Errorf("Step(list): got %+v", s)
	}
	if s := r.Step("fetch"); s != nil {
		t.Errorf("Step(fetch): got %+v, want nil", s)
	}
	if m, ok := r.Metric(Messages); !ok || m.Value != 42 {
		t.Errorf("Metric(messages): got %+v, %v", m, ok)
	}
	if _, ok := r.Metric(Folders); ok {
		t.Error("Metric(folders): got one")
	}
	if got := r.Fact("greeting"); got != "hello" {
		t.Errorf("Fact(greeting): got %v", got)
	}
	if got := r.Fact("nonsense"); got != nil {
		t.Errorf("Fact(nonsense): got %v, want nil", got)
	}
}
