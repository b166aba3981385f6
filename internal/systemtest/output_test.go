package systemtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// This file reads the program's output as a strict monitoring core would, after
// the rules of the plugin interface and not with the program's own code.

var states = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

// labels are all perfdata labels in their order. They are public API: a label
// that is renamed or moved breaks graphs, so this list only ever grows at its end.
var labels = strings.Fields(`time
	time_dns time_connect time_tls time_greeting time_starttls time_capability time_token time_login
	time_list time_select time_fetch time_logout
	certificate_days certificate_percent folders messages message_age message_size
	addresses addresses_failed
	time_id time_noop time_namespace time_idle
	time_quota quota_storage_used quota_storage_limit quota_storage_percent
	quota_messages_used quota_messages_limit quota_messages_percent
	time_status unseen deleted mailbox_size
	time_search found found_oldest_age found_newest_age fetch_bytes`)

// inBytes and aged are the labels of sizes and of ages, which may be negative.
var (
	inBytes = strings.Fields("message_size quota_storage_used quota_storage_limit mailbox_size fetch_bytes")
	aged    = strings.Fields("message_age found_oldest_age found_newest_age")
)

// perf is one item of the performance data.
type perf struct {
	label, value, unit          string
	warn, crit, lowest, highest string
}

// pluginOutput is plugin output taken apart.
type pluginOutput struct {
	text string // the first line without the performance data
	perf []perf
	long []string
}

func (o pluginOutput) labels() []string {
	var names []string
	for _, p := range o.perf {
		names = append(names, p.label)
	}
	return names
}

// oneBlock checks what holds for all output: some text, one newline at its end,
// nothing that a terminal or a core acts on (rules O1, O3, U2, U3).
func oneBlock(out string) error {
	switch {
	case strings.TrimSpace(out) == "":
		return errors.New("is empty")
	case !utf8.ValidString(out):
		return errors.New("is not UTF-8")
	case !strings.HasSuffix(out, "\n") || strings.HasSuffix(out, "\n\n"):
		return fmt.Errorf("does not end in one newline: %q", out)
	case strings.HasPrefix(out, "\n"):
		return errors.New("begins with an empty line")
	}
	if i := strings.IndexFunc(out, func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
	}); i >= 0 {
		return fmt.Errorf("has a control character at %d: %q", i, out[i:min(i+20, len(out))])
	}
	return nil
}

// deleted are the characters that Nagios deletes from $SERVICEOUTPUT$, and the
// semicolon, which it changes (rule O13).
const deleted = "`~$&|'\"<>;"

var stateBall = regexp.MustCompile(`[\[(](OK|WARNING|CRITICAL|UNKNOWN|UP|DOWN|PENDING)[\])]`)

// parseOutput takes plugin output apart and checks it against rules E1, O4 to O8,
// O13, S1, S2 and U1 to U6.
func parseOutput(out string, code int) (pluginOutput, error) {
	var o pluginOutput
	if err := oneBlock(out); err != nil {
		return o, err
	}
	first, rest, _ := strings.Cut(strings.TrimSuffix(out, "\n"), "\n")
	text, data, hasData := strings.Cut(first, "|")
	if rest != "" {
		o.long = strings.Split(rest, "\n")
	}
	if len(first) > 1000 {
		return o, fmt.Errorf("the first line has %d bytes", len(first))
	}
	if len(out) > 4000 && !strings.Contains(out, "\ntranscript:\n") && !strings.Contains(out, "\nattempts: ") {
		return o, fmt.Errorf("there are %d bytes", len(out))
	}
	if n := strings.Count(out, "|"); n > 1 || n == 1 && !hasData {
		return o, fmt.Errorf("%d bars, the first line is %q", n, first)
	}
	if code < 0 || code > 3 || !strings.HasPrefix(text, "IMAP_SESSION "+states[code]+" - ") {
		return o, fmt.Errorf("exit code %d and first line %q", code, first)
	}
	if i := strings.IndexAny(text, deleted); i >= 0 {
		return o, fmt.Errorf("the first line has %q in it: %s", text[i], text)
	}
	for i, line := range o.long {
		if line == "" {
			return o, fmt.Errorf("long line %d is empty", i+1)
		}
		if strings.ContainsAny(line, "<>&") {
			return o, fmt.Errorf("long line %d may be taken for HTML: %s", i+1, line)
		}
	}
	for _, line := range append([]string{text}, o.long...) {
		line = strings.TrimPrefix(strings.TrimLeft(line, "_#"), " ") // a step's bar
		if at := stateBall.FindStringIndex(line); at != nil && at[0] > 0 || strings.HasPrefix(line, "(") {
			return o, fmt.Errorf("a state in the middle of a line: %s", line)
		}
	}
	if !hasData {
		o.text = text
		return o, nil
	}
	if !strings.HasSuffix(text, " ") || !strings.HasPrefix(data, " ") {
		return o, fmt.Errorf("no blanks around the bar: %s", first)
	}
	o.text = strings.TrimSuffix(text, " ")
	var err error
	o.perf, err = parsePerfdata(strings.TrimPrefix(data, " "))
	return o, err
}

var (
	perfItem  = regexp.MustCompile(`^([a-z][a-z0-9_]*)=(-?[0-9]+(?:\.[0-9]+)?)(s|B|%)?((?:;[^;]*)*)$`)
	perfRange = regexp.MustCompile(`^@?(?:~:|-?[0-9]+(?:\.[0-9]+)?:)?(?:-?[0-9]+(?:\.[0-9]+)?)?$`)
	perfPlain = regexp.MustCompile(`^-?[0-9]+(?:\.[0-9]+)?$`)
)

// parsePerfdata checks performance data against rules P1 to P17.
func parsePerfdata(data string) ([]perf, error) {
	var items []perf
	last := -1
	for token := range strings.SplitSeq(data, " ") {
		p, err := parsePerf(token)
		if err != nil {
			return items, fmt.Errorf("perfdata %q: %w", token, err)
		}
		at := slices.Index(labels, p.label)
		switch {
		case at < 0:
			return items, fmt.Errorf("perfdata %q: unknown label", token)
		case at <= last:
			return items, fmt.Errorf("perfdata %q: twice or out of order", token)
		}
		last = at
		items = append(items, p)
	}
	if items[0].label != "time" {
		return items, errors.New("perfdata: no time (rule P12)")
	}
	if items[0].highest == "" {
		return items, errors.New("perfdata: time has no maximum (rule P17)")
	}
	return items, nil
}

func parsePerf(token string) (perf, error) {
	m := perfItem.FindStringSubmatch(token)
	if m == nil {
		return perf{}, errors.New("not label=value[unit];warn;crit;min;max")
	}
	p := perf{label: m[1], value: m[2], unit: m[3]}
	if strings.HasSuffix(token, ";") {
		return p, errors.New("ends in a semicolon (rule P16)")
	}
	fields := strings.Split(strings.TrimPrefix(m[4], ";"), ";")
	for i, dst := range []*string{&p.warn, &p.crit, &p.lowest, &p.highest} {
		if i < len(fields) {
			*dst = fields[i]
		}
	}
	if len(fields) > 4 {
		return p, errors.New("too many semicolons")
	}
	_, decimals, _ := strings.Cut(p.value, ".")
	seconds := strings.HasPrefix(p.label, "time") || slices.Contains(aged, p.label)
	switch {
	case seconds != (p.unit == "s"):
		return p, errors.New("wrong unit (rule P9)")
	case seconds && len(decimals) != 6:
		return p, errors.New("not six decimals (rule P8)")
	case (p.unit == "B" || p.unit == "") && decimals != "":
		return p, errors.New("not a whole number (rule P10)")
	case (p.unit == "B") != slices.Contains(inBytes, p.label), (p.unit == "%") != strings.HasSuffix(p.label, "_percent"):
		return p, errors.New("wrong unit (rule P10)")
	}
	for _, r := range []string{p.warn, p.crit} {
		if r == "" {
			continue
		}
		body := strings.TrimPrefix(r, "@")
		if !perfRange.MatchString(r) || body == "" || body == ":" || body == "~:" {
			return p, fmt.Errorf("%q is no range of bare numbers (rule P14)", r)
		}
		if strings.HasPrefix(body, "0:") && body != "0:" {
			return p, fmt.Errorf("%q prints the start 0 (rule P14)", r)
		}
		if seconds && !slices.Contains(aged, p.label) && strings.HasPrefix(r, "~:") && !strings.HasPrefix(r, "~:-") {
			return p, fmt.Errorf("%q prints an open start of a duration (rule P15)", r)
		}
	}
	for _, limit := range []string{p.lowest, p.highest} {
		if limit != "" && !perfPlain.MatchString(limit) {
			return p, fmt.Errorf("limit %q is no number", limit)
		}
	}
	signed := slices.Contains(aged, p.label) || strings.HasPrefix(p.label, "certificate_")
	if signed != (p.lowest == "") {
		return p, fmt.Errorf("minimum %q (rule P17)", p.lowest)
	}
	return p, nil
}

// The parser itself must refuse what it is there to refuse.
func TestParserRefuses(t *testing.T) {
	const good = "IMAP_SESSION OK - fine | time=0.100000s;;;0;8 certificate_days=-3;14: folders=3;1:;~:9;0"
	if _, err := parseOutput(good+"\n[OK] dns\n", 0); err != nil {
		t.Fatalf("parseOutput(%q): %v", good, err)
	}
	tests := []struct {
		name, out string
		code      int
	}{
		{"empty", "", 0},
		{"no newline", good, 0},
		{"two newlines", good + "\n\n", 0},
		{"other state", good + "\n", 1},
		{"exit code 4", good + "\n", 4},
		{"bar below", good + "\na | b\n", 0},
		{"bar below alone", "IMAP_SESSION OK - fine\na | b\n", 0},
		{"carriage return", good + "\r\n", 0},
		{"escape", good + "\n\x1b[1m\n", 0},
		{"tag", good + "\n<b>\n", 0},
		{"forged state", good + "\nserver said: [OK]\n", 0},
		{"deleted character", "IMAP_SESSION OK - it's fine\n", 0},
		{"semicolon", "IMAP_SESSION OK - fine; really\n", 0},
		{"long first line", "IMAP_SESSION OK - " + strings.Repeat("x", 1000) + "\n", 0},
		{"long", "IMAP_SESSION OK - x\n" + strings.Repeat("x", 4000) + "\n", 0},
	}
	for _, data := range []string{"time=1s;;;0;8", "time=0.100000;;;0;8", "time=0.100000s", "time=0.100000s;;;0", "time=1e-05s;;;0;8",
		"time=0.100000s;;;0;8;", "time=0.100000s;5s;;0;8", "time=0.100000s;0:5;;0;8", "time=0.100000s;~:5;;0;8", "time=0.100000s;@;;0;8",
		"time=0.100000s;;;0;8 time=0.100000s;;;0;8", "time=0.100000s;;;0;8 other=1;;;0", "folders=1;;;0 time=0.100000s;;;0;8",
		"time=0.100000s;;;0;8 folders=1.5;;;0", "time=0.100000s;;;0;8 folders=U", "time=0.100000s;;;0;8 message_size=3;;;0",
		"time=0.100000s;;;0;8 folders=1;;;0 x", "time=0.100000s;;;0;8  folders=1;;;0", "'time'=0.100000s;;;0;8", "folders=3;;;0"} {
		tests = append(tests, struct {
			name, out string
			code      int
		}{data, "IMAP_SESSION OK - fine | " + data + "\n", 0})
	}
	for _, tt := range tests {
		if _, err := parseOutput(tt.out, tt.code); err == nil {
			t.Errorf("%s: parseOutput(%q, %d): got no error", tt.name, tt.out, tt.code)
		}
	}
}

// document is the JSON form, key for key.
type document struct {
	Schema  *int    `json:"schema"`
	Version *string `json:"version"`
	Target  *struct {
		Host     *string `json:"host"`
		Port     *int    `json:"port"`
		Address  *string `json:"address"`
		TLS      *string `json:"tls"`
		Username *string `json:"username"`
		Mailbox  *string `json:"mailbox"`
		Demo     string  `json:"demo"`
	} `json:"target"`
	State    *string `json:"state"`
	ExitCode *int    `json:"exit_code"`
	Summary  *string `json:"summary"`
	Steps    []struct {
		Name    string   `json:"name"`
		Outcome string   `json:"outcome"`
		Start   *float64 `json:"start"`
		Seconds *float64 `json:"seconds"`
		Detail  string   `json:"detail"`
		ByHand  string   `json:"by_hand"`
	} `json:"steps"`
	Metrics []struct {
		Name  string   `json:"name"`
		Value *float64 `json:"value"`
		Unit  *string  `json:"unit"`
		Warn  *string  `json:"warn"`
		Crit  *string  `json:"crit"`
		Min   *float64 `json:"min"`
		Max   *float64 `json:"max"`
		State string   `json:"state"`
	} `json:"metrics"`
	Findings []struct {
		State  string  `json:"state"`
		Kind   string  `json:"kind"`
		Step   *string `json:"step"`
		Text   string  `json:"text"`
		Server *string `json:"server"`
		Advice *string `json:"advice"`
		Metric *string `json:"metric"`
	} `json:"findings"`
	Remarks []struct {
		Step *string `json:"step"`
		Text string  `json:"text"`
	} `json:"remarks"`
	Facts      map[string]any `json:"facts"`
	Transcript []struct {
		At   *float64 `json:"at"`
		From string   `json:"from"`
		Text *string  `json:"text"`
	} `json:"transcript"`
}

// rank orders states: CRITICAL, UNKNOWN, WARNING, OK.
func rank(state string) int {
	return slices.Index([]string{"OK", "WARNING", "UNKNOWN", "CRITICAL"}, state)
}

// parseJSON decodes the JSON form and checks its shape.
func parseJSON(out string, code int) (document, error) {
	var d document
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return d, errors.New("more than one JSON value")
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(out), &keys); err != nil {
		return d, err
	}
	for _, key := range []string{"schema", "version", "target", "state", "exit_code", "summary", "steps", "metrics", "findings", "facts"} {
		if v, ok := keys[key]; !ok || bytes.Equal(v, []byte("null")) {
			return d, fmt.Errorf("%q is missing or null", key)
		}
	}
	t := d.Target
	if t.Host == nil || t.Port == nil || t.Address == nil || t.TLS == nil || t.Username == nil || t.Mailbox == nil {
		return d, fmt.Errorf("target lacks a key: %s", keys["target"])
	}
	if code < 0 || code > 3 || *d.ExitCode != code || *d.State != states[code] || *d.Schema != 1 {
		return d, fmt.Errorf("schema %d, exit_code %d, state %q of exit code %d", *d.Schema, *d.ExitCode, *d.State, code)
	}
	if !strings.HasPrefix(*d.Summary, "IMAP_SESSION "+*d.State+" - ") || strings.ContainsAny(*d.Summary, deleted) {
		return d, fmt.Errorf("summary %q", *d.Summary)
	}
	return d, errors.Join(d.checkSteps(), d.checkMetrics(), d.checkFindings())
}

func (d document) checkSteps() error {
	for _, s := range d.Steps {
		timed := s.Outcome == "passed" || s.Outcome == "failed"
		if !timed && s.Outcome != "skipped" && s.Outcome != "not_reached" {
			return fmt.Errorf("step %s: outcome %q", s.Name, s.Outcome)
		}
		if timed != (s.Start != nil) || timed != (s.Seconds != nil) {
			return fmt.Errorf("step %s: %s with start %v and seconds %v", s.Name, s.Outcome, s.Start, s.Seconds)
		}
		if timed && (*s.Start < 0 || *s.Start > 60 || *s.Seconds < 0 || *s.Seconds > 60) {
			return fmt.Errorf("step %s: start %v, seconds %v are not seconds", s.Name, *s.Start, *s.Seconds)
		}
	}
	return nil
}

func (d document) checkMetrics() error {
	last := -1
	for _, m := range d.Metrics {
		at := slices.Index(labels, m.Name)
		if at <= last {
			return fmt.Errorf("metric %q: unknown, twice or out of order", m.Name)
		}
		last = at
		if m.Value == nil || m.Unit == nil || m.Warn == nil || m.Crit == nil || rank(m.State) < 0 {
			return fmt.Errorf("metric %q lacks a key", m.Name)
		}
	}
	if len(d.Steps) > 0 && (len(d.Metrics) == 0 || d.Metrics[0].Name != "time") {
		return errors.New("no metric time")
	}
	return nil
}

func (d document) checkFindings() error {
	worst := rank("CRITICAL")
	for _, f := range d.Findings {
		if f.Step == nil || f.Server == nil || f.Advice == nil || f.Metric == nil || f.Kind == "" || f.Text == "" {
			return fmt.Errorf("finding %+v lacks a key", f)
		}
		if rank(f.State) < 0 || rank(f.State) > worst {
			return fmt.Errorf("finding %s %s: not worst first", f.State, f.Kind)
		}
		worst = rank(f.State)
	}
	if len(d.Findings) > 0 && d.Findings[0].State != *d.State || len(d.Findings) == 0 && *d.State != "OK" {
		return fmt.Errorf("state %s, findings %+v", *d.State, d.Findings)
	}
	return nil
}
