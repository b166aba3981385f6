package judge

import (
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// TestRecognition judges what servers said in public reports. A word decides only
// where it stands as a word, and a cause is named only where it was said.
func TestRecognition(t *testing.T) {
	const ask = "is it the password? see the log of the server"
	for _, tt := range []struct {
		name                   string
		step                   string
		about                  report.About
		status, code, arg, say string
		change                 func(*report.StepError)
		kind, text, advice     string // text is a part of the finding's
	}{
		{name: "referral of the user", step: "login", status: "NO", code: "REFERRAL", arg: "imap://u@mx2/", say: "Try this server instead",
			kind: "referral", text: "refers this user to MX2", advice: "point -H there"},
		{name: "referral with a port", step: "login", status: "NO", code: "REFERRAL", arg: "imap://alice;AUTH=*@mail2.example.com:1143/",
			kind: "referral", text: "to MAIL2.EXAMPLE.COM:1143"},
		{name: "referral of a mailbox", step: "select", about: report.AboutMailbox, status: "NO", code: "REFERRAL", arg: "IMAP://a@mx3/x IMAP://a@mx4/x",
			kind: "referral", text: "refers this mailbox to MX3"},
		{name: "referral that names nothing", step: "login", status: "NO", code: "REFERRAL", arg: "::", kind: "referral", text: "to another one"},
		{name: "no reason", step: "login", status: "NO", kind: "auth_failed", advice: ask},
		{name: "an unknown reason", step: "login", status: "NO", say: "Policy 17 applies to this host.", kind: "auth_failed", advice: ask},
		{name: "a known reason", step: "login", status: "NO", say: "Invalid user name or password.", kind: "auth_failed", advice: "check user name and password"},
		{name: "a code", step: "login", status: "NO", code: "AUTHENTICATIONFAILED", say: "No.", kind: "auth_failed", advice: "check user name and password"},
		{name: "a part of a word", step: "login", status: "NO", say: "Frobackendish extemporarily", kind: "auth_failed", advice: ask},
		{name: "folder words inside others", step: "select", about: report.AboutMailbox, status: "NO", say: "Notfounded.", kind: "rejected"},
		{name: "invalid commands are no sessions", step: "capability", status: "BYE", say: "Too many invalid IMAP commands.", kind: "bad"},
		{name: "invalid logins are", step: "login", status: "BYE", say: "Too many invalid logon attempts.", kind: "limit"},
		{name: "keys, Dovecot", step: "search", about: report.AboutStore, status: "BAD", say: "Error in IMAP command SEARCH: Unknown argument AND", change: keys, kind: "search_keys", text: "does not understand --search=FROM bob and", advice: "check the search keys (RFC 9051 section 6.4.4)"},
		{name: "keys, Courier", step: "search", about: report.AboutStore, status: "NO", say: "Error in IMAP command received by server.", change: keys, kind: "search_keys"},
		{name: "keys, charset", step: "search", about: report.AboutStore, status: "NO", code: "BADCHARSET", say: "No.", change: keys, kind: "search_keys"},
		{name: "keys, throttled", step: "search", about: report.AboutStore, status: "BAD", say: "Request is throttled.", change: keys, kind: "limit"},
		{name: "keys, refused", step: "search", about: report.AboutStore, status: "NO", say: "Not now.", change: keys, kind: "rejected"},
		{name: "no keys", step: "search", about: report.AboutStore, status: "BAD", say: "What?", kind: "bad"},
		{name: "long keys", step: "search", about: report.AboutStore, status: "BAD", change: func(e *report.StepError) { e.SearchKeys = strings.Repeat("ü", 99) }, kind: "search_keys", text: "--search=" + strings.Repeat("ü", 57) + "..."},
		{name: "expired token", step: "login", status: "NO", code: "AUTHENTICATIONFAILED", say: "Authentication failed.", kind: "auth_failed", text: "access token refused as invalid or expired (invalid_token)", advice: "renew the access token",
			change: func(e *report.StepError) {
				e.Mechanism, e.Said = "XOAUTH2", []string{"status invalid_token, scope imap"}
			}},
		{name: "wrong scope", step: "login", status: "NO", code: "AUTHENTICATIONFAILED", say: "No.", kind: "auth_failed", advice: "is the token for this user, and its scope that of IMAP?",
			change: func(e *report.StepError) { e.Mechanism, e.Said = "XOAUTH2", []string{"status insufficient_scope"} }},
		{name: "bug", step: "select", about: report.AboutMailbox, status: "NO", code: "SERVERBUG", say: "Oops", kind: "rejected", advice: "internal error on the server: see its log"},
		{name: "full disk", step: "select", about: report.AboutMailbox, status: "NO", code: "SERVERBUG", say: "write() failed: No space left on device", kind: "rejected", advice: "the disk of the server is full"},
		{name: "full disk at login", step: "login", status: "BYE", say: "mkdir() failed: No space left on device", kind: "unavailable", advice: "the disk of the server is full"},
		{name: "locked", step: "select", about: report.AboutMailbox, status: "NO", say: "Mailbox is locked by another process (pid 4711 host mx2)", kind: "rejected", advice: lockedAdvice},
		{name: "locked account", step: "login", about: report.AboutAccount, status: "NO", say: "Account is locked", kind: "auth_failed", advice: "is the account disabled, or IMAP switched off for it?"},
		{name: "mailbox of the probe", step: "append", about: report.AboutMailbox, status: "NO", code: "TRYCREATE", say: "No.", change: mailbox("Probe"), kind: "mailbox_missing", text: "mailbox Probe does not exist", advice: "create it for the probe, or is --append not spelled as in LIST?"},
		{name: "a limit of check_imap", step: "select", about: report.AboutMailbox, status: "NO", code: "NONEXISTENT", say: "No.", change: mailbox("1024"), kind: "mailbox_missing", advice: "-m is the mailbox here. A limit in bytes, as of check_imap, is --fetch-limit"},
		{name: "mailbox with a number", step: "select", about: report.AboutMailbox, status: "NO", code: "NONEXISTENT", say: "No.", change: mailbox("Jobs 1024"), kind: "mailbox_missing", advice: missingMailbox},
		{name: "initial response", step: "login", status: "BAD", say: "Syntax error", kind: "bad", advice: "does the server accept this mechanism, with an initial response? try another --auth",
			change: func(e *report.StepError) { e.Mechanism = "PLAIN" }},
		{name: "TLS wanted under TLS", step: "login", status: "NO", say: "Plaintext authentication disallowed on non-secure (SSL/TLS) connections.", kind: "login_disabled", advice: "TLS is on: does a proxy in front take it off, and does the server trust that proxy?"},
		{name: "TLS wanted in clear", step: "login", status: "NO", code: "PRIVACYREQUIRED", say: "No.", kind: "login_disabled", advice: "use --tls=starttls or --tls=implicit", change: func(e *report.StepError) { e.Encrypted = false }},
		{name: "LOGIN has none", step: "login", status: "BAD", say: "Syntax error", kind: "bad", advice: "the server did not accept the command: see the transcript (-vvv)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := map[string]error{"NO": report.ErrNo, "BAD": report.ErrBad, "BYE": report.ErrBye}[tt.status]
			e := &report.StepError{Step: tt.step, About: tt.about, Err: err, Encrypted: true,
				Reply: &report.Reply{Status: tt.status, Code: tt.code, Arg: tt.arg, Text: tt.say}}
			if tt.change != nil {
				tt.change(e)
			}
			f := Policy{}.finding(e, nil)
			f.Text = report.MapForeign(f.Text, strings.ToUpper) // what the server said, in capitals
			if f.Kind != tt.kind || !strings.Contains(f.Text, tt.text) || tt.advice != "" && f.Advice != tt.advice {
				t.Errorf("got %s, %q, %q, want %s, %q in it, %q", f.Kind, f.Text, f.Advice, tt.kind, tt.text, tt.advice)
			}
		})
	}
}

func keys(e *report.StepError) { e.SearchKeys = "FROM bob and" }

func mailbox(name string) func(*report.StepError) {
	return func(e *report.StepError) { e.Mailbox = name }
}

// TestNearMailboxes says what tells a missing mailbox from those that are there.
func TestNearMailboxes(t *testing.T) {
	for _, tt := range []struct {
		name string
		near []report.NearMailbox
		want string
	}{
		{"none", nil, "mailbox Sent does not exist"},
		{"two", []report.NearMailbox{{Name: "Sent Items"}, {Name: "Spam"}}, "mailbox Sent does not exist (there is: {Sent Items}, {Spam})"},
		{"case", []report.NearMailbox{{Name: "SENT", Differ: report.DifferCase}, {Name: "Spam"}}, "mailbox Sent does not exist (there is {SENT}, in other upper and lower case)"},
		{"form", []report.NearMailbox{{Name: "Sent", Differ: report.DifferForm}}, "mailbox Sent does not exist (there is {Sent}, in another Unicode form)"},
		{"quotes", []report.NearMailbox{{Name: "Sent", Differ: report.DifferQuotes}}, "mailbox Sent in quotes does not exist (there is {Sent} without them)"},
		{"blanks", []report.NearMailbox{{Name: "Sent", Differ: report.DifferBlanks}}, "mailbox Sent does not exist (there is {Sent}, with other blanks, hyphens or invisible characters)"},
		{"wire", []report.NearMailbox{{Name: "Sent", Differ: report.DifferEncoding}}, "mailbox Sent does not exist (there is {Sent}, which -m takes in UTF-8)"},
		{"levels", []report.NearMailbox{{Name: "Sent", Differ: report.DifferDelimiter}}, "mailbox Sent does not exist (there is {Sent}, with another hierarchy delimiter)"},
		{"prefix", []report.NearMailbox{{Name: "INBOX.Sent", Differ: report.DifferPrefix}}, "mailbox Sent does not exist (there is {INBOX.Sent}, with its prefix)"},
	} {
		if got := report.MapForeign(whichMailbox(&report.StepError{Mailbox: "Sent", Near: tt.near}), braced); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// braced shows what is marked as foreign.
func braced(theirs string) string { return "{" + theirs + "}" }
