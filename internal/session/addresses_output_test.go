package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/outputtest"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
)

// policy reads "metric warn crit" rules, a dash for none.
func policy(t *testing.T, rules ...string) judge.Policy {
	t.Helper()
	var p judge.Policy
	for _, rule := range rules {
		words := strings.Fields(rule)
		def, ok := report.LookupMetric(words[0])
		if !ok {
			t.Fatalf("no metric %s", words[0])
		}
		r := judge.Rule{Metric: words[0]}
		for i, to := range []**judge.Range{&r.Warn, &r.Crit} {
			if words[i+1] == "-" {
				continue
			}
			x, err := judge.ParseRange(words[i+1], def.Unit)
			if err != nil {
				t.Fatal(err)
			}
			*to = &x
		}
		p.Rules = append(p.Rules, r)
	}
	return p
}

// judged judges a report and prints it.
func judged(r *report.Report, p judge.Policy, o render.Options) (report.Verdict, string) {
	v := judge.Judge(r, p)
	return v, string(render.Nagios(r, v, o))
}

// read reads plugin output.
func read(t *testing.T, out string, v report.Verdict) outputtest.Output {
	t.Helper()
	o, err := outputtest.Plugin(out, int(v.State))
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	return o
}

// TestAddressesVerdict judges and prints what was found behind a name.
func TestAddressesVerdict(t *testing.T) {
	const (
		a, b, c = "192.0.2.7", "192.0.2.8", "2001:db8::7"
		slow    = "wait 700ms\ngreet\nserve"
		refuses = "greet\nserve LOGIN\nS: {tag} NO [AUTHENTICATIONFAILED] Authentication failed.\nserve"
	)
	thirty := answering("EXAMINE", "30 EXISTS")
	for _, tt := range []struct {
		name  string
		mode  string
		nodes []node
		rules []string
		state report.State
		line  string            // prefix of line 1
		perf  map[string]string // by label
	}{
		{"all well", "worst", []node{{a, well, 0}, {b, well, 0}, {c, well, 0}}, nil, report.OK,
			"IMAP_SESSION OK - imap.test 3 of 3 addresses OK in 0.000 s", map[string]string{"addresses": "3;;;0", "addresses_failed": "0;;;0"}},
		{"one refused", "worst", []node{{a, well, 0}, {b, "", 0}, {c, well, 0}}, nil, report.Critical,
			"IMAP_SESSION CRITICAL - imap.test 2 of 3 addresses OK, 192.0.2.8: connect refused, nothing listens on 192.0.2.8 port 993 - is the IMAP service running",
			map[string]string{"addresses": "3;;;0", "addresses_failed": "1;;;0", "messages": "42;;;0"}},
		{"one refused, any", "any", []node{{a, well, 0}, {b, "", 0}, {c, well, 0}}, nil, report.OK,
			"IMAP_SESSION OK - imap.test 2 of 3 addresses OK in 0.000 s, but 192.0.2.8: connect refused", map[string]string{"addresses_failed": "1;;;0"}},
		{"any, too many", "any", []node{{a, well, 0}, {b, "", 0}, {c, "", 0}}, []string{"addresses_failed 1 -"}, report.Warning,
			"IMAP_SESSION WARNING - imap.test 1 of 3 addresses OK, 2 not OK, limit 1", map[string]string{"addresses_failed": "2;1;;0"}},
		{"any, all failed", "any", []node{{a, "", 0}, {b, "", 0}}, nil, report.Critical,
			"IMAP_SESSION CRITICAL - imap.test 0 of 2 addresses OK, 192.0.2.7: connect refused", map[string]string{"addresses_failed": "2;;;0", "messages": ""}},
		{"any, the best is a warning", "any", []node{{a, "", 0}, {b, slow, 0}}, []string{"time_greeting 500ms -"}, report.Warning,
			"IMAP_SESSION WARNING - imap.test 0 of 2 addresses OK, 192.0.2.8: greeting took 0.700 s, limit 0.5 s", map[string]string{"addresses_failed": "2;;;0"}},
		{"too few", "worst", []node{{a, well, 0}, {b, well, 0}}, []string{"addresses - 3:"}, report.Critical,
			"IMAP_SESSION CRITICAL - imap.test 2 of 2 addresses OK, 2 addresses, at least 3 expected", map[string]string{"addresses": "2;;3:;0"}},
		{"worst of each", "worst", []node{{b, thirty, 10 * time.Millisecond}, {a, slow, 0}, {c, well, 0}}, nil, report.OK,
			"IMAP_SESSION OK - imap.test 3 of 3 addresses OK in 0.700 s",
			map[string]string{"time": "0.700000s;;;0;8", "time_greeting": "0.700000s;;;0", "time_connect": "0.010000s;;;0", "messages": "42;;;0", "certificate_days": "89"}},
		{"worst by its state", "worst", []node{{b, well, 0}, {a, thirty, 0}}, []string{"messages - 35:"}, report.Critical,
			"IMAP_SESSION CRITICAL - imap.test 1 of 2 addresses OK, 192.0.2.7: INBOX has 30 messages, at least 35 expected", map[string]string{"messages": "30;;35:;0", "addresses_failed": "1;;;0"}},
		{"login fails on one", "worst", []node{{c, refuses, 0}, {a, well, 0}}, nil, report.Critical,
			"IMAP_SESSION CRITICAL - imap.test 1 of 2 addresses OK, 2001:db8::7: login as alice rejected: [AUTHENTICATIONFAILED]", nil},
		{"one hangs", "worst", []node{{a, well, 0}, {b, "hang", 0}}, nil, report.Critical,
			"IMAP_SESSION CRITICAL - imap.test 1 of 2 addresses OK, 192.0.2.8: connect timed out after 8.000 s", map[string]string{"time": "8.000000s;;;0;8", "messages": "42;;;0"}},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			r := newFarm(t, tt.nodes...).run(t, tt.mode)
			v, out := judged(r, policy(t, tt.rules...), render.Options{Verbosity: 1})
			if v.State != tt.state || !strings.HasPrefix(out, tt.line) {
				t.Errorf("state %s, want %s and line 1 %q:\n%s", v.State, tt.state, tt.line, out)
			}
			for label, want := range tt.perf {
				if got := read(t, out, v).Get(label).Item; got != want {
					t.Errorf("%s=%s, want %s", label, got, want)
				}
			}
			for i, s := range r.Sessions {
				if head := fmt.Sprintf("\naddress %s: [%s] ", s.Target.Address, v.Sessions[i].State); !strings.Contains(out, head) {
					t.Errorf("%q is missing in:\n%s", head, out)
				}
			}
			if strings.Contains(out, "not judged") {
				t.Errorf("a threshold was not judged:\n%s", out)
			}
		})
	}
}

// TestAddressesOutput keeps the labels, whatever the addresses are, and the
// size of the whole; what is not OK stands first and in full.
func TestAddressesOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var one []string
		for n := 1; n <= 8; n++ {
			var nodes []node
			for i := range n {
				nodes = append(nodes, node{fmt.Sprintf("2001:db8:aaaa:bbbb:cccc:dddd:eeee:%x", i+1), well, 0})
			}
			bad := nodes[n-1].addr
			if n > 1 {
				nodes[n-1].script = ""
			}
			r := newFarm(t, nodes...).run(t, "worst")
			v := judge.Judge(r, judge.Policy{})
			for verbosity := range 2 {
				out := string(render.Nagios(r, v, render.Options{Verbosity: verbosity}))
				if len(out) > 4000 || strings.Contains(out, "cut") {
					t.Errorf("%d addresses, -v %d: %d bytes, want 4000 at most and nothing cut:\n%s", n, verbosity, len(out), out)
				}
				if got := read(t, out, v).Labels(); n == 1 {
					one = got
				} else if !slices.Equal(got, one) {
					t.Errorf("%d addresses: labels %q, want %q", n, got, one)
				}
				_, below, _ := strings.Cut(out, "\naddress ")
				if n > 1 && !strings.HasPrefix(below, bad+": [CRITICAL] ") {
					t.Errorf("%d addresses: the first block is not that of %s:\n%s", n, bad, out)
				}
				if strings.Count(out, "\naddress ") != n {
					t.Errorf("%d addresses, but not as many blocks:\n%s", n, out)
				}
			}
		}
	})
}

// TestAddressesJSON has everything of every address.
func TestAddressesJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFarm(t, node{"192.0.2.7", well, 0}, node{"2001:db8::7", "", 0}).run(t, "worst")
		v := judge.Judge(r, judge.Policy{})
		out := render.JSON(r, v, render.Options{Version: "1"})
		got, err := outputtest.JSON(string(out), 2)
		if err != nil {
			t.Fatal(err)
		}
		if got.State != "CRITICAL" || got.ExitCode != 2 || !strings.Contains(got.Summary, "1 of 2 addresses OK, 2001:db8::7: ") ||
			got.Target.Host != "imap.test" || got.Target.Address != "" || got.Target.Username != "alice" || len(got.Steps) != 1 || got.Steps[0].Name != "dns" {
			t.Errorf("above the sessions: %s", out)
		}
		if len(got.Findings) != 1 || got.Findings[0].Kind != "refused" || got.Findings[0].Address != "2001:db8::7" {
			t.Errorf("findings %+v, want refused at 2001:db8::7", got.Findings)
		}
		if len(got.Addresses) != 2 {
			t.Fatalf("addresses %+v, want two", got.Addresses)
		}
		first, second := got.Addresses[0], got.Addresses[1]
		if first.Address != "192.0.2.7" || first.State != "OK" || first.Facts["tls_version"] != "TLS 1.3" || len(first.Metrics) < 10 || len(first.Findings) != 0 {
			t.Errorf("first: %+v", first)
		}
		if second.State != "CRITICAL" || second.Steps[0].Outcome != "failed" || second.Steps[1].Outcome != "not_reached" || second.Findings[0].Kind != "refused" {
			t.Errorf("second: %+v", second)
		}
	})
}

// TestAddressesWithoutName resolves nothing, or comes to nothing.
func TestAddressesWithoutName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFarm(t, node{"192.0.2.7", well, 0})
		f.cfg.Dial.Host, f.cfg.Cert.Insecure = "192.0.2.7", true
		r := f.run(t, "worst")
		if v := judge.Judge(r, judge.Policy{}); v.State != report.OK || len(v.Sessions) != 1 || r.Step("dns") != nil {
			t.Errorf("an address: state %s, %d sessions, steps %v", v.State, len(v.Sessions), r.Steps)
		}
		for _, mode := range []string{"worst", "any"} {
			f = newFarm(t)
			r = f.run(t, mode)
			v, out := judged(r, judge.Policy{}, render.Options{})
			if v.State != report.Critical || !strings.HasPrefix(out, "IMAP_SESSION CRITICAL - imap.test dns failed") || !strings.Contains(out, "connect, tls, greeting") {
				t.Errorf("%s without addresses: %s", mode, out)
			}
		}
	})
}

// TestAddressFailedState says on line 1 that one address of the name is dead,
// in the state that somebody wants it to have.
func TestAddressFailedState(t *testing.T) {
	for _, tt := range []struct {
		states map[string]report.State
		state  report.State
		line   string
	}{
		{nil, report.OK, "IMAP_SESSION OK - imap.test alice INBOX: 42 messages, newest 10 min old, 0.000 s, certificate 90 days, but connect failed with another address, 192.0.2.7:993 connection refused |"},
		{map[string]report.State{"address_failed": report.Warning}, report.Warning,
			"IMAP_SESSION WARNING - imap.test alice: connect failed with another address, 192.0.2.7:993 connection refused - is this node down? else take its address out of the DNS |"},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newFarm(t, node{"192.0.2.7", "", 0}, node{"2001:db8::7", well, 0}).run(t, "")
			v, out := judged(r, judge.Policy{States: tt.states}, render.Options{})
			if v.State != tt.state || !strings.HasPrefix(out, tt.line) {
				t.Errorf("state %s, want %s and line 1 %q:\n%s", v.State, tt.state, tt.line, out)
			}
		})
	}
}
