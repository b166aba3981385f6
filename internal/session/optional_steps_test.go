package session

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/report"
)

const allCaps = "IMAP4rev1 LITERAL+ ID IDLE NAMESPACE QUOTA ESEARCH STATUS=SIZE ACL"

// trial is a session against a script that must not fail, and what comes of it.
type trial struct {
	name   string
	caps   string // of the server; "" is allCaps
	script string
	change func(*Config)
	// want are metrics and facts, "name=value"; "-name" has to be absent.
	want  []string
	fault string // in the one fault; "" for none
	sent  string // the commands that are not those of every session; "" is not looked at
}

func (x trial) run(t *testing.T) {
	bubble(t, x.name, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.opts.Capabilities = cmp.Or(x.caps, allCaps)
		if x.change != nil {
			x.change(&b.cfg)
		}
		r := b.pass(t, x.script)
		for _, want := range x.want {
			x.check(t, r, want)
		}
		checkFault(t, r, x.fault)
		got := strings.Join(b.sent("CAPABILITY", "LOGIN", "LIST", "EXAMINE", "SELECT", "LOGOUT"), "; ")
		if x.sent != "" && got != x.sent {
			t.Errorf("sent %q, want %q", got, x.sent)
		}
	})
}

func (x trial) check(t *testing.T, r *report.Report, want string) {
	t.Helper()
	if name, absent := strings.CutPrefix(want, "-"); absent {
		if m, ok := r.Metric(name); ok {
			t.Errorf("%s is %v, want none", name, m.Value)
		}
		return
	}
	name, value, _ := strings.Cut(want, "=")
	got := fmt.Sprint(r.Fact(name))
	if m, ok := r.Metric(name); ok {
		got = fmt.Sprint(m.Value)
	}
	if got != value {
		t.Errorf("%s is %s, want %s", name, got, value)
	}
}

// withStep adds a step, and leaves out those that other tests are for.
func withStep(step string) func(*Config) {
	return func(c *Config) { c.With, c.Skip = set(step), set("list", "select") }
}

func TestIdentify(t *testing.T) {
	expect := func(re string) func(*Config) {
		return func(c *Config) { c.Expect.ID = regexp.MustCompile(re); c.Until = "id" }
	}
	for _, x := range []trial{
		{name: "fields", script: answering("ID", `ID ("vendor" "V (x)" "VERSION" "1.2" "name" "N" "os" NIL)`),
			change: expect("^name=N, version=1.2, vendor=V"), want: []string{"server_id=[name=N version=1.2 vendor=V (x)]", "server_name=N", "server_version=1.2"},
			sent: `ID ("name" "check_imap_session")`},
		{name: "not as expected", script: answering("ID", `ID ("name" "N" "version" "2")`),
			change: expect("version=1"), fault: "ID (name=N, version=2) does not match version=1"},
		{name: "nothing said", script: answering("ID", "ID NIL"), change: expect("Dovecot"), fault: "says nothing about itself"},
		{name: "cut short", script: answering("ID", `ID ("name"`), change: expect("^$"), want: []string{"server_id=[]"}},
	} {
		x.run(t)
	}
}

func TestNamespaces(t *testing.T) {
	for _, x := range []trial{
		{name: "three", change: withStep("namespace"),
			script: answering("NAMESPACE", `NAMESPACE (("INBOX." "." "X-P" ("a" "b"))("" NIL)) NIL (("#shared." ".")("Entw&APw-rfe/" "/"))`),
			want: []string{"namespace_personal=[INBOX. (delimiter .) no prefix (flat)]", "namespace_other_users=[]",
				"namespace_shared=[#shared. (delimiter .) Entwürfe/ (delimiter /)]"}},
	} {
		x.run(t)
	}
}

func TestRights(t *testing.T) {
	answer := func(rights string) string { return answering("MYRIGHTS", "MYRIGHTS INBOX "+rights) }
	expect := func(rights string) func(*Config) {
		return both(skips("list", "select"), func(c *Config) { c.Expect.Rights, _ = ParseRights(rights) })
	}
	for _, x := range []trial{
		{name: "not expected", change: withStep("rights"), script: answer("lrs"), want: []string{"rights=lrs"}, sent: `MYRIGHTS "INBOX"`},
		{name: "more than expected", change: expect("Rsl"), script: answer("lrswi")},
		{name: "less", change: expect("lrsit9"), script: answer("lrs"),
			fault: "alice may not insert mail (i), mark as deleted (t), do what the right 9 is for in INBOX (rights lrs)"},
		{name: "as another user", change: both(expect("i"), func(c *Config) { c.Authzid = "bob" }), caps: allCaps + " AUTH=PLAIN",
			script: answer(`""`), fault: "bob may not insert mail (i) in INBOX (no rights)"},
		{name: "RFC 2086", change: expect("lktex"), script: answer("lcd")},
		{name: "RFC 2086, less", change: expect("kt"), script: answer("lc"), fault: "may not mark as deleted (t) in"},
		{name: "RFC 4314", change: expect("kte"), caps: allCaps + " RIGHTS=kxte", script: answer("lktcd"), fault: "may not expunge (e) in"},
	} {
		x.run(t)
	}
}

func TestQuota(t *testing.T) {
	answer := func(rows ...string) string { return answering("GETQUOTAROOT", rows...) }
	all := asks(report.QuotaStoragePercent)
	none := []string{"-quota_storage_used", "-quota_storage_limit", "-quota_storage_percent", "-quota_messages_used", "-quota_messages_limit", "-quota_messages_percent"}
	for _, x := range []trial{
		{name: "storage and messages", change: all, script: answer(`QUOTAROOT INBOX "User quota"`, `QUOTA "User quota" (STORAGE 512 2048 MESSAGE 42 100)`),
			want: []string{"quota_storage_used=524288", "quota_storage_limit=2.097152e+06", "quota_storage_percent=25",
				"quota_messages_used=42", "quota_messages_limit=100", "quota_messages_percent=42", "quota_roots=[User quota]", "quota_root_storage=User quota"}},
		{name: "the fullest root counts", change: all,
			script: answer(`QUOTAROOT INBOX user domain`, `QUOTA user (STORAGE 10 100 MESSAGE 9 10)`, `QUOTA domain (storage 95 100 MESSAGE 1 10)`),
			want:   []string{"quota_storage_percent=95", "quota_root_storage=domain", "quota_messages_percent=90", "quota_root_message=user"}},
		{name: "over the limit", change: all, script: answer(`QUOTAROOT INBOX r`, `QUOTA r (STORAGE 150 100)`), want: []string{"quota_storage_percent=150", "-quota_messages_used"}},
		{name: "literal root, other resources", change: all, script: answer(`QUOTAROOT INBOX r`, `QUOTA r (X-NUM-FOLDERS 3 9 STORAGE 1 4)`), want: []string{"quota_storage_percent=25"}},
		{name: "no root", change: all, script: answer(`QUOTAROOT INBOX`), want: none, fault: "quota_storage_percent cannot be measured: INBOX has no quota root"},
		{name: "no root and no threshold", change: withStep("quota"), script: answer(`QUOTAROOT INBOX`), want: none},
		{name: "Cyrus without limits", change: all, script: answer(`QUOTAROOT INBOX INBOX`, `QUOTA INBOX ()`), want: none, fault: "does not limit STORAGE"},
		{name: "Courier without limits", change: all, script: answer(`QUOTAROOT "INBOX" "ROOT"`, `QUOTA "ROOT"`), want: none, fault: "does not limit STORAGE"},
		{name: "limit of 0", change: all, script: answer(`QUOTAROOT INBOX r`, `QUOTA r (STORAGE 5 0)`),
			want: []string{"quota_storage_used=5120", "-quota_storage_limit", "-quota_storage_percent"}, fault: "the limit is 0"},
		{name: "numbers that are none", change: all, script: answer(`QUOTAROOT INBOX r`, `QUOTA r (STORAGE -1 x MESSAGE 1 2)`),
			want: []string{"-quota_storage_used", "quota_messages_percent=50"}, fault: "does not limit STORAGE"},
	} {
		x.run(t)
	}
}

// TestNoAnswer fails the step: OK and nothing else is not an answer.
func TestNoAnswer(t *testing.T) {
	for step, verb := range map[string]string{"quota": "GETQUOTAROOT", "rights": "MYRIGHTS", "namespace": "NAMESPACE"} {
		bubble(t, step, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities, b.cfg.With = allCaps, set(step)
			r := b.run(t, answering(verb))
			if e := r.Failure(); e == nil || e.Step != step || !errors.Is(e.Err, report.ErrProtocol) || !strings.Contains(e.Error(), verb+" has no data") {
				t.Errorf("failure %v, want one of %s", e, step)
			}
		})
	}
}

// TestIdleTime counts both halves of IDLE, and says how long the second took.
func TestIdleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.opts.Capabilities = allCaps
		b.cfg.With = set("idle")
		r := b.pass(t, "greet\nserve IDLE\nwait 200ms\nS: * OK still here\nS: + idling\nC: DONE\nwait 700ms\nS: {tag} OK done\nserve")
		if m, _ := r.Metric("time_idle"); m.Value != 0.9 {
			t.Errorf("time_idle %v, want 0.9", m.Value)
		}
		if d := r.Step("idle").Detail; d != "ended 0.700 s after DONE" {
			t.Errorf("detail %q", d)
		}
	})
}

// TestIdleFails names what was waited for.
func TestIdleFails(t *testing.T) {
	for script, want := range map[string]string{
		"greet\nserve IDLE\nhold":                             "the answer to IDLE",
		"greet\nserve IDLE\nS: + idling\nC: DONE\nhold":       "the answer to DONE",
		"greet\nserve IDLE\nS: {tag} NO not now\nserve":       "",
		"greet\nserve IDLE\nS: {tag} BAD what is IDLE\nserve": "",
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = allCaps
			b.cfg.With = set("idle")
			r := b.run(t, script)
			if e := r.Failure(); e == nil || e.Step != "idle" || e.Waiting != want {
				t.Errorf("%q: failure %+v, want one of idle waiting for %q", script, e, want)
			}
		})
	}
}

// TestExtraTimes delays exactly one optional step: the one that says that it
// sends the command.
func TestExtraTimes(t *testing.T) {
	for _, slow := range Optional() {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = everyCapability()
			b.cfg.With = everyOptional()
			at := slices.IndexFunc(Catalog, func(s Step) bool { return s.Name == slow })
			verb, _, _ := strings.Cut(Catalog[at].Explain(&b.cfg).Sends[0].Text, " ")
			r := b.pass(t, fmt.Sprintf("greet\ndelay %s 300ms\nserve", verb))
			for _, name := range Optional() {
				want := 0.0
				if name == slow {
					want = delay.Seconds()
				}
				if m, ok := r.Metric(report.StepTime(name)); !ok || m.Value != want {
					t.Errorf("%s slow: time_%s is %v, want %v", verb, name, m.Value, want)
				}
			}
			if r.Elapsed != delay {
				t.Errorf("%s slow: took %v, want %v", verb, r.Elapsed, time.Duration(delay))
			}
		})
	}
}
