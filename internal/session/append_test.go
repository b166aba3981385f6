package session

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

const probeCaps = "IMAP4rev1 LITERAL+ UIDPLUS AUTH=PLAIN"

// probed are the commands on the mailbox of --append that were sent, without tags.
func (b *rig) probed() []string {
	return slices.DeleteFunc(b.sent(), func(command string) bool {
		verb, _, _ := strings.Cut(command, " ")
		return !slices.Contains([]string{"SELECT", "APPEND", "UID", "NOOP"}, verb)
	})
}

// TestAppend: a message is added, fetched back and removed, and the step's time is that
// of APPEND alone.
func TestAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.opts.Capabilities, b.cfg.Append = probeCaps, "Probe/é"
		r := b.run(t, "greet\ndelay SELECT 10ms\ndelay APPEND 20ms\ndelay SEARCH 40ms\ndelay STORE 80ms\ndelay EXPUNGE 160ms\nserve")
		if e := r.Failure(); e != nil || len(r.Faults) > 0 || len(r.Remarks) > 0 {
			t.Fatalf("failure %v, faults %v, remarks %v", e, r.Faults, r.Remarks)
		}
		m, ok := r.Metric(report.StepTime(report.StepAppend))
		if !ok || m.Value != 0.02 {
			t.Errorf("time_append is %v, want 0.02", m.Value)
		}
		if d := r.Step(report.StepAppend).Detail; !strings.HasSuffix(d, "bytes added to Probe/é, fetched back and removed") {
			t.Errorf("detail %q", d)
		}
		got := b.probed()
		want := []string{`SELECT "Probe/&AOk-"`, `APPEND "Probe/&AOk-" (\Seen) {`, `UID SEARCH HEADER "X-Check-Imap-Session" "write-probe"`,
			"UID FETCH 1043 " + probeItems, `UID STORE 1043 +FLAGS.SILENT (\Deleted)`, "UID EXPUNGE 1043"}
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("sent %q, want %q", got, want)
		}
		for _, s := range appendStep.Explain(&b.cfg).Sends {
			said := strings.ReplaceAll(s.Text, "N", "1043")
			said, _, _ = strings.Cut(said, "{")
			if !s.Untagged && !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(strings.ReplaceAll(g, "N", "1043"), said) }) {
				t.Errorf("said to send %q, and sent %q", s.Text, got)
			}
		}
		if r.Target.Mailbox != "INBOX" {
			t.Errorf("the mailbox of the session is %q", r.Target.Mailbox)
		}
	})
}

// TestCanDelete: a mailbox whose PERMANENTFLAGS have no \Deleted gets no message.
func TestCanDelete(t *testing.T) {
	for _, tt := range []struct {
		flags, permanent []imap.Flag
		want             bool
	}{
		{nil, nil, true},
		{[]imap.Flag{`\Seen`, `\Deleted`}, nil, true},
		{[]imap.Flag{`\Seen`, `\Deleted`}, []imap.Flag{`\Seen`, `\deleted`}, true},
		{[]imap.Flag{`\Seen`, `\Deleted`}, []imap.Flag{`\Seen`, `\*`}, false},
		{[]imap.Flag{`\Seen`, `\Deleted`}, []imap.Flag{}, false},
		{[]imap.Flag{`\Seen`}, []imap.Flag{`\Seen`}, false},
		{[]imap.Flag{`\seen`}, []imap.Flag{`\seen`, `\*`}, true},
	} {
		if got := canDelete(tt.flags, tt.permanent); got != tt.want {
			t.Errorf("%q, %q: got %v, want %v", tt.flags, tt.permanent, got, tt.want)
		}
	}
}

// TestAppendRemoves: which messages are removed. A message without our header field, or
// with one that is not quite ours, stays whatever the server says of it.
func TestAppendRemoves(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of synctest
	row := func(n, uid, age, header string) string {
		d, _ := time.ParseDuration(age)
		if header != "" {
			header = "X-Check-Imap-Session: " + header + "\r\n"
		}
		header += "\r\n"
		return "raw \"* " + n + " FETCH (UID " + uid + " INTERNALDATE \\\"" + now.Add(-d).Format("02-Jan-2006 15:04:05 -0700") +
			"\\\" BODY[HEADER.FIELDS (X-CHECK-IMAP-SESSION)] {" + strconv.Itoa(len(header)) + "}\\r\\n" + strings.ReplaceAll(header, "\r\n", "\\r\\n") + ")\\r\\n\"\n"
	}
	const other = "write-probe 00000000000000aa"
	for _, tt := range []struct {
		name, found, rows string
		removed           string // "" for none: the step fails
	}{
		{"old ones", "* SEARCH 5 6 1043", row("5", "5", "10m", other) + row("6", "6", "9m59s", other), "5,1043"},
		{"none of ours", "* SEARCH 5 6 7 8 9 1043", row("5", "5", "48h", "") + row("6", "6", "48h", "write-probe") + row("7", "7", "48h", "write-probe of yours") + row("8", "8", "48h", "Write-Probe 00000000000000aa") + row("9", "9", "48h", "write-probe 00aa"), "1043"},
		{"one that was not asked for", "* SEARCH 1043", row("9", "9", "48h", other), "1043"},
		{"no date", "* SEARCH 5 1043", "raw \"* 5 FETCH (UID 5 BODY[HEADER.FIELDS (X-CHECK-IMAP-SESSION)] {54}\\r\\nX-Check-Imap-Session: " + other + "\\r\\n\\r\\n)\\r\\n\"\n", "1043"},
		{"an old one in two responses", "* SEARCH 5 1043", "S: * 5 FETCH (INTERNALDATE \"31-Dec-1999 23:50:00 +0000\")\n" + row("5", "5", "0s", other), "5,1043"},
		{"ours by its UID alone", "* SEARCH", "", "1043"},
		{"ours after NOOP", "* SEARCH 1043", "S: {tag} OK done\nserve UID\nS: * SEARCH 1043\nS: {tag} OK done\nserve UID\n", "1043"},
		{"ours is not found", "* SEARCH 1043", "", ""},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities, b.cfg.Append = probeCaps, "Probe"
			script := "greet\nserve UID\nS: " + tt.found + "\nS: {tag} OK done\nserve UID\n" + tt.rows
			if tt.removed == "" {
				script += "S: {tag} OK done\nserve UID\nS: * SEARCH\nS: {tag} OK done\nserve UID\nS: {tag} OK done\nserve"
				r := b.run(t, script)
				if e := r.Failure(); e == nil || !errors.Is(e, report.ErrMessageMissing) || e.Step != report.StepAppend || len(r.Remarks) != 1 {
					t.Errorf("failure %v, remarks %v", e, r.Remarks)
				}
				return
			}
			script += "S: * 43 FETCH (UID 1043 INTERNALDATE \"01-Jan-2000 00:00:00 +0000\" BODY[HEADER.FIELDS (X-CHECK-IMAP-SESSION)] \"X-Check-Imap-Session: write-probe 00000000000000bb\")\nS: {tag} OK done\nserve"
			b.cfg.probeID = "00000000000000bb"
			b.pass(t, script)
			got := b.probed()
			if want := "UID EXPUNGE " + tt.removed; got[len(got)-1] != want {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

// TestAppendFails: nothing is added where it could not be removed, and what is wrong has
// its condition.
func TestAppendFails(t *testing.T) {
	for _, tt := range []struct {
		name, caps, script string
		err                error
		appended           bool
	}{
		{"no UIDPLUS", "IMAP4rev1 LITERAL+ AUTH=PLAIN", "serve", report.ErrNotOffered, false},
		{"no mailbox", probeCaps, "serve SELECT\nS: {tag} NO [NONEXISTENT] No such mailbox.\nserve", report.ErrNo, false},
		{"read-only", probeCaps, "serve SELECT\nS: * 0 EXISTS\nS: {tag} OK [READ-ONLY] done\nserve", report.ErrReadOnly, false},
		{"no right to delete", probeCaps, "serve SELECT\nS: * 0 EXISTS\nS: * OK [PERMANENTFLAGS (\\Seen)] Limited\nS: {tag} OK [READ-WRITE] done\nserve", report.ErrReadOnly, false},
		{"over quota", probeCaps, "serve APPEND\nS: {tag} NO [OVERQUOTA] Quota exceeded.\nserve", report.ErrNo, true},
		{"literal refused", "IMAP4rev1 UIDPLUS AUTH=PLAIN", "serve SELECT\nS: * 0 EXISTS\nS: {tag} OK [READ-WRITE] done\nC: {tag} APPEND *\nS: {tag} NO [OVERQUOTA] Quota exceeded.\nserve", report.ErrNo, true},
		{"cannot be removed", probeCaps, "serve UID\nS: * SEARCH 1043\nS: {tag} OK done\nserve EXPUNGE\nS: {tag} NO [NOPERM] No.\nserve", report.ErrNo, true},
		{"silent", probeCaps, "serve APPEND\nhold", report.ErrTimeout, true},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities, b.cfg.Append = tt.caps, "Probe"
			r := b.run(t, "greet\n"+tt.script)
			e := r.Failure()
			if errors.Is(tt.err, report.ErrNotOffered) && len(r.Faults) == 1 {
				e = r.Faults[0]
			}
			if e == nil || e.Step != report.StepAppend || !errors.Is(e, tt.err) {
				t.Fatalf("failure %v, want %v", e, tt.err)
			}
			if e.Mailbox != "Probe" && !errors.Is(tt.err, report.ErrNotOffered) {
				t.Errorf("mailbox %q", e.Mailbox)
			}
			appended := slices.ContainsFunc(b.probed(), func(c string) bool { return strings.HasPrefix(c, "APPEND") })
			if appended != tt.appended {
				t.Errorf("sent %q, want APPEND %v", b.probed(), tt.appended)
			}
		})
	}
}
