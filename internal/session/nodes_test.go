package session

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
)

// TestNodesDiffer compares what the nodes of a name say of one mailbox.
func TestNodesDiffer(t *testing.T) {
	const a, b, c = "192.0.2.7", "192.0.2.8", "2001:db8::7"
	sees := func(addr string, exists, validity, next int) node {
		return node{addr, fmt.Sprintf("greet\nserve EXAMINE\nS: * %d EXISTS\nS: * OK [UIDVALIDITY %d] valid\nS: * OK [UIDNEXT %d] next\nS: {tag} OK [READ-ONLY] done\nserve", exists, validity, next), 0}
	}
	for _, tt := range []struct {
		name   string
		mode   string
		nodes  []node
		rules  []string
		states map[string]report.State
		state  report.State
		line   string // in line 1, in front of the performance data
		spread string
	}{
		{"alike", "worst", []node{sees(a, 42, 1, 1043), sees(b, 42, 1, 1043)}, nil, nil, report.OK, "2 of 2 addresses OK in 0.000 s |", "0;;;0"},
		{"one address", "worst", []node{sees(a, 42, 1, 1043)}, nil, nil, report.OK, "1 of 1 addresses OK in 0.000 s |", "0;;;0"},
		{"messages", "worst", []node{sees(a, 42, 1, 1043), sees(b, 40, 1, 1043), sees(c, 41, 1, 1043)}, nil, nil, report.OK,
			"OK - imap.test 3 of 3 addresses OK in 0.000 s, but select differs between the nodes, messages in INBOX: 40 at 192.0.2.8 and 42 at 192.0.2.7 |", "2;;;0"},
		{"messages, alike at two each", "worst", []node{sees(a, 40, 1, 1043), sees(b, 42, 1, 1043), sees("192.0.2.9", 42, 1, 1043), sees("192.0.2.10", 40, 1, 1043)}, nil, nil, report.OK,
			"but select differs between the nodes, messages in INBOX: 40 at 192.0.2.7 and 42 at 192.0.2.8 |", "2;;;0"},
		{"UIDNEXT alone", "any", []node{sees(a, 42, 1, 1043), sees(b, 42, 1, 1050)}, nil, nil, report.OK,
			"but select differs between the nodes, UIDNEXT of INBOX is 1043 at 192.0.2.7 and 1050 at 192.0.2.8 |", "7;;;0"},
		{"a limit", "worst", []node{sees(a, 42, 1, 1043), sees(b, 40, 1, 1050)}, []string{"nodes_spread 5 10"}, nil, report.Warning,
			"WARNING - imap.test 2 of 2 addresses OK, the nodes differ by 7, limit 5 - does replication lag, or did it stop? (and 1 more) |", "7;5;10;0"},
		{"UIDVALIDITY", "any", []node{sees(a, 42, 1, 1043), sees(b, 42, 2, 7)}, nil, nil, report.Warning,
			"WARNING - imap.test 2 of 2 addresses OK, select differs between the nodes, UIDVALIDITY of INBOX is 1 at 192.0.2.7 and 2 at 192.0.2.8 - was the mailbox made anew on one of them? mail clients load everything again |", "0;;;0"},
		{"another state", "worst", []node{sees(a, 42, 1, 1043), sees(b, 40, 1, 1043)}, nil, map[string]report.State{"nodes_differ": report.Critical}, report.Critical,
			"CRITICAL - imap.test 2 of 2 addresses OK, select differs between the nodes, messages in INBOX: 40 at 192.0.2.8 and 42 at 192.0.2.7 - did mail arrive meanwhile, or does replication lag? |", "2;;;0"},
		{"one failed", "worst", []node{sees(a, 42, 1, 1043), {b, "", 0}}, nil, nil, report.Critical, "1 of 2 addresses OK, 192.0.2.8: connect refused", "0;;;0"},
		{"all failed", "worst", []node{{a, "", 0}, {b, "", 0}}, nil, nil, report.Critical, "0 of 2 addresses OK, 192.0.2.7: connect refused", ""},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			r := newFarm(t, tt.nodes...).run(t, tt.mode)
			p := policy(t, tt.rules...)
			p.States = tt.states
			v, out := judged(r, p, render.Options{})
			first, _, _ := strings.Cut(out, "\n")
			if v.State != tt.state || !strings.Contains(first, tt.line) {
				t.Errorf("state %s, want %s and %q in:\n%s", v.State, tt.state, tt.line, first)
			}
			if got := strings.TrimPrefix(read(t, out, v).Get(report.NodesSpread).Item, "nodes_spread="); got != tt.spread {
				t.Errorf("nodes_spread=%s, want %s", got, tt.spread)
			}
		})
	}
}

// TestNodesOfMailboxes compares each of several mailboxes by itself.
func TestNodesOfMailboxes(t *testing.T) {
	opened := func(inbox, drafts, next int) string {
		text := "greet\n"
		for _, box := range [][2]int{{inbox, 100}, {drafts, 100}, {3, next}} {
			text += fmt.Sprintf("serve EXAMINE\nS: * %d EXISTS\nS: * OK [UIDNEXT %d] next\nS: {tag} OK done\n", box[0], box[1])
		}
		return text + "serve"
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFarm(t, node{"192.0.2.7", opened(10, 5, 20), 0}, node{"192.0.2.8", opened(10, 9, 21), 0})
		f.cfg.Mailboxes = Mailboxes([]string{"INBOX", "Entwürfe", "Sent"})
		f.cfg.Skip = set("fetch")
		r := f.run(t, "worst")
		if m, _ := r.Metric(report.NodesSpread); m.Value != 4 {
			t.Errorf("spread %v, want 4", m.Value)
		}
		var got []string
		for _, e := range r.Faults {
			got = append(got, e.Among.Name+": "+e.Err.Error())
		}
		want := "Entwürfe: " + report.ErrNodesDiffer.Error() + ": messages in Entwürfe: 5 at 192.0.2.7 and 9 at 192.0.2.8; " +
			"Sent: " + report.ErrNodesDiffer.Error() + ": UIDNEXT of Sent is 20 at 192.0.2.7 and 21 at 192.0.2.8"
		if got := strings.Join(got, "; "); got != want {
			t.Errorf("faults %s, want %s", got, want)
		}
	})
}
