package render

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/outputtest"
	"check_imap_session/internal/report"
)

// TestBlocksOfAddresses: the blocks of several addresses are in the order of their
// states, and one that is OK loses its lines when not all have room.
func TestBlocksOfAddresses(t *testing.T) {
	r := twoAddresses()
	r.Steps, r.Metrics = nil, nil
	v := judge.Judge(r, judge.Policy{})
	for _, short := range []bool{false, true} {
		if short {
			r.Sessions[0].Remarks = []report.Remark{{Text: strings.Repeat("x", maxOutput)}}
		}
		_, below, _ := strings.Cut(string(Nagios(r, v, Options{})), "\n")
		bad, good, _ := strings.Cut(below, "address 192.0.2.1: [OK] 0.213 s\n")
		if !strings.Contains(bad, "address 2001:db8::1: [CRITICAL]") || !strings.Contains(bad, "[CRITICAL] connect") ||
			strings.Contains(good, "[OK] dns") == short || strings.Contains(below, "cut") {
			t.Errorf("short %t:\n%s", short, below)
		}
	}
}

// output is not missing for its other lines.
func TestMailboxesHaveRoom(t *testing.T) {
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("a folder %d", i))
	}
	r := severally("", names...)
	out := Nagios(r, judge.Judge(r, judge.Policy{}), Options{})
	first, _, _ := strings.Cut(string(out), "\n")
	if len(first) < 2*maxLine || len(out) < maxOutput || strings.Contains(string(out), " cut") {
		t.Errorf("%d bytes, %d of them on the first line: %s", len(out), len(first), out)
	}
}

// TestStepLinesByVerbosity: a step that was not needed is shown without -v only when
// something was found on it; why a step is planned, and the same by hand, with -v.
func TestStepLinesByVerbosity(t *testing.T) {
	r := failAt("login", no("", "no"))
	r.Steps[5].Planned, r.Steps[5].ByHand = "--with", "telnet h 143"
	fault := &report.StepError{Step: "capability", Err: report.ErrNotOffered}
	for _, tt := range []struct {
		verbosity int
		faults    []*report.StepError
		want      map[string]bool
	}{
		{0, nil, map[string]bool{"capability skipped": false, "(--with)": false, "by hand: telnet": false}},
		{0, []*report.StepError{fault}, map[string]bool{"capability skipped": true}},
		{1, nil, map[string]bool{"capability skipped": true, "(--with)": true, "by hand: telnet": true}},
	} {
		r.Faults = tt.faults
		out := string(Nagios(r, judge.Judge(r, judge.Policy{}), Options{Verbosity: tt.verbosity}))
		for words, want := range tt.want {
			if strings.Contains(out, words) != want {
				t.Errorf("-v %d, %d faults: want %q %t: %s", tt.verbosity, len(tt.faults), words, want, out)
			}
		}
		if _, err := outputtest.Plugin(out, 2); err != nil {
			t.Error(err)
		}
	}
}

// TestHowFar names a step that was not reached once, also when it is planned twice.
func TestHowFar(t *testing.T) {
	r := failAt("login", no("", "no"))
	r.Steps = append(r.Steps, report.StepResult{Name: "list", Outcome: report.NotReached})
	const want = "dns 4.1 ms, connect 12 ms, tls 31 ms, greeting 1.2 ms, login failed; list, select, fetch: not reached"
	if got := secondLine(r); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBar: a bar has one character at least, and its end is that of the run at most.
func TestBar(t *testing.T) {
	r := &report.Report{Elapsed: 30 * time.Second}
	for _, tt := range []struct {
		start, took  time.Duration
		before, long int
	}{
		{0, 0, 0, 1}, {0, time.Second, 0, 1}, {0, time.Second + 1, 0, 2}, {time.Second, 2 * time.Second, 1, 2},
		{10 * time.Second, 0, 10, 1}, {0, 30 * time.Second, 0, 30}, {30 * time.Second, 0, 29, 1}, {29 * time.Second, time.Minute, 29, 1},
	} {
		want := strings.Repeat("_", tt.before) + strings.Repeat("#", tt.long) + strings.Repeat("_", barWidth-tt.before-tt.long)
		if got := bar(r, report.StepResult{Outcome: report.Passed, Start: tt.start, Elapsed: tt.took}); got != want {
			t.Errorf("%v from %v: got %s, want %s", tt.took, tt.start, got, want)
		}
	}
}
