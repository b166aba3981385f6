package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/outputtest"
	"check_imap_session/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s (run with -update when it is meant):\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

func metric(name string, value float64) report.Metric {
	def, ok := report.LookupMetric(name)
	if !ok {
		panic("no metric " + name)
	}
	return report.Metric{Def: def, Value: value}
}

// good is a report of a session that went through.
func good() *report.Report {
	limit := 8.0
	total := metric("time", 0.213402)
	total.Max = &limit
	r := &report.Report{
		Target:  report.Target{Host: "imap.example.com", Port: 993, Address: "192.0.2.7", TLS: "implicit", Username: "monitor", Mailbox: "INBOX", Timeout: 8 * time.Second},
		Started: time.Date(2026, 11, 25, 3, 12, 0, 0, time.UTC),
		Elapsed: 213402 * time.Microsecond,
		Facts: []report.Fact{
			{Name: "addresses", Value: []string{"192.0.2.7", "2001:db8::7"}},
			{Name: "address", Value: "192.0.2.7:993"},
			{Name: "tls_version", Value: "TLS 1.3"},
			{Name: "certificate_verified", Value: true},
			{Name: "greeting", Value: "[CAPABILITY IMAP4rev1] Dovecot ready."},
			{Name: "mechanism", Value: "LOGIN"},
			{Name: "uidvalidity", Value: int64(1)},
		},
		Remarks: []report.Remark{{Step: "fetch", Text: "a remark"}, {Text: "of the whole run"}},
		Absent:  map[string]string{"time_capability": "the server volunteered its capabilities"},
		Transcript: []report.Line{
			{At: 47 * time.Millisecond, From: "S", Text: "* OK [CAPABILITY IMAP4rev1] Dovecot ready."},
			{At: 48 * time.Millisecond, From: "-", Text: "login"},
			{At: 49 * time.Millisecond, From: "C", Text: `A1 LOGIN "monitor" [redacted]`},
			{At: 70 * time.Millisecond, From: "S", Text: "A1 OK Logged in | [OK]"},
		},
	}
	at := time.Duration(0)
	for _, s := range []struct {
		name   string
		took   time.Duration
		detail string
	}{
		{"dns", 4120, "192.0.2.7, 2001:db8::7"}, {"connect", 12034, "192.0.2.7:993"},
		{"tls", 31000, "TLS 1.3, certificate 61 days left (CN=imap.example.com, R11)"}, {"greeting", 1200, "Dovecot ready."},
		{"capability", 0, "the server volunteered its capabilities"}, {"login", 21000, "LOGIN"}, {"list", 2100, "7 folders"},
		{"select", 1900, "INBOX, 42 messages, read-only"}, {"fetch", 99000, "message 42, 312 bytes, 10 min old"}, {"logout", 400, ""},
	} {
		took := s.took * time.Microsecond
		step := report.StepResult{Name: s.name, Outcome: report.Passed, Start: at, Elapsed: took, Detail: s.detail}
		if took == 0 {
			step.Outcome, step.Start = report.Skipped, 0
		} else {
			r.Metrics = append(r.Metrics, metric("time_"+s.name, took.Seconds()))
		}
		r.Steps = append(r.Steps, step)
		at += took
	}
	r.Metrics = append([]report.Metric{total}, r.Metrics...)
	since := func(m report.Metric, after time.Duration) report.Metric {
		m.At = r.Started.Add(after)
		return m
	}
	r.Metrics = append(r.Metrics, since(metric("certificate_days", 61), 61*24*time.Hour+time.Hour), metric("certificate_percent", 67.824068), metric("folders", 7),
		metric("messages", 42), since(metric("message_age", 600.25), -600250*time.Millisecond), metric("message_size", 312))
	return r
}

// failAt is a good report of which a step failed; those behind it were not
// reached, and logout was.
func failAt(step string, e *report.StepError) *report.Report {
	r := good()
	failed := false
	gone := map[string]bool{}
	for i := range r.Steps {
		s := &r.Steps[i]
		switch {
		case s.Name == step:
			failed = true
			e.Step = step
			s.Outcome, s.Err, s.Detail = report.Failed, e, ""
		case failed && s.Name != "logout":
			*s = report.StepResult{Name: s.Name, Outcome: report.NotReached}
		default:
			continue
		}
		gone[s.Name] = true
	}
	r.Metrics = slices.DeleteFunc(r.Metrics, func(m report.Metric) bool { return gone[m.Def.Step] })
	return r
}

// twoAddresses is a report of two addresses, of which one does not answer.
func twoAddresses() *report.Report {
	r := good()
	r.Target.Addresses = "worst"
	r.Sessions = []*report.Report{good(), failAt("connect", &report.StepError{Step: "connect", Err: report.ErrTimeout})}
	r.Sessions[0].Target.Address, r.Sessions[1].Target.Address = "192.0.2.1", "2001:db8::1"
	return r
}

func rule(t testing.TB, metric, warn, crit string) judge.Rule {
	t.Helper()
	r := judge.Rule{Metric: metric}
	def, _ := report.LookupMetric(metric)
	parse := func(text string) *judge.Range {
		if text == "" {
			return nil
		}
		parsed, err := judge.ParseRange(text, def.Unit)
		if err != nil {
			t.Fatal(err)
		}
		return &parsed
	}
	r.Warn, r.Crit = parse(warn), parse(crit)
	return r
}

func no(code, text string) *report.StepError {
	return &report.StepError{Err: report.ErrNo, Encrypted: true, Reply: &report.Reply{Status: "NO", Code: code, Text: text}}
}

const hostile = "go <b>on</b> | time=9s \x1b[31m\u202eright to left\u202c [OK] (CRITICAL) `id` $HOME 'q' \"q\" ; ~ & \xff\x00 CORP\\nina"

func TestGolden(t *testing.T) {
	tests := []struct {
		name   string
		report *report.Report
		rules  []judge.Rule
		states map[string]report.State
		o      Options
	}{
		{"ok", good(), nil, nil, Options{}},
		{"ok_v", good(), []judge.Rule{rule(t, "time_capability", "1", "")}, nil, Options{Verbosity: 1}},
		{"ok_vv", good(), nil, nil, Options{Verbosity: 2}},
		{"ok_vvv", good(), nil, nil, Options{Verbosity: 3}},
		{"ok_brief", good(), nil, nil, Options{Brief: true}},
		{"thresholds_met", good(), []judge.Rule{rule(t, "time", "2", "5"), rule(t, "messages", "1:", "")}, nil, Options{}},
		{"threshold", good(), []judge.Rule{rule(t, "time_login", "10ms", "1")}, nil, Options{}},
		{"threshold_total", good(), []judge.Rule{rule(t, "time", "100ms", "1")}, nil, Options{}},
		{"several", good(), []judge.Rule{rule(t, "time", "100ms", "5"), rule(t, "folders", "5", ""), rule(t, "message_age", "", "5m")}, nil, Options{}},
		{"failure", failAt("login", no("AUTHENTICATIONFAILED", "Authentication failed.")), []judge.Rule{rule(t, "messages", "1:", "")}, nil, Options{}},
		{"failure_brief", failAt("login", no("AUTHENTICATIONFAILED", "Authentication failed.")), nil, nil, Options{Brief: true}},
		{"failure_unknown", failAt("login", no("AUTHENTICATIONFAILED", "Authentication failed.")), nil, nil, Options{PerfdataUnknown: true}},
		{"failure_ok", failAt("select", no("NOPERM", "No.")), nil, map[string]report.State{"no_permission": report.OK}, Options{}},
		{"timeout", failAt("tls", &report.StepError{Err: report.ErrTimeout, Waiting: "the TLS handshake"}), nil, nil, Options{}},
		{"logout", failAt("logout", &report.StepError{Err: report.ErrTimeout, Waiting: "the answer to LOGOUT"}), nil, nil, Options{}},
		{"hostile", failAt("select", no("", hostile)), nil, nil, Options{}},
		{"masked", failAt("login", no("", "LOGIN monitor s3cret is wrong")), nil, nil,
			Options{Verbosity: 3, Mask: func(s string) string { return strings.ReplaceAll(s, "s3cret", "***") }}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Version = "1.2.3"
			v := judge.Judge(tt.report, judge.Policy{Rules: tt.rules, States: tt.states})
			out := Nagios(tt.report, v, tt.o)
			wantSafe(t, string(out), v.State)
			golden(t, tt.name, out)
		})
	}
}

func TestGoldenJSON(t *testing.T) {
	indent := func(in []byte) []byte {
		var b bytes.Buffer
		if err := json.Indent(&b, in, "", "  "); err != nil {
			t.Fatalf("%v: %s", err, in)
		}
		return b.Bytes()
	}
	o := Options{Version: "1.2.3", Transcript: true}
	r := good()
	golden(t, "json_ok", indent(JSON(r, judge.Judge(r, judge.Policy{Rules: []judge.Rule{rule(t, "messages", "1:", "0:")}}), o)))
	r = failAt("select", no("", hostile))
	golden(t, "json_failure", indent(JSON(r, judge.Judge(r, judge.Policy{}), Options{Version: "1.2.3"})))
	golden(t, "json_message", indent(JSONMessage(good(), finding("usage", "there is no | "+hostile, "read --help"), o)))
}

// TestSessionsOfJSON: each address has its own steps, metrics and findings.
func TestSessionsOfJSON(t *testing.T) {
	r := twoAddresses()
	v := judge.Judge(r, judge.Policy{})
	out, err := outputtest.JSON(string(JSON(r, v, Options{})), int(v.State))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		address, state    string
		metrics, findings int
	}{
		{"192.0.2.1", "OK", len(r.Sessions[0].Metrics), 0},
		{"2001:db8::1", "CRITICAL", len(r.Sessions[1].Metrics), 1},
	} {
		got := out.Addresses[i]
		if got.Address != want.address || got.State != want.state || len(got.Metrics) != want.metrics || len(got.Findings) != want.findings {
			t.Errorf("got %s %s with %d metrics and %d findings, want %+v", got.Address, got.State, len(got.Metrics), len(got.Findings), want)
		}
	}
}

func finding(kind, text, advice string) report.Finding {
	return report.Finding{State: report.Unknown, Kind: kind, Text: text, Advice: advice}
}

func TestMessage(t *testing.T) {
	golden(t, "message", Message(nil, finding("usage", "-w 0,5 "+hostile, "decimals take a point; 0.5"), Options{}))
	stack := string(Message(nil, finding("internal", "boom\ngoroutine 1 [running]:\n\n\tmain.go:1 | <x>\n"+strings.Repeat("frame\n", 1000), "report it"), Options{}))
	if !strings.HasPrefix(stack, "IMAP_SESSION UNKNOWN - internal: boom - report it\ngoroutine 1 [running]:\nmain.go:1 ! {x}\nframe\n") || len(stack) > maxOutput {
		t.Errorf("got %d bytes: %s", len(stack), stack)
	}
	long := Message(nil, finding("usage", strings.Repeat("word ", 1000), strings.Repeat("advice ", 100)), Options{})
	if len(long) > maxLine+1 || bytes.Count(long, []byte("\n")) != 1 {
		t.Errorf("got %d bytes: %s", len(long), long)
	}
}

// wantSafe fails on output that a core or a terminal would take for more than text.
func wantSafe(t *testing.T, out string, state report.State) {
	t.Helper()
	out = regexp.MustCompile(` \w+=U\b`).ReplaceAllString(out, "") // with PerfdataUnknown alone
	if _, err := outputtest.Plugin(out, int(state)); err != nil {
		t.Error(err)
	}
}

// The dialogue that was asked for has the room of a diagnosis at every verbosity.
func TestTranscriptHasRoom(t *testing.T) {
	r := good()
	for range 100 {
		r.Transcript = append(r.Transcript, report.Line{From: "S", Text: strings.Repeat("x", 90)})
	}
	v := judge.Judge(r, judge.Policy{})
	if out := Nagios(r, v, Options{Transcript: true}); len(out) < 2*maxOutput || bytes.Contains(out, []byte("cut")) {
		t.Errorf("%d bytes, want the whole dialogue", len(out))
	}
}

// Too long output loses whole lines from its end, with a mark; perfdata and
// line 1 stay (rules S1, S4).
func TestLongOutputIsTrimmed(t *testing.T) {
	for _, v := range []int{0, 1} {
		r := good()
		for i := range 200 {
			r.Remarks = append(r.Remarks, report.Remark{Text: fmt.Sprintf("remark %d: %s", i, strings.Repeat("x", 60))})
		}
		verdict := judge.Judge(r, judge.Policy{})
		out := string(Nagios(r, verdict, Options{Verbosity: v}))
		wantSafe(t, out, report.OK)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(out) > maxOutput || len(out) < maxOutput-300 {
			t.Errorf("-v %d: %d bytes, want nearly %d", v, len(out), maxOutput)
		}
		if last := lines[len(lines)-1]; !regexp.MustCompile(`^\.\.\. [0-9]+ lines cut$`).MatchString(last) {
			t.Errorf("-v %d: last line %q", v, last)
		}
		if !strings.HasSuffix(lines[0], perfdata(verdict, Options{}, true)) {
			t.Errorf("-v %d: perfdata is not whole: %s", v, lines[0])
		}
	}
}

// Every kind of text from outside is masked and made safe, in both forms.
func TestNothingForeignPasses(t *testing.T) {
	const secret = "s3cret"
	bad := secret + " " + hostile
	r := failAt("login", &report.StepError{Err: errors.New(bad), Line: bad, Said: []string{bad}, Waiting: hostile,
		Reply: &report.Reply{Status: "NO", Code: "X", Arg: bad, Text: bad}})
	r.Target.Host, r.Target.Username, r.Target.Mailbox, r.Target.Address = hostile, hostile, hostile, hostile
	r.Facts = append(r.Facts, report.Fact{Name: "greeting", Value: bad}, report.Fact{Name: "capabilities", Value: []string{bad}})
	r.Remarks = append(r.Remarks, report.Remark{Text: hostile + report.Foreign(bad)}, report.Remark{Step: "tls", Text: report.Foreign(bad)})
	r.Transcript = append(r.Transcript, report.Line{From: "S", Text: bad + "\r\n" + bad})
	r.Absent["time_starttls"] = hostile
	r.Steps[0].Detail, r.Steps[4].Detail = report.Foreign(bad), hostile
	o := Options{Version: "1", Verbosity: 3, Mask: func(s string) string { return strings.ReplaceAll(s, secret, "***") }}
	v := judge.Judge(r, judge.Policy{Rules: []judge.Rule{rule(t, "time_starttls", "1", "")}})
	plugin := string(Nagios(r, v, o))
	wantSafe(t, plugin, v.State)
	document := string(JSON(r, v, o))
	for _, out := range []string{plugin, document} {
		if strings.Contains(out, secret) {
			t.Errorf("the secret is in %s", out)
		}
	}
	var summary struct{ Summary string }
	if err := json.Unmarshal([]byte(document), &summary); err != nil {
		t.Fatal(err)
	}
	wantSafe(t, summary.Summary+"\n", v.State)
	for _, c := range []string{`\u001b`, `\u0000`, `\u202e`, "|", "<"} {
		if strings.Contains(document, c) {
			t.Errorf("JSON has %q in it: %s", c, document)
		}
	}
}
