package session

import (
	"errors"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// TestMisfiled looks for a canary that is not in the mailbox.
func TestMisfiled(t *testing.T) {
	const (
		nothing = "serve SEARCH\nS: * SEARCH\nS: {tag} OK done\n"
		found   = "serve SEARCH\nS: * SEARCH 3 7\nS: {tag} OK done\nserve"
		plain   = "IMAP4rev1"
		special = "IMAP4rev1 SPECIAL-USE"
		empty   = "serve EXAMINE\nS: * 0 EXISTS\nS: {tag} OK done\n"
		search  = `SEARCH HEADER "X-Canary" "c"`
	)
	listed := func(rows ...string) string {
		return "serve LIST\nS: * LIST " + strings.Join(rows, "\nS: * LIST ") + "\nS: {tag} OK done\n"
	}
	for _, tt := range []struct {
		name, caps, script string
		sent               string // behind the first SEARCH
		where              string // the mailbox in which it is; "" for message_missing
	}{
		{"marked", special, nothing + listed(`(\Sent) "/" Sent`, `(\Junk) "/" "Sp&AOQ-m"`) + found,
			`LIST (SPECIAL-USE) "" "*"; EXAMINE "Sp&AOQ-m"; ` + search + "; FETCH 7", "Späm"},
		{"two are marked", special, nothing + listed(`(\Junk) "/" Junk`, `(\Junk) "/" "Old spam"`) + found,
			`LIST (SPECIAL-USE) "" "*"; EXAMINE "Junk"; ` + search + "; FETCH 7", "Junk"},
		{"marked in a plain LIST", plain, nothing + listed(`() "/" Spam`, `(\HasNoChildren \Junk) "/" Other`) + found,
			`LIST "" "*"; EXAMINE "Other"; ` + search + "; FETCH 7", "Other"},
		{"by its name", plain, nothing + listed(`() "." INBOX`, `() "." INBOX.spam`, `() "." INBOX.Junk`) + found,
			`LIST "" "*"; EXAMINE "INBOX.spam"; ` + search + "; FETCH 7", "INBOX.spam"},
		{"by its name, none is marked", special, nothing + listed(`(\Sent) "/" Sent`) + listed(`() NIL "Junk E-mail"`) + found,
			`LIST (SPECIAL-USE) "" "*"; LIST "" "*"; EXAMINE "Junk E-mail"; ` + search + "; FETCH 7", "Junk E-mail"},
		{"the mailbox is empty", plain, empty + listed(`() "/" Junk`) + found, `LIST "" "*"; EXAMINE "Junk"; ` + search + "; FETCH 7", "Junk"},
		{"nowhere", plain, nothing + listed(`() "/" Junk`) + nothing + "serve", `LIST "" "*"; EXAMINE "Junk"; ` + search, ""},
		{"no mailbox for spam", plain, nothing + listed(`() "/" INBOX`, `() "/" Junkyard`, `(\NoSelect) "/" Spam`) + "serve", `LIST "" "*"`, ""},
		{"that one is empty", plain, nothing + listed(`() "/" Junk`) + empty + "serve", `LIST "" "*"; EXAMINE "Junk"`, ""},
		{"it may not be opened", plain, nothing + listed(`() "/" Junk`) + "serve EXAMINE\nS: {tag} NO [NOPERM] no\nserve", `LIST "" "*"; EXAMINE "Junk"`, ""},
		{"the connection ends", plain, nothing + "serve LIST\nclose", `LIST "" "*"`, ""},
		{"it is the one", plain, nothing + listed(`(\Junk) "/" INBOX`) + "serve", `LIST "" "*"`, ""},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = tt.caps
			b.cfg.Message = MessageSelector{Header: "X-Canary", Value: "c"}
			b.cfg.Skip = set("list")
			r := b.run(t, "greet\n"+tt.script)
			e := r.Failure()
			if e == nil || e.Step != "fetch" {
				t.Fatalf("failure %v, want one of fetch", e)
			}
			if tt.where == "" && !errors.Is(e.Err, report.ErrMessageMissing) ||
				tt.where != "" && (!errors.Is(e.Err, report.ErrMisfiled) || r.Fact("misfiled_mailbox") != tt.where) {
				t.Errorf("failure %v in %v, want it in %q", e, r.Fact("misfiled_mailbox"), tt.where)
			}
			if _, ok := r.Metric(report.MessageAge); ok != (tt.where != "") {
				t.Errorf("message_age measured: %v", ok)
			}
			sent := b.sent("LOGOUT")
			for i := range sent {
				sent[i], _, _ = strings.Cut(sent[i], " (FLAGS")
			}
			_, got, _ := strings.Cut(strings.Join(sent, "; "), `EXAMINE "INBOX"; `)
			if got = strings.TrimPrefix(got, search+"; "); got != tt.sent {
				t.Errorf("sent %q, want %q", got, tt.sent)
			}
		})
	}
}
