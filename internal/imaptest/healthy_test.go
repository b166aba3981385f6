package imaptest_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/imaptest"
)

// One connection, one command after the other. The clock of the bubble stands
// at 2000-01-01 00:00 UTC.
func TestHealthy(t *testing.T) {
	header := "Date: Fri, 31 Dec 1999 23:50:00 +0000\nFrom: Monitor <monitor@example.com>\n" +
		"To: Probe <probe@example.com>\nSubject: probe message\nMessage-ID: <probe@example.com>\n" +
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\n"
	body := "This message is here to be fetched.\n"
	literal := func(s string) string {
		return "{" + strconv.Itoa(len(s)+strings.Count(s, "\n")) + "}\n" + s
	}
	size := strconv.Itoa(len(header+body) + strings.Count(header+body, "\n"))
	box := "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\n* OK [PERMANENTFLAGS (P)] permanent flags\n" +
		"* 42 EXISTS\n* 0 RECENT\n* OK [UIDVALIDITY 1] UIDs are valid\n* OK [UIDNEXT 1043] next UID\n"
	tests := []struct{ name, send, want string }{
		{"capability", "a CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS\na OK CAPABILITY completed"},
		{"lower case", "a noop", "a OK NOOP completed"},
		{"login", "a LOGIN x y", "a OK LOGIN completed"},
		{"literals", "a LOGIN {3}\r\na\nb {4+}\r\nx} y", "+ go on\na OK LOGIN completed"},
		{"initial response", "a AUTHENTICATE PLAIN AGEAYg==", "a OK AUTHENTICATE completed"},
		{"plain", "a AUTHENTICATE PLAIN\r\nAGEAYg==", "+ \na OK AUTHENTICATE completed"},
		{"auth login", "a AUTHENTICATE login\r\nYQ==\r\nYg==", "+ VXNlcm5hbWU6\n+ UGFzc3dvcmQ6\na OK AUTHENTICATE completed"},
		{"cancelled", "a AUTHENTICATE PLAIN\r\n*", "+ \na BAD AUTHENTICATE cancelled"},
		{"mechanism", "a AUTHENTICATE NTLM", "a NO mechanism is not supported"},
		{"starttls", "a STARTTLS", "a NO TLS is not available"},
		{"list", `a LIST "" "*"`, "* LIST (\\HasNoChildren) \"/\" INBOX\n* LIST (\\HasNoChildren \\Sent) \"/\" Sent\n" +
			"* LIST (\\HasNoChildren \\Trash) \"/\" Trash\na OK LIST completed"},
		{"delimiter", `a LIST "" ""`, "* LIST (\\Noselect) \"/\" \"\"\na OK LIST completed"},
		{"examine", "a EXAMINE INBOX", strings.Replace(box, "(P)", "()", 1) +
			"a OK [READ-ONLY] EXAMINE completed"},
		{"select", "a SELECT INBOX", strings.Replace(box, "(P)", `(\Answered \Flagged \Deleted \Seen \Draft \*)`, 1) +
			"a OK [READ-WRITE] SELECT completed"},
		{"status", "a STATUS INBOX (MESSAGES unseen)", "* STATUS INBOX (MESSAGES 42 UNSEEN 3)\na OK STATUS completed"},
		{"status item", "a STATUS INBOX (NEWS)", "a BAD unknown STATUS item NEWS"},
		{"search", "a SEARCH ALL", "* SEARCH 40 41 42\na OK SEARCH completed"},
		{"uid search", "a UID SEARCH ALL", "* SEARCH 1040 1041 1042\na OK UID SEARCH completed"},
		{"esearch", "a UID SEARCH RETURN (MAX) ALL", "* ESEARCH (TAG \"a\") UID MIN 1040 MAX 1042 ALL 1040:1042 COUNT 3\na OK UID SEARCH completed"},
		{"namespace", "a NAMESPACE", "* NAMESPACE ((\"\" \"/\")) NIL NIL\na OK NAMESPACE completed"},
		{"id", "a ID NIL", "* ID (\"name\" \"imaptest\")\na OK ID completed"},
		{"quota", "a GETQUOTAROOT INBOX", "* QUOTAROOT INBOX \"User quota\"\n* QUOTA \"User quota\" (STORAGE 512 1024)\na OK GETQUOTAROOT completed"},
		{"rights", "a MYRIGHTS INBOX", "* MYRIGHTS INBOX lrswipkxtea\na OK MYRIGHTS completed"},
		{"idle", "a IDLE\r\nDONE", "+ idling\na OK IDLE completed"},
		{"unknown", "a XYZZY 1", "a BAD unknown command"},
		{"fetch fast", "a FETCH 42 FAST", "* 42 FETCH (FLAGS (\\Seen) INTERNALDATE \"31-Dec-1999 23:50:00 +0000\" RFC822.SIZE " + size + ")\na OK FETCH completed"},
		{"fetch last", "a FETCH * (UID FLAGS)", "* 42 FETCH (UID 1042 FLAGS (\\Seen))\na OK FETCH completed"},
		{"uid fetch", "a UID FETCH 1007:1009 (UID RFC822.SIZE)", "* 7 FETCH (UID 1007 RFC822.SIZE " + size + ")\n" +
			"* 8 FETCH (UID 1008 RFC822.SIZE " + size + ")\n* 9 FETCH (UID 1009 RFC822.SIZE " + size + ")\na OK UID FETCH completed"},
		{"fetch set", "a FETCH 41:*,2 (UID)", "* 41 FETCH (UID 1041)\n* 42 FETCH (UID 1042)\n* 2 FETCH (UID 1002)\na OK FETCH completed"},
		{"no such uid", "a UID FETCH 7 (UID)", "a OK UID FETCH completed"},
		{"no such number", "a FETCH 43 (UID)", "a BAD invalid message set"},
		{"no set", "a FETCH x (UID)", "a BAD invalid message set \"x\""},
		{"fetch item", "a FETCH 1 (UID NEWS)", "a BAD unknown FETCH item NEWS"},
		{"envelope", "a FETCH 1 ENVELOPE", "* 1 FETCH (ENVELOPE (\"Fri, 31 Dec 1999 23:50:00 +0000\" \"probe message\" " +
			strings.Repeat("((\"Monitor\" NIL \"monitor\" \"example.com\")) ", 3) +
			"((\"Probe\" NIL \"probe\" \"example.com\")) NIL NIL NIL \"<probe@example.com>\"))\na OK FETCH completed"},
		{"whole", "a FETCH 1 BODY.PEEK[]", "* 1 FETCH (BODY[] " + literal(header+body) + ")\na OK FETCH completed"},
		{"header and text", "a FETCH 1 (BODY.PEEK[HEADER] BODY[TEXT])", "* 1 FETCH (BODY[HEADER] " + literal(header) +
			" BODY[TEXT] " + literal(body) + ")\na OK FETCH completed"},
		{"partial", "a FETCH 1 (BODY.PEEK[HEADER]<0.6> BODY[TEXT]<5.7>)", "* 1 FETCH (BODY[HEADER]<0> {6}\nDate:  BODY[TEXT]<5> {7}\nmessage)\na OK FETCH completed"},
		{"beyond the end", "a FETCH 1 BODY[]<99999.5>", "* 1 FETCH (BODY[]<99999> {0}\n)\na OK FETCH completed"},
		{"partial of nothing", "a FETCH 1 BODY[]<0.0>", "a BAD invalid partial <0.0>"},
		{"fields", "a FETCH 1 (BODY.PEEK[HEADER.FIELDS (Subject \"MIME-Version\")] UID)", "* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT \"MIME-VERSION\")] " +
			literal("Subject: probe message\nMIME-Version: 1.0\n\n") + " UID 1001)\na OK FETCH completed"},
		{"other fields", "a FETCH 1 BODY[HEADER.FIELDS.NOT (date from to message-id content-type)]",
			"* 1 FETCH (BODY[HEADER.FIELDS.NOT (DATE FROM TO MESSAGE-ID CONTENT-TYPE)] " +
				literal("Subject: probe message\nMIME-Version: 1.0\n\n") + ")\na OK FETCH completed"},
		{"no such part", "a FETCH 1 BODY[2]", "* 1 FETCH (BODY[2] NIL)\na OK FETCH completed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, rec := imaptest.Pipe(t, "greet hello\nserve", imaptest.Options{Capabilities: "IMAP4rev1 STARTTLS"})
				c := newClient(t, conn)
				equal(t, "greeting", c.line(), "* OK hello")
				equal(t, "answer to "+tt.send, joined(c.command(tt.send)), tt.want)
				equal(t, "logout", joined(c.command("b LOGOUT")), "* BYE logging out\nb OK LOGOUT completed")
				if _, err := c.r.ReadByte(); err == nil {
					t.Error("after LOGOUT: got a byte, want EOF")
				}
				conn.Close()
				want := strings.ReplaceAll(tt.send, "\r\n", "\n") + "\nb LOGOUT"
				equal(t, "received", joined(rec.Received()), want)
			})
		})
	}
}

// TestCommandsAreDocumented reads the source: doc.go names each command that the
// healthy server answers.
func TestCommandsAreDocumented(t *testing.T) {
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	_, doc, _ := strings.Cut(read("doc.go"), "# The healthy server")
	_, rows, _ := strings.Cut(read("healthy.go"), ") rows(")
	rows, _, _ = strings.Cut(rows, "\n}\n")
	words := strings.Fields(strings.ReplaceAll(doc, "//", ""))
	for i := range words {
		words[i] = strings.Trim(words[i], ",;.:")
	}
	text := " " + strings.Join(words, " ") + " "
	count := 0
	for _, line := range regexp.MustCompile(`(?m)^\tcase (.*):$`).FindAllStringSubmatch(rows, -1) {
		for verb := range strings.SplitSeq(line[1], ", ") {
			verb = strings.Trim(verb, `"`)
			if sub, ok := strings.CutPrefix(verb, "UID"); ok {
				verb = "UID " + sub
			}
			if count++; !strings.Contains(text, " "+verb+" ") {
				t.Errorf("doc.go does not name %s", verb)
			}
		}
	}
	if count < 25 {
		t.Errorf("found %d commands, want at least 25", count)
	}
}

func TestServeUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, rec := imaptest.Pipe(t, `
			serve login authenticate
			S: {tag} NO not you
			serve FETCH
			wait 1s
			S: {tag} OK nothing
			serve LOGOUT
			cut
		`, imaptest.Options{})
		c := newClient(t, conn)
		start := time.Now()
		equal(t, "noop", joined(c.command("a NOOP")), "a OK NOOP completed")
		equal(t, "login", joined(c.command("b LOGIN {1}\r\nx y")), "+ go on\nb NO not you")
		equal(t, "second login", joined(c.command("c LOGIN x y")), "c OK LOGIN completed")
		equal(t, "uid fetch", joined(c.command("d UID FETCH 1 FLAGS")), "d OK nothing")
		equal(t, "time taken", time.Since(start), time.Second)
		c.send("e LOGOUT\r\n")
		if b, err := c.r.ReadByte(); err == nil {
			t.Errorf("after LOGOUT: got %q, want EOF", b)
		}
		conn.Close()
		equal(t, "lines", len(rec.Received()), 6)
	})
}
