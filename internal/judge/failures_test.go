package judge

import (
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// raisedElsewhere are the kinds that are no failure of a session: the command
// line, a file of ours, a number outside its range.
var raisedElsewhere = []string{"usage", "threshold"}

func TestEveryRowIsReachable(t *testing.T) {
	rows := failureTable()
	for i, c := range rows {
		if c.Example == nil {
			t.Errorf("row %d (%s, %q) has no example", i, c.Kind, c.Advice)
			continue
		}
		first := slices.IndexFunc(rows, func(c failureRow) bool { return c.Match(copied(rows[i].Example)) })
		if first != i {
			got := "no row"
			if first >= 0 {
				got = rows[first].Kind + " (" + rows[first].Advice + ")"
			}
			t.Errorf("example of row %d (%s, %q, %+v): taken by row %d, %s", i, c.Kind, c.Advice, c.Example.Reply, first, got)
		}
	}
}

// copied returns a copy, so that no Match can change an example.
func copied(e *report.StepError) *report.StepError {
	c := *e
	return &c
}

func TestEveryRowHasAKind(t *testing.T) {
	used := map[string]bool{}
	for i, c := range failureTable() {
		if _, ok := LookupKind(c.Kind); !ok {
			t.Errorf("row %d: kind %q is not in the list of kinds", i, c.Kind)
		}
		used[c.Kind] = true
	}
	for _, k := range Kinds() {
		if used[k.Name] == slices.Contains(raisedElsewhere, k.Name) {
			t.Errorf("kind %s: has a row is %v, raised elsewhere is %v", k.Name, used[k.Name], !used[k.Name])
		}
	}
}

// The kinds are public API: none is renamed, and their default states are a promise.
func TestKinds(t *testing.T) {
	unknown := []string{"usage", "config", "internal", "interrupted", "plaintext_refused", "search_keys"}
	fixed := []string{"usage", "config", "internal"}
	ok := []string{"address_failed", "nodes_differ", "logout"}
	warning := []string{"certificate_mismatch", "message_misfiled"}
	want := strings.Fields(`usage config internal interrupted dns refused unreachable timeout closed tls_handshake
		tls_untrusted tls_expired tls_hostname certificate_mismatch not_imap bye protocol too_large starttls_missing starttls_refused
		starttls_injection plaintext_refused login_disabled no_mechanism auth_failed unavailable auth_expired
		limit referral search_keys mailbox_missing no_permission over_quota rejected bad message_missing message_misfiled expectation address_failed nodes_differ logout threshold`)
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
		state := report.Critical
		switch {
		case slices.Contains(unknown, k.Name):
			state = report.Unknown
		case slices.Contains(ok, k.Name):
			state = report.OK
		case slices.Contains(warning, k.Name):
			state = report.Warning
		}
		if k.State != state {
			t.Errorf("%s: got the default state %s, want %s", k.Name, k.State, state)
		}
		if k.Fixed != slices.Contains(fixed, k.Name) {
			t.Errorf("%s: got Fixed %v, want %v", k.Name, k.Fixed, !k.Fixed)
		}
		if k.Means == "" || k.Verb == "" && k.Name != "threshold" {
			t.Errorf("%s: means %q, verb %q: want both", k.Name, k.Means, k.Verb)
		}
		for _, text := range []string{k.Verb, k.Cause} {
			wantPlain(t, k.Name, text)
		}
	}
	for _, name := range want {
		if !slices.Contains(names, name) {
			t.Errorf("kind %s is gone: it is public API", name)
		}
	}
	if _, ok := LookupKind("nonsense"); ok {
		t.Error(`LookupKind("nonsense"): got one`)
	}
}

func TestAdviceIsPlain(t *testing.T) {
	for i, c := range failureTable() {
		if c.Advice == "" {
			t.Errorf("row %d (%s): no advice", i, c.Kind)
		}
		wantPlain(t, c.Kind, c.Advice)
	}
}

// wantPlain fails on text that cannot stand on the first line: Nagios deletes
// these characters from notifications, and changes a semicolon (rules O10, O13).
func wantPlain(t *testing.T, name, text string) {
	t.Helper()
	const deleted = "`~$&|'\"<>;"
	if len(text) > 150 {
		t.Errorf("%s: %d characters: %q", name, len(text), text)
	}
	for _, r := range text {
		if r < ' ' || r > '~' || strings.ContainsRune(deleted, r) {
			t.Errorf("%s: %q in %q", name, r, text)
			break
		}
	}
}

// Every kind's headline as it is made, from the examples: one line that begins
// with the step and says nothing twice.
func TestFindingsOfExamples(t *testing.T) {
	for i, c := range failureTable() {
		f := Policy{}.finding(c.Example, nil)
		if f.Kind != c.Kind || f.Step != c.Example.Step || f.Advice != c.Advice {
			t.Errorf("row %d: got %+v, want kind %s, step %s, advice %q", i, f, c.Kind, c.Example.Step, c.Advice)
		}
		if !strings.HasPrefix(f.Text, c.Example.Step+" ") || strings.ContainsAny(f.Text, "\r\n|") {
			t.Errorf("row %d (%s): text %q", i, c.Kind, f.Text)
		}
		for _, fault := range []string{", ,", ",,", "  ", ": ,", "%!", "<nil>"} {
			if strings.Contains(f.Text, fault) || strings.HasSuffix(f.Text, ", ") || strings.HasSuffix(f.Text, ",") {
				t.Errorf("row %d (%s): %q in text %q", i, c.Kind, fault, f.Text)
				break
			}
		}
	}
}

// A wording is only as wide as its sentence is characteristic.
func TestWordings(t *testing.T) {
	for i, w := range slices.Concat(busyWordings(), wordings()) {
		if w.Example == "" || w.Source == "" {
			t.Errorf("wording %d (%s): example %q, source %q: want both", i, w.Kind, w.Example, w.Source)
		}
		if !w.Words.MatchString(w.Example) {
			t.Errorf("wording %d (%s): %s does not match its example %q", i, w.Kind, w.Words, w.Example)
		}
		if w.Words.MatchString("") {
			t.Errorf("wording %d (%s): %s matches the empty text", i, w.Kind, w.Words)
		}
	}
}
