package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/report"
)

func TestMailboxes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		names []string
		want  []string // labels
	}{
		{"none", nil, nil},
		{"one", []string{"INBOX"}, nil},
		{"in order", []string{"Queue/b", "Queue/a"}, []string{"Queue/b", "Queue/a"}},
		{"modified UTF-7", []string{"INBOX", "Entwürfe & mehr"}, []string{"INBOX", "Entw&APw-rfe &- mehr"}},
		{"what readers of performance data split at", []string{"a=b'c", `d|e\f`}, []string{"a_b_c", "d_e_f"}},
		{"twice", []string{"A", "A", "A_2", "A"}, []string{"A", "A_2", "A_2_2", "A_3"}},
		{"alike as labels", []string{"a=b", "a'b"}, []string{"a_b", "a_b_2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for i, m := range Mailboxes(tt.names) {
				if got = append(got, m.Label); m.Name != tt.names[i] || m.Place != i+1 {
					t.Errorf("%d: got %+v", i, m)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestCatalogOfMailboxes wants the steps of a mailbox together, so that Plan repeats
// them as one.
func TestCatalogOfMailboxes(t *testing.T) {
	var names []string
	blocks := 0
	for i, s := range Catalog {
		if !s.perMailbox() {
			continue
		}
		if names = append(names, s.Name); i == 0 || !Catalog[i-1].perMailbox() {
			blocks++
		}
	}
	if got, want := strings.Join(names, " "), "rights quota status select status search fetch"; got != want || blocks != 1 {
		t.Errorf("got %s in %d blocks, want %s in one", got, blocks, want)
	}
}

// TestPlanMailboxes says which steps a session has for which of its mailboxes.
func TestPlanMailboxes(t *testing.T) {
	both := "select of A, fetch of A, select of B, fetch of B"
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"nothing asked", func(*Config) {}, both},
		{"for all", func(c *Config) { c.Thresholds = map[string]string{"messages_unseen": "-w"} }, "status of A, select of A, fetch of A, status of B, select of B, fetch of B"},
		{"for one", func(c *Config) { c.Thresholds = map[string]string{"messages_unseen@B": "-w"} }, "select of A, fetch of A, status of B, select of B, fetch of B"},
		{"for none of them", func(c *Config) { c.Thresholds = map[string]string{"messages_unseen@C": "-w"} }, both},
		{"with another step", func(c *Config) { c.With = set("idle") }, both + ", idle"},
		{"until select", func(c *Config) { c.Until = "select" }, "select of A, select of B"},
		{"without fetch", skips("fetch"), "select of A, select of B"},
		{"until login", func(c *Config) { c.Until = "login" }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Config{Mailboxes: Mailboxes([]string{"A", "B"})}
			tt.change(&c)
			plan := mustPlan(t, c)
			var got []string
			for _, s := range plan {
				if s.Needs >= Authenticated && s.Name != "list" && s.Name != "capability" {
					got = append(got, s.Mailbox.Of(s.Name))
				}
			}
			if got := strings.Join(got, ", "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestMailboxTimes delays the commands of one of three mailboxes: its times and the
// sums show it, the times of the others do not.
func TestMailboxTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.cfg.Mailboxes = Mailboxes([]string{"A", "B", "C"})
		r := b.pass(t, "S: * OK ready\nserve EXAMINE\n"+answerExamine(1)+"serve EXAMINE\nwait 300ms\n"+answerExamine(2)+
			"serve FETCH\nwait 200ms\nS: * 2 FETCH (RFC822.SIZE 10)\nS: {tag} OK done\nserve")
		want := map[string]float64{
			"time_select": 0.3, "time_select@A": 0, "time_select@B": 0.3, "time_select@C": 0,
			"time_fetch": 0.2, "time_fetch@A": 0, "time_fetch@B": 0.2, "time_fetch@C": 0,
			"messages@A": 1, "messages@B": 2, "messages@C": 42, "time": 0.5, "time_login": 0,
		}
		for label, value := range want {
			i := slices.IndexFunc(r.Metrics, func(m report.Metric) bool { return m.Label() == label })
			if i < 0 || r.Metrics[i].Value != value {
				t.Errorf("%s: want %v, got metrics %v", label, value, r.Metrics)
			}
		}
		synctest.Wait()
		if got, want := strings.Join(b.verbs(), " "), "CAPABILITY LOGIN LIST EXAMINE FETCH EXAMINE FETCH EXAMINE FETCH LOGOUT"; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
		if got, want := fmt.Sprint(r.Fact("uidvalidity@A"), r.Fact("uidvalidity@C"), r.Fact("uidvalidity")), "7 1 <nil>"; got != want {
			t.Errorf("facts: got %s, want %s", got, want)
		}
	})
}

// answerExamine is the answer to EXAMINE of a mailbox with n messages.
func answerExamine(n int) string {
	return fmt.Sprintf("S: * %d EXISTS\nS: * OK [UIDVALIDITY 7] valid\nS: {tag} OK [READ-ONLY] done\n", n)
}

// TestMailboxFails lets one of three mailboxes fail in ways that leave the connection
// usable, and in ways that do not.
func TestMailboxFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script string // for B
		change func(*rig)
		want   string // outcomes behind those of A
	}{
		{"missing", "serve EXAMINE\nS: {tag} NO [NONEXISTENT] no such mailbox\nserve", nil,
			"select of B failed, fetch of B not_reached, select of C passed, fetch of C passed, idle passed, logout passed"},
		{"NO to FETCH", "serve FETCH\nS: {tag} NO later\nserve", nil,
			"select of B passed, fetch of B failed, select of C passed, fetch of C passed, idle passed, logout passed"},
		{"no message", "serve EXAMINE\n" + answerExamine(0) + "serve", func(b *rig) { b.cfg.Message.Number = 1 },
			"select of B passed, fetch of B failed, select of C passed, fetch of C passed, idle passed, logout passed"},
		{"BYE", "serve EXAMINE\nS: * BYE down\nclose", nil,
			"select of B failed, fetch of B not_reached, select of C not_reached, fetch of C not_reached, idle not_reached, logout not_reached"},
		{"closed", "serve FETCH\nclose", nil,
			"select of B passed, fetch of B failed, select of C not_reached, fetch of C not_reached, idle not_reached, logout not_reached"},
		{"time is up", "serve EXAMINE\nhold", nil,
			"select of B failed, fetch of B not_reached, select of C not_reached, fetch of C not_reached, idle not_reached, logout not_reached"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = "IMAP4rev1 IDLE"
			b.limit = time.Second
			b.cfg.With = set("idle")
			b.cfg.Mailboxes = Mailboxes([]string{"A", "B", "C"})
			if tt.change != nil {
				tt.change(b)
			}
			r := b.run(t, "greet\nserve FETCH\nS: * 42 FETCH (RFC822.SIZE 10)\nS: * 1 FETCH (RFC822.SIZE 10)\nS: {tag} OK done\n"+tt.script)
			var got []string
			for i, s := range r.Steps {
				if s.Mailbox.Label == "A" && s.Outcome != report.Passed {
					t.Errorf("%s of A: %s, %v", s.Name, s.Outcome, s.Err)
				}
				if s.Outcome == report.Failed && s.Err.Among != r.Steps[i].Mailbox {
					t.Errorf("%s: the failure is that of %+v", s.Name, s.Err.Among)
				}
				if i > slices.IndexFunc(r.Steps, func(s report.StepResult) bool { return s.Name == "fetch" }) {
					got = append(got, s.Mailbox.Of(s.Name)+" "+string(s.Outcome))
				}
			}
			if got := strings.Join(got, ", "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestMailboxStatus asks by STATUS for one of two mailboxes, and counts the deleted
// messages of both by SEARCH.
func TestMailboxStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.opts.Capabilities = "IMAP4rev1"
		b.cfg.Skip = set("list", "fetch")
		b.cfg.Mailboxes = Mailboxes([]string{"A", "B"})
		b.cfg.Thresholds = map[string]string{"messages_unseen@B": "-w", "messages_deleted": "-w"}
		r := b.run(t, "greet\nserve")
		synctest.Wait()
		if got, want := strings.Join(b.verbs(), " "), "LOGIN CAPABILITY EXAMINE SEARCH STATUS EXAMINE SEARCH LOGOUT"; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
		for _, m := range b.cfg.Mailboxes {
			_, unseen := r.MetricOf(report.MessagesUnseen, m)
			if _, ok := r.MetricOf(report.MessagesDeleted, m); !ok || unseen != (m.Label == "B") {
				t.Errorf("%s: deleted counted %v, unseen counted %v; absent %v", m.Label, ok, unseen, r.Absent)
			}
		}
	})
}

// TestMailboxStatusLeavesOut counts the deleted messages by SEARCH in the mailbox alone
// for which the answer to STATUS does not have them.
func TestMailboxStatusLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.opts.Capabilities = "IMAP4rev1 STATUS=DELETED"
		b.cfg.Skip = set("list", "fetch")
		b.cfg.Mailboxes = Mailboxes([]string{"A", "B"})
		b.cfg.Thresholds = map[string]string{"messages_deleted": "-w"}
		r := b.pass(t, "greet\nserve STATUS\nS: * STATUS A (DELETED 5)\nS: {tag} OK done\n"+
			"serve STATUS\nS: * STATUS B ()\nS: {tag} OK done\nserve SEARCH\nS: * SEARCH 4 7\nS: {tag} OK done\nserve")
		for i, want := range []float64{5, 2} {
			if m, ok := r.MetricOf(report.MessagesDeleted, b.cfg.Mailboxes[i]); !ok || m.Value != want {
				t.Errorf("%s: messages_deleted %v, %v, want %v", b.cfg.Mailboxes[i].Name, m.Value, ok, want)
			}
		}
		checkFault(t, r, "")
	})
}

// TestNearMailboxes wants the names that come close to the mailbox that is missing,
// and to no other.
func TestNearMailboxes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.cfg.Mailboxes = Mailboxes([]string{"INBOX", "Sents", "trash"})
		r := b.run(t, "greet\nserve EXAMINE\n"+answerExamine(1)+"serve EXAMINE\nS: {tag} NO [NONEXISTENT] no\nserve EXAMINE\nS: {tag} NO [NONEXISTENT] no\nserve")
		var got []string
		for _, s := range r.Steps {
			if s.Err != nil {
				got = append(got, fmt.Sprint(s.Err.Mailbox, s.Err.Near))
			}
		}
		if want := "[Sents[{Sent 0}] trash[{Trash 1}]]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
}
