package cli

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// mailboxNames prints what a session opens.
func mailboxNames(r *Request) any {
	if r.Session.Mailboxes == nil {
		return r.Session.Mailbox
	}
	var names []string
	for _, m := range r.Session.Mailboxes {
		names = append(names, m.Name)
	}
	return strings.Join(names, " + ")
}

func TestMailboxFlags(t *testing.T) {
	asked := func(r *Request) any { return strings.Join(slices.Sorted(maps.Keys(r.Session.Thresholds)), " ") }
	for _, tt := range []struct {
		name string
		args []string
		get  func(*Request) any
		want any
	}{
		{"none", nil, mailboxNames, "INBOX"},
		{"empty", []string{"-m", "", "--mailbox="}, mailboxNames, "INBOX"},
		{"one", []string{"-m", "Sent, Items"}, mailboxNames, "Sent, Items"},
		{"one and an empty one", []string{"-m", "", "-m", "A"}, mailboxNames, "A"},
		{"several", []string{"-m", "B", "--mailbox=A,C", "-m", "B"}, mailboxNames, "B + A,C + B"},
		{"no login", []string{"--auth=none"}, func(r *Request) any { return r.Target }, report.Target{Host: "h", Port: 993, TLS: "implicit"}},

		{"for each", []string{"-m", "A", "-m", "B", "-w", "messages=5"}, rules, "messages 5 -"},
		{"for one", []string{"-m", "A", "-m", "B", "-w", "messages@B=5", "-c", "time_fetch@A=2s"}, rules, "time_fetch@A - 2; messages@B 5 -"},
		{"for one beats that for each, a level at a time", []string{"-m", "A", "-m", "B", "-w", "messages=5", "-c", "messages=20", "-w", "messages@B=10"}, rules, "messages 5 20; messages@B 10 20"},
		{"a limit for each that is pointless for one", []string{"-m", "A", "-m", "B", "-w", "messages=100", "-c", "messages@B=0"}, rules, "messages 100 -; messages@B - 0"},
		{"a name with @, = and a comma", []string{"-m", "A", "-m", "a@b=c,d=1", "-w", "messages@a@b=c,d=1=@5:10"}, rules, "messages@a@b_c,d_1 @5:10 -"},
		{"the label of a second", []string{"-m", "A", "-m", "A", "-w", "messages@A_2=5"}, rules, "messages@A_2 5 -"},
		{"UTF-8 and label", []string{"-m", "A", "-m", "Entwürfe", "-w", "messages@Entwürfe=5", "-c", "messages@Entw&APw-rfe=9"}, rules, "messages@Entw&APw-rfe 5 9"},
		{"INBOX in any case", []string{"-m", "INBOX", "-m", "B", "-w", "messages@inbox=5"}, rules, "messages@INBOX 5 -"},
		{"the one mailbox", []string{"-m", "A", "-w", "messages=5", "-w", "messages@A=7", "-c", "messages=9"}, rules, "messages 7 9"},
		{"INBOX without -m", []string{"-w", "messages@INBOX=7"}, asked, "messages"},
		{"an @ of a range", []string{"-m", "A", "-m", "B", "-w", "@5:8,messages=@0:5"}, rules, "time @5:8 -; messages @5 -"},
		{"a pattern", []string{"--mailboxes=Queue/*"}, func(r *Request) any { return r.Session.Pattern + " " + r.Session.Mailbox + r.Target.Mailbox }, "Queue/* MAILBOX"},
		{"a pattern, and limits for one that may be found", []string{"--mailboxes=*", "-w", "messages=9", "-c", "messages@B=10", "-c", "mailboxes=1:"}, rules, "messages 9 -; messages@B 9 10; mailboxes - 1:"},
		{"what is asked for", []string{"-m", "A", "-m", "B", "-w", "messages_unseen@B=5", "-c", "folders=1:"}, asked, "folders messages_unseen@B"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"-H", "h"}, tt.args...)
			if !slices.Contains(args, "--auth=none") {
				args = append(args, strings.Fields(account)...)
			}
			r, err := Parse(args, env(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.get(r); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestMailboxSources wants the mailboxes of the command line in place of those of an
// ini file.
func TestMailboxSources(t *testing.T) {
	e := env(nil)
	for _, tt := range []struct {
		line, want string
	}{
		{"--extra-opts=a@-", "A + B"},
		{"-m D --extra-opts=a@-", "D"},
		{"--extra-opts=a@- -m D -m E", "D + E"},
		{"--extra-opts=c@-", "C"},
	} {
		e.Stdin = strings.NewReader("[a]\nmailbox=A\nmailbox=B\n[c]\nm=C\n")
		r, err := Parse(strings.Fields("-H h "+tt.line+account), e)
		if err != nil {
			t.Fatal(err)
		}
		if got := mailboxNames(r); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.line, got, tt.want)
		}
	}
}

func TestMailboxUsageErrors(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-w", "messages@C=5"}, `-w messages@C: no -m names the mailbox "C" (did you mean A?)`},
		{[]string{"-w", "messages@=5"}, `-w "messages@=5" has no mailbox and range (write messages@MAILBOX=RANGE, or messages=@RANGE)`},
		{[]string{"-w", "messages@5"}, `-w "messages@5" has no mailbox and range`},
		{[]string{"-w", "mesages@A=5"}, `-w: unknown metric "mesages" (did you mean messages?)`},
		{[]string{"-w", "time_login@A=5"}, `-w: time_login is not a metric of a mailbox (write time_login=5)`},
		{[]string{"-w", "time=2,messages@A=5"}, `-w: "messages@A=5" stands behind a comma (a limit for one mailbox takes a -w of its own)`},
		{[]string{"-w", "messages@A=5", "-w", "messages@A=6"}, `are two ranges for messages@A`},
		{[]string{"-w", "messages@A=5", "-c", "messages=2"}, `the warning limit of messages@A (5) is beyond its critical limit (2)`},
		{[]string{"-w", "time_fetch@A=9"}, `-w time_fetch@A="9" can never be reached`},
		{[]string{"-w", "messages_unseen@A=9", "--until=list"}, `leaves out the step`},
		{[]string{"--expect-uidvalidity=7"}, `--expect-uidvalidity is about one mailbox`},
		{[]string{"--mailboxes=*"}, `-m and --mailboxes exclude each other`},
		{[]string{"alone", "--mailboxes=*", "--expect-uidvalidity=7"}, `--expect-uidvalidity is about one mailbox`},
		{[]string{"alone", "--mailboxes=*", "--until=login"}, `--mailboxes has no effect: --until=login leaves out the step mailboxes`},
		{[]string{"--extra-opts=a@/nowhere"}, `--extra-opts: file /nowhere: no such file`},
		{[]string{"-c", "mailboxes=1:"}, `-c mailboxes can never be judged without --mailboxes`},
		{[]string{"-c", "nodes_spread=9"}, `-c nodes_spread can never be judged without --all-addresses`},
		{[]string{"-c", "nodes_spread=9", "--all-addresses=any", "--until=list"}, `-c nodes_spread can never be judged: --until=list leaves out the step select`},
		{[]string{"--with=delivery", "--skip=fetch"}, `--with=delivery has no effect: --skip leaves out the step fetch`},
		{[]string{"-c", "delivery_time=9", "--skip=fetch"}, `-c delivery_time can never be judged: --skip leaves out the step fetch`},
	} {
		args := append([]string{"-H", "h", "-m", "A", "-m", "B"}, tt.args...)
		if tt.args[0] == "alone" {
			args = append([]string{"-H", "h"}, tt.args[1:]...)
		}
		_, err := Parse(append(args, strings.Fields(account)...), env(nil))
		var u *UsageError
		if !errors.As(err, &u) || !strings.Contains(u.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.args, err, tt.want)
		}
	}
}
