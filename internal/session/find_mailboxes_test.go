package session

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// TestFindMailboxes looks at the mailboxes of a pattern: at their numbers alone, and
// inside of them.
func TestFindMailboxes(t *testing.T) {
	const rows = "S: * LIST (\\HasNoChildren) \"/\" Queue/b\nS: * LIST (\\Noselect) \"/\" Queue\nS: * LIST () \"/\" Queue/a\n"
	const statuses = "S: * STATUS Queue/b (MESSAGES 42)\nS: * STATUS Queue/a (MESSAGES 0)\n"
	for _, tt := range []struct {
		name   string
		caps   string
		script string
		asks   []string
		sent   string
		want   string // metrics of the mailboxes
		fault  string
	}{
		{"LIST-STATUS", "IMAP4rev1 LIST-STATUS", rows + statuses, []string{"messages"},
			`LIST "" "Queue/*" RETURN (STATUS (MESSAGES))`, "messages@Queue/a=0 messages@Queue/b=42", ""},
		{"STATUS", "IMAP4rev1", rows, []string{"messages"},
			`LIST "" "Queue/*"; STATUS "Queue/a" (MESSAGES); STATUS "Queue/b" (MESSAGES)`, "messages@Queue/a=42 messages@Queue/b=42", ""},
		{"without the STATUS of one", "IMAP4rev1 LIST-STATUS", rows + "S: * STATUS Queue/b (MESSAGES 7)\n", []string{"messages"},
			`LIST "" "Queue/*" RETURN (STATUS (MESSAGES)); STATUS "Queue/a" (MESSAGES)`, "messages@Queue/a=42 messages@Queue/b=7", ""},
		{"ages, of those that are not empty", "IMAP4rev1 LIST-STATUS", rows + statuses, []string{"search_oldest_age"},
			`LIST "" "Queue/*" RETURN (STATUS (MESSAGES)); EXAMINE "Queue/b"; SEARCH ALL; FETCH 40:42 (INTERNALDATE)`,
			"messages@Queue/a=0 messages@Queue/b=42 search_found@Queue/a=0 search_found@Queue/b=3 search_newest_age@Queue/b=600 search_oldest_age@Queue/b=600", ""},
		{"deleted messages, of those that are not empty", "IMAP4rev1 LIST-STATUS", rows + statuses, []string{"messages_deleted"},
			`LIST "" "Queue/*" RETURN (STATUS (MESSAGES)); EXAMINE "Queue/b"; SEARCH DELETED`,
			"messages@Queue/a=0 messages@Queue/b=42 messages_deleted@Queue/a=0 messages_deleted@Queue/b=3", ""},
		{"more numbers", "IMAP4rev1 LIST-STATUS STATUS=SIZE", rows + "S: * STATUS Queue/b (MESSAGES 42 UNSEEN 3 SIZE 9)\nS: * STATUS Queue/a (MESSAGES 0 UNSEEN 0 SIZE 0)\n", []string{"messages_unseen", "mailbox_size@Queue/b"},
			`LIST "" "Queue/*" RETURN (STATUS (MESSAGES UNSEEN SIZE))`,
			"mailbox_size@Queue/b=9 messages@Queue/a=0 messages@Queue/b=42 messages_unseen@Queue/a=0 messages_unseen@Queue/b=3", ""},
		{"none", "IMAP4rev1", "S: * LIST (\\NonExistent) \"/\" Queue/x\n", []string{"messages"}, `LIST "" "Queue/*"`, "", "no mailbox is listed for Queue/*"},
		{"one with a limit is not there", "IMAP4rev1 LIST-STATUS", rows + statuses, []string{"messages@Queue/c", "messages@Queue/a"},
			`LIST "" "Queue/*" RETURN (STATUS (MESSAGES))`, "messages@Queue/a=0 messages@Queue/b=42", "mailbox Queue/c is not among those looked at"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = tt.caps
			b.cfg.Skip = set("list")
			b.cfg.Pattern, b.cfg.Mailbox = "Queue/*", AnyMailbox
			asks(tt.asks...)(&b.cfg)
			r := b.pass(t, "greet\nserve LIST\n"+tt.script+"S: {tag} OK done\nserve")
			if got := strings.Join(b.sent("CAPABILITY", "LOGIN", "LOGOUT"), "; "); got != tt.sent {
				t.Errorf("sent %s, want %s", got, tt.sent)
			}
			var got []string
			for _, m := range r.Metrics {
				if m.Mailbox.Label != "" && !strings.HasPrefix(m.Def.Name, report.Time) {
					got = append(got, fmt.Sprintf("%s=%.0f", m.Label(), m.Value))
				}
			}
			slices.Sort(got)
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			checkFault(t, r, tt.fault)
			if r.Target.Mailbox != "" || tt.want != "" != (len(r.Target.Mailboxes) == 2) {
				t.Errorf("target %+v", r.Target)
			}
		})
	}
}

// TestFoundAreOpened says what opens the mailboxes that are found, also those that are
// empty by their STATUS.
func TestFoundAreOpened(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string // verbs
	}{
		{"nothing", func(*Config) {}, "LIST"},
		{"--read-write", func(c *Config) { c.ReadWrite = true }, "LIST SELECT SELECT"},
		{"--expect-header", func(c *Config) { c.Expect.Headers = []Header{{"Subject", regexp.MustCompile("probe")}} }, "LIST EXAMINE FETCH EXAMINE FETCH"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = "IMAP4rev1 LIST-STATUS"
			b.cfg.Skip, b.cfg.Pattern, b.cfg.Mailbox = set("list"), "*", AnyMailbox
			tt.change(&b.cfg)
			b.pass(t, answering("LIST", `LIST () "/" A`, `LIST () "/" B`, "STATUS A (MESSAGES 0)", "STATUS B (MESSAGES 0)"))
			var got []string
			for _, command := range b.sent("CAPABILITY", "LOGIN", "LOGOUT") {
				verb, _, _ := strings.Cut(command, " ")
				got = append(got, verb)
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("sent %s, want %s", got, tt.want)
			}
		})
	}
}

// TestMailboxNameTooLong leaves a mailbox out whose name is too long, counts it and says so.
func TestMailboxNameTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.cfg.Skip, b.cfg.Pattern, b.cfg.Mailbox = set("list"), "*", AnyMailbox
		r := b.pass(t, answering("LIST", `LIST () "/" A`, `LIST () "/" `+strings.Repeat("x", maxMailboxName+1)))
		m, _ := r.Metric(report.FoundMailboxes)
		const want = "2 mailboxes are listed for *: the first 1 by name are looked at"
		if m.Value != 2 || len(r.Remarks) != 1 || r.Remarks[0].Text != want {
			t.Errorf("found %v, remarks %v, want 2 and %q", m.Value, r.Remarks, want)
		}
	})
}

// TestMailboxesNotListed fails the LIST: the steps of the mailboxes are not reached.
func TestMailboxesNotListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.cfg.Skip, b.cfg.Pattern, b.cfg.Mailbox = set("list"), "*", AnyMailbox
		r := b.run(t, "greet\nserve LIST\nS: {tag} NO later\nserve")
		if e := r.Failure(); e == nil || e.Step != report.StepMailboxes || r.Step("status").Outcome != report.NotReached || r.Step("logout").Outcome != report.Passed {
			t.Errorf("got %v, steps %+v", e, r.Steps)
		}
	})
}

// TestFound wants the first hundred by name, however many come in whatever order, and
// nothing kept of the others.
func TestFound(t *testing.T) {
	f := &found{statuses: map[string]client.StatusData{}}
	for i := range 300 {
		name := fmt.Sprintf("m%03d", i*7%300)
		f.take(&imap.ListData{Mailbox: name})
		f.take(&imap.ListData{Mailbox: name})
		f.status(name, client.StatusData{"MESSAGES": 1})
	}
	f.take(&imap.ListData{Mailbox: strings.Repeat("a", maxMailboxName+1)})
	f.take(&imap.ListData{Mailbox: "a", Attrs: []imap.MailboxAttr{`\nonexistent`}})
	if len(f.names) != maxMailboxes || f.names[0] != "m000" || f.names[99] != "m099" || len(f.statuses) != maxMailboxes {
		t.Errorf("got %d names, %q, %d statuses", len(f.names), f.names, len(f.statuses))
	}
	if f.all < 301 {
		t.Errorf("got %d in all", f.all)
	}
}
