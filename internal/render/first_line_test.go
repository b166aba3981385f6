package render

import (
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
)

// TestFirstLineOrder leaves out our advice before it cuts what the server says.
func TestFirstLineOrder(t *testing.T) {
	const cause, words, advice = "select failed", ", server said: prefixed with INBOX.", " - is -m spelled as in LIST?"
	long := strings.Repeat("word ", 20)
	for _, tt := range []struct {
		name                       string
		room                       int
		cause, words, advice, want string
	}{
		{"room for all", 100, cause, words, advice, cause + words + advice},
		{"exactly", len(cause + words + advice), cause, words, advice, cause + words + advice},
		{"no room for all of the advice", len(cause+words+advice) - 1, cause, words, advice, cause + words},
		{"words to the last", len(cause + words), cause, words, advice, cause + words},
		{"words cut", len(cause+words) - 1, cause, words, advice, cause + ", server said: prefixed with..."},
		{"no words", len(cause), cause, "", advice, cause},
		{"a long cause", 100, long + long, words, advice, strings.TrimSpace(long[:60]) + "..." + words},
		{"a long cause alone", 100, long + long, "", advice, long[:94] + "..."},
		{"long both", 120, long + long, long + long, advice, strings.TrimSpace(long[:55]) + "..." + strings.TrimSpace(long[:60]) + "..."},
		{"hardly room", 20, long, words, advice, strings.TrimSpace(long[:55]) + "..."},
	} {
		if got := firstLine(tt.room, tt.cause, tt.words, tt.advice); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestHeadline: the first line is about the finding that made the state: of several
// addresses of which the best decides, that of the best one.
func TestHeadline(t *testing.T) {
	r := twoAddresses()
	r.Target.Addresses, r.Steps, r.Metrics = "any", nil, nil
	v := judge.Judge(r, judge.Policy{Rules: []judge.Rule{rule(t, "messages", "10", "")}})
	const want = "IMAP_SESSION WARNING - imap.example.com 0 of 2 addresses OK, 192.0.2.1: INBOX has 42 messages, limit 10 (and 1 more)"
	if got := Summary(r, v, Options{}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHeadlineRemark: a remark for the first line keeps 120 bytes of it beside a failure.
func TestHeadlineRemark(t *testing.T) {
	for _, n := range []int{116, 130} {
		r := failAt("login", no("", strings.Repeat("words ", 40)))
		r.Remarks = []report.Remark{{Text: "on another line"}, {Text: strings.Repeat("r", 90) + " " + strings.Repeat("s", n-91), Headline: true}}
		got := Summary(r, judge.Judge(r, judge.Policy{}), Options{})
		want := " (" + r.Remarks[1].Text + ")"
		if n > 116 {
			want = " (" + strings.Repeat("r", 90) + "...)"
		}
		if !strings.HasSuffix(got, want) || len(got) > maxSummary {
			t.Errorf("%d bytes: got %q, want %q at its end", n, got, want)
		}
	}
}

func TestWithoutTimes(t *testing.T) {
	for words, want := range map[string]string{
		"Mailbox doesn't exist: x (0.001 + 0.000 secs).":         "Mailbox doesn't exist: x",
		"Mailbox doesn't exist: x (0.001 + 0.000 + 0.002 secs).": "Mailbox doesn't exist: x",
		"a (0.001 + 0.000 secs). / b":                            "a / b",
		"a (2 secs)":                                             "a (2 secs)",
		"(0.001) secs":                                           "(0.001) secs",
	} {
		if got := withoutTimes(words); got != want {
			t.Errorf("%q: got %q, want %q", words, got, want)
		}
	}
}

// lineOne returns the first line of an output, its words and its performance data.
func lineOne(out string) (line, text, perf string) {
	line, _, _ = strings.Cut(out, "\n")
	text, perf, _ = strings.Cut(line, " | ")
	return line, text, perf
}

// Line 1 stays within what NRPE carries with every metric measured and
// thresholds on all, however long the words are; perfdata is never cut.
func TestFirstLineFits(t *testing.T) {
	var rules []judge.Rule
	for _, d := range report.MetricTable() {
		rules = append(rules, rule(t, d.Name, "0.5", "60"))
	}
	for _, n := range []int{0, 10, 100, 200, 1000, 10000} {
		for _, host := range []string{"h", strings.Repeat("long-label.", 22) + "example"} {
			r := failAt("logout", no("", strings.Repeat("words ", n/6)))
			r.Target.Host = host
			r.Metrics = append(r.Metrics, metric("time_starttls", 1.234567), metric("time_capability", 1.234567), metric("time_token", 1.234567))
			v := judge.Judge(r, judge.Policy{Rules: rules, States: map[string]report.State{"logout": report.Critical}})
			out := string(Nagios(r, v, Options{}))
			wantSafe(t, out, v.State)
			_, text, perf := lineOne(out)
			if len(text) < 60 {
				t.Errorf("%d bytes of words: only %q is left", n, text)
			}
			if perf != perfdata(v, Options{}, true) && perf != perfdata(v, Options{}, false) {
				t.Errorf("perfdata was cut: got %q, want %q", perf, perfdata(v, Options{}, true))
			}
			if len(out) > maxOutput {
				t.Errorf("%d bytes in all", len(out))
			}
		}
	}
}

// Line 1 fits when every step that can be asked for was, with the thresholds of
// the checks of docs/checks.md.
func TestFirstLineFitsEverything(t *testing.T) {
	apart := strings.Fields(`time_starttls time_dns time_token addresses addresses_failed nodes_spread
		delivery_time delivery_hops time_append time_mailboxes mailboxes client_secret_days`) // never all in one session
	r := failAt("logout", no("", "words"))
	r.Metrics = nil
	for _, d := range report.MetricTable() {
		value := map[report.Unit]float64{report.Seconds: 0.123456, report.Bytes: 10737418240, report.Percent: 87.125, report.Count: 1234, report.Days: 61}[d.Unit]
		if strings.HasSuffix(d.Name, "_age") {
			value = 123456.789012
		}
		if slices.Contains(apart, d.Name) || d.Step == report.StepMailboxes { // with --mailboxes the line may be longer
			continue
		}
		r.Metrics = append(r.Metrics, metric(d.Name, value))
	}
	rules := []judge.Rule{
		rule(t, "time", "2", "5"), rule(t, "search_oldest_age", "60", "600000"),
		rule(t, "quota_storage_percent", "80", "95"), rule(t, "certificate_days", "21:", "7:"),
	}
	v := judge.Judge(r, judge.Policy{Rules: rules})
	first, text, perf := lineOne(string(Nagios(r, v, Options{})))
	t.Logf("%d bytes, %d of them words", len(first), len(text))
	if len(first) > maxLine || perf != perfdata(v, Options{}, false) {
		t.Errorf("%d bytes, want %d at most and the perfdata whole: %s", len(first), maxLine, first)
	}
}

// TestWordsBesideMuchPerfdata gives every metric of the table long limits: the
// perfdata stays whole, and the words keep what tells the step and the cause.
func TestWordsBesideMuchPerfdata(t *testing.T) {
	r := failAt("logout", no("", strings.Repeat("words ", 40)))
	r.Metrics = nil
	var rules []judge.Rule
	for _, d := range report.MetricTable() {
		r.Metrics = append(r.Metrics, metric(d.Name, 1234.123456))
		rules = append(rules, rule(t, d.Name, "0.123456:123456.789", "0.012345:1234567.89"))
	}
	v := judge.Judge(r, judge.Policy{Rules: rules, States: map[string]report.State{"logout": report.Critical}})
	first, text, perf := lineOne(string(Nagios(r, v, Options{})))
	if len(first) < 2*maxLine || perf != perfdata(v, Options{}, false) || len(text) < 70 || len(text) > 80 {
		t.Errorf("%d bytes of words, want 70 to 80 and the perfdata whole: %s", len(text), first)
	}
}

// The human part stays within its limit whatever the parts are, and step and
// cause come before the server's words, these before the advice.
func TestSummaryFits(t *testing.T) {
	for _, words := range []int{0, 1, 30, 60, 100, 190, 300} {
		for _, advice := range []int{0, 1, 40, 100, 150} {
			for _, text := range []int{10, 50, 100, 150, 250} {
				for _, more := range []int{0, 3} {
					f := report.Finding{State: report.Critical, Step: "login", Text: fill("text", text), Server: fill("words", words), Advice: fill("advice", advice)}
					v := report.Verdict{State: report.Critical, Findings: []report.Finding{f}}
					for range more {
						v.Findings = append(v.Findings, report.Finding{})
					}
					r := &report.Report{Target: report.Target{Host: "imap.example.com"}}
					got := Summary(r, v, Options{})
					if len(got) > maxSummary {
						t.Errorf("text %d, words %d, advice %d: %d bytes: %s", text, words, advice, len(got), got)
					}
					if more > 0 && !strings.HasSuffix(got, " (and 3 more)") {
						t.Errorf("text %d, words %d, advice %d: %s", text, words, advice, got)
					}
				}
			}
		}
	}
}

// fill returns n bytes of words.
func fill(word string, n int) string {
	return strings.TrimSpace(strings.Repeat(word+" ", n/(len(word)+1)+1)[:n])
}

// TestLongUser: of a long user name the first line shows the beginning.
func TestLongUser(t *testing.T) {
	r := failAt("select", no("", "no"))
	r.Target.Username = strings.Repeat("u", 200)
	const want = "IMAP_SESSION CRITICAL - imap.example.com "
	if got := Summary(r, judge.Judge(r, judge.Policy{}), Options{}); !strings.HasPrefix(got, want+strings.Repeat("u", 61)+"...: select ") {
		t.Errorf("got %q", got)
	}
}
