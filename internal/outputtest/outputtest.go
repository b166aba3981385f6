// Package outputtest reads the program's output as a strict monitoring core
// would, after the plugin interface and not with the program's own code: Plugin
// the plugin output, JSON the object of the documentation. It judges no content.
// It is for tests only.
package outputtest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxOutput = 4000 // bytes, without what -vv adds
	maxLine   = 1000 // bytes of line 1
	// maxMailboxes is what line 1 may have instead where it has the metrics of
	// several mailboxes. All of the output may be longer by that.
	maxMailboxes = 8000
)

var states = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

// Labels are all labels of performance data in their order. They are public: a
// label that is renamed or moved breaks graphs, so this list only grows at its end.
var Labels = strings.Fields(`time
	time_dns time_connect time_tls time_greeting time_starttls time_capability time_token time_login
	time_list time_select time_fetch time_logout
	certificate_days certificate_percent folders messages message_age message_size
	addresses addresses_failed
	time_id time_noop time_namespace time_idle
	time_quota quota_storage_used quota_storage_limit quota_storage_percent
	quota_messages_used quota_messages_limit quota_messages_percent
	time_status messages_unseen messages_deleted mailbox_size
	time_search search_found search_oldest_age search_newest_age fetch_size
	time_mailboxes mailboxes
	client_certificate_days client_secret_days time_rights
	delivery_time delivery_hops
	nodes_spread
	time_append`)

// The labels of sizes, of ages, which may be negative, and of other seconds.
var (
	inBytes = strings.Fields("message_size quota_storage_used quota_storage_limit mailbox_size fetch_size")
	aged    = strings.Fields("message_age search_oldest_age search_newest_age")
	lasting = strings.Fields("delivery_time") // seconds beside time_...
)

// Output is plugin output taken apart.
type Output struct {
	Text string // line 1 without the performance data
	Perf []Perf
	Long []string // the other lines
}

// Perf is one item of performance data. Label is without quotes; with several
// mailboxes it is METRIC@MAILBOX.
type Perf struct {
	Label, Value, Unit, Warn, Crit, Min, Max string
	Item                                     string // as it is printed, behind the label
}

// Labels are the labels of the performance data.
func (o Output) Labels() []string {
	var names []string
	for _, p := range o.Perf {
		names = append(names, p.Label)
	}
	return names
}

// Get returns the item of a label, a zero one for none.
func (o Output) Get(label string) Perf {
	for _, p := range o.Perf {
		if p.Label == label {
			return p
		}
	}
	return Perf{}
}

// Value returns the number behind a label, "" for none.
func (o Output) Value(label string) string { return o.Get(label).Value }

// Block checks what holds for all output: some text, one newline at its end,
// nothing that a terminal or a core acts on.
func Block(out string) error {
	switch {
	case strings.TrimSpace(out) == "":
		return errors.New("is empty")
	case !strings.HasSuffix(out, "\n") || strings.HasSuffix(out, "\n\n"):
		return fmt.Errorf("does not end in one newline: %q", out)
	case strings.HasPrefix(out, "\n"):
		return errors.New("begins with an empty line")
	}
	return printable(strings.ReplaceAll(out, "\n", ""))
}

// printable checks for what no line of output may hold.
func printable(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("is not UTF-8: %q", text)
	}
	for _, r := range text {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return fmt.Errorf("has the character %U in it: %q", r, text)
		}
	}
	return nil
}

// deleted are the characters that Nagios deletes from $SERVICEOUTPUT$, and the
// semicolon, which it changes.
const deleted = "`~$&|'\"<>;"

// stateBall is what Icinga Web shows as a coloured state wherever it stands.
var stateBall = regexp.MustCompile(`[\[(](OK|WARNING|CRITICAL|UNKNOWN|UP|DOWN|PENDING)[\])]`)

// stateFollows is what a line may have before its state: the bar of a step, and an
// address.
var stateFollows = regexp.MustCompile(`^(address \S+: |[_#]+ )`)

// Plugin takes the output of a run with the default format, which ended with
// this exit code, apart.
func Plugin(out string, code int) (Output, error) {
	var o Output
	if err := Block(out); err != nil {
		return o, err
	}
	first, rest, _ := strings.Cut(strings.TrimSuffix(out, "\n"), "\n")
	text, data, hasData := strings.Cut(first, "|")
	if rest != "" {
		o.Long = strings.Split(rest, "\n")
	}
	line, whole := maxLine, maxOutput
	if mailboxForm.MatchString(data) {
		line, whole = maxMailboxes, maxOutput+max(0, len(first)-maxLine)
	}
	long := strings.Contains(out, "\ntranscript:\n") || strings.Contains(out, "\nattempts: ") // -vv
	switch {
	case code < 0 || code > 3 || !strings.HasPrefix(text, "IMAP_SESSION "+states[code]+" - "):
		return o, fmt.Errorf("exit code %d, but line 1 is %q", code, first)
	case len(first) > line:
		return o, fmt.Errorf("line 1 has %d bytes, want at most %d", len(first), line)
	case len(out) > whole && !long:
		return o, fmt.Errorf("%d bytes, want at most %d", len(out), whole)
	case strings.Count(out, "|") > 1 || strings.Contains(rest, "|"):
		return o, fmt.Errorf("a | that begins no performance data: %q", out)
	case strings.ContainsAny(text, deleted):
		return o, fmt.Errorf("line 1 has one of %s in it: %s", deleted, text)
	}
	for i, line := range o.Long {
		if line == "" || strings.ContainsAny(line, "<>&") {
			return o, fmt.Errorf("line %d is empty or may be taken for HTML: %q", i+2, line)
		}
	}
	for _, line := range append([]string{text}, o.Long...) {
		line = stateFollows.ReplaceAllString(line, "")
		if at := stateBall.FindStringIndex(line); at != nil && at[0] > 0 || strings.HasPrefix(line, "(") {
			return o, fmt.Errorf("a state inside a line: %q", line)
		}
	}
	if !hasData {
		o.Text = text
		return o, nil
	}
	if !strings.HasSuffix(text, " ") || !strings.HasPrefix(data, " ") {
		return o, fmt.Errorf("no blanks around the bar: %s", first)
	}
	o.Text = strings.TrimSuffix(text, " ")
	var err error
	o.Perf, err = perfdata(strings.TrimPrefix(data, " "))
	return o, err
}

// perfdata takes the performance data apart.
func perfdata(data string) ([]Perf, error) {
	var items []Perf
	var names []string
	last := -1
	for _, token := range tokens(data) {
		p, err := perfItem(token)
		if err != nil {
			return items, fmt.Errorf("performance data %q: %w", token, err)
		}
		name, _, ofMailbox := strings.Cut(p.Label, "@")
		at := slices.Index(Labels, name)
		if at < last || at == last && !ofMailbox || slices.Contains(names, p.Label) {
			return items, fmt.Errorf("performance data %q: unknown, twice or out of order", token)
		}
		last = at
		items, names = append(items, p), append(names, p.Label)
	}
	if items[0].Label != "time" || items[0].Max == "" {
		return items, fmt.Errorf("performance data %q: no time with its maximum", data)
	}
	return items, nil
}

// tokens cuts performance data at its blanks, but for those inside of quotes.
func tokens(data string) []string {
	var out []string
	quoted, from := false, 0
	for i := range len(data) {
		switch {
		case data[i] == '\'':
			quoted = !quoted
		case data[i] == ' ' && !quoted:
			out, from = append(out, data[from:i]), i+1
		}
	}
	return append(out, data[from:])
}

var (
	// mailboxForm is the label of a metric of one of several mailboxes. It has quotes
	// where there is a blank in it, and none elsewhere.
	mailboxForm = regexp.MustCompile(`(^| )(?:'[a-z][a-z0-9_]*@[!-&(-<>-~]* [ -&(-<>-~]*'|[a-z][a-z0-9_]*@[!-&(-<>-~]+)=`)
	itemForm    = regexp.MustCompile(`^([a-z][a-z0-9_]*(?:@[!-&(-<>-~]+)?|'[a-z][a-z0-9_]*@[!-&(-<>-~]* [ -&(-<>-~]*')=(-?[0-9]+(?:\.[0-9]+)?)(s|B|%)?((?:;[^;]*){0,4})$`)
	rangeForm   = regexp.MustCompile(`^@?(?:~:|-?[0-9]+(?:\.[0-9]+)?:)?(?:-?[0-9]+(?:\.[0-9]+)?)?$`)
	limitForm   = regexp.MustCompile(`^(-?[0-9]+(?:\.[0-9]+)?)?$`)
)

// perfItem takes one item apart.
func perfItem(token string) (Perf, error) {
	m := itemForm.FindStringSubmatch(token)
	if m == nil || strings.HasSuffix(token, ";") {
		return Perf{}, errors.New("not label=value[unit];warn;crit;min;max without a semicolon at the end")
	}
	p := Perf{Label: strings.Trim(m[1], "'"), Value: m[2], Unit: m[3], Item: strings.TrimPrefix(token, m[1]+"=")}
	name, _, _ := strings.Cut(p.Label, "@")
	for i, field := range strings.Split(strings.TrimPrefix(m[4], ";"), ";") {
		*[]*string{&p.Warn, &p.Crit, &p.Min, &p.Max}[i] = field
	}
	_, decimals, _ := strings.Cut(p.Value, ".")
	age := slices.Contains(aged, name)
	seconds := strings.HasPrefix(name, "time") || age || slices.Contains(lasting, name)
	switch {
	case seconds != (p.Unit == "s"), (p.Unit == "B") != slices.Contains(inBytes, name), (p.Unit == "%") != strings.HasSuffix(name, "_percent"):
		return p, errors.New("wrong unit")
	case seconds && len(decimals) != 6:
		return p, errors.New("not six decimals")
	case (p.Unit == "B" || p.Unit == "") && decimals != "":
		return p, errors.New("not a whole number")
	case !limitForm.MatchString(p.Min) || !limitForm.MatchString(p.Max):
		return p, errors.New("a limit is not a number")
	case (age || strings.HasPrefix(name, "certificate_") || strings.HasSuffix(name, "_days")) != (p.Min == ""):
		return p, fmt.Errorf("minimum %q", p.Min)
	}
	for _, r := range []string{p.Warn, p.Crit} {
		body := strings.TrimPrefix(r, "@")
		switch {
		case r == "":
		case !rangeForm.MatchString(r) || body == "" || body == ":" || body == "~:":
			return p, fmt.Errorf("%q is not a range of bare numbers", r)
		case strings.HasPrefix(body, "0:") && body != "0:":
			return p, fmt.Errorf("%q prints the start 0", r)
		case seconds && !age && strings.HasPrefix(r, "~:") && !strings.HasPrefix(r, "~:-"):
			return p, fmt.Errorf("%q prints an open start of a duration", r)
		}
	}
	return p, nil
}
