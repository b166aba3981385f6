package render

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/servertest"
)

// both parses standard input as OpenMetrics and as the text format that the
// textfile collector reads.
const both = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
text = sys.stdin.read()
print(sum(len(f.samples) for f in openmetrics(text)), sum(len(f.samples) for f in prometheus(text)))
`

// TestOpenMetricsParser has the output read by the parsers of Prometheus' own
// Python client.
func TestOpenMetricsParser(t *testing.T) {
	servertest.Need(t, exec.Command("/usr/bin/python3", "-c", "import prometheus_client.openmetrics.parser").Run())
	for name, out := range expositions(t) {
		cmd := exec.Command("/usr/bin/python3", "-c", both)
		cmd.Stdin = strings.NewReader(out)
		got, err := cmd.CombinedOutput()
		samples := regexp.MustCompile(`(?m)^imap_session_`).FindAllString(out, -1)
		counts := strings.Fields(string(got))
		if err != nil || len(counts) != 2 || counts[0] != counts[1] || len(samples) == 0 {
			t.Errorf("%s: %v\n%s\n%s", name, err, got, out)
		}
	}
}

// expositions are outputs of all kinds of runs.
func expositions(t *testing.T) map[string]string {
	t.Helper()
	bad := failAt("login", no("AUTHENTICATIONFAILED", "no \"quotes\" \\ | \n here"))
	bad.Target.Host, bad.Target.Mailbox = `a"b\c`, "two\nlines"
	twice := good()
	twice.Steps = append(twice.Steps, twice.Steps...)
	out := map[string]string{"message": string(OpenMetricsMessage(good(), finding("usage", "", ""), Options{}))}
	missing := severally("b", "a", "b", "b") // two failures with the same labels
	missing.Target.Mailboxes[2].Label = "b_2"
	for name, r := range map[string]*report.Report{"good": good(), "bad": bad, "several": twoAddresses(), "twice": twice, "missing": missing} {
		out[name] = string(OpenMetrics(r, judge.Judge(r, judge.Policy{}), Options{Version: "1.2.3"}))
	}
	return out
}

// TestOpenMetricsForm checks what needs no parser: one type line a family, the
// end mark, no series twice, base units only.
func TestOpenMetricsForm(t *testing.T) {
	for name, out := range expositions(t) {
		if !strings.HasSuffix(out, "\n# EOF\n") {
			t.Errorf("%s does not end in # EOF", name)
		}
		seen := map[string]bool{}
		for line := range strings.Lines(out) {
			series := line[:max(strings.LastIndexByte(line, ' '), 0)]
			if seen[series] {
				t.Errorf("%s: twice: %s", name, series)
			}
			seen[series] = true
		}
		if regexp.MustCompile(`(?m)^imap_session_\w*(_days|_percent|_ms)\b`).MatchString(out) {
			t.Errorf("%s: not in base units:\n%s", name, out)
		}
	}
}

// TestOpenMetricsGolden holds the series of a good run, a failed one, one with
// several addresses and one without a session.
func TestOpenMetricsGolden(t *testing.T) {
	o := Options{Version: "1.2.3", Labels: []report.Label{{Name: "team", Value: "mail"}, {Name: "username"}}}
	several := twoAddresses()
	failed := failAt("login", no("AUTHENTICATIONFAILED", "no"))
	golden(t, "openmetrics_ok", OpenMetrics(good(), judge.Judge(good(), judge.Policy{}), o))
	golden(t, "openmetrics_failure", OpenMetrics(failed, judge.Judge(failed, judge.Policy{States: map[string]report.State{"auth_failed": report.OK}}), Options{Version: "1.2.3"}))
	golden(t, "openmetrics_several", OpenMetrics(several, judge.Judge(several, judge.Policy{}), Options{Version: "1.2.3"}))
	golden(t, "openmetrics_message", OpenMetricsMessage(good(), finding("usage", "x", "y"), o))
}

// TestOpenMetricsThreshold: a number outside its range is no failure of the session, but
// the state.
func TestOpenMetricsThreshold(t *testing.T) {
	v := judge.Judge(good(), judge.Policy{Rules: []judge.Rule{rule(t, "messages", "", "10")}})
	out := string(OpenMetrics(good(), v, Options{}))
	if strings.Contains(out, "failure_info") || !regexp.MustCompile(`(?m)^imap_session_success\{.*} 1$`).MatchString(out) ||
		!regexp.MustCompile(`(?m)^imap_session_state\{.*} 2$`).MatchString(out) {
		t.Errorf("want success, the state 2 and no failure:\n%s", out)
	}
}

// TestLabel wants a value as it is, so that no two mailboxes become one: Prometheus takes
// all of UTF-8, but lines and control characters are not for a label.
func TestLabel(t *testing.T) {
	for in, want := range map[string]string{
		"R&D": "R&D", "R+D": "R+D", "a|b": "a|b", "Entwürfe": "Entwürfe", `a\b "c"`: `a\\b \"c\"`, "a\nb": "a b", "a\x1bb": "ab",
	} {
		if got := label(in); got != want {
			t.Errorf("label(%q): got %q, want %q", in, got, want)
		}
	}
}
