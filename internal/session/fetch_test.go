package session

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"check_imap_session/internal/report"
)

func naming(v string) func(*Config) {
	return func(c *Config) {
		m, err := ParseMessage(v)
		if err != nil {
			panic(err)
		}
		c.Message = m
	}
}

func TestParseMessage(t *testing.T) {
	for in, want := range map[string]string{
		"newest": "{false 0 0  }", "OLDEST": "{true 0 0  }", "7": "{false 7 0  }", "uid:7": "{false 0 7  }",
		"header:X-Canary=a=b": "{false 0 0 X-Canary a=b}", "HEADER:Subject=ü x": "{false 0 0 Subject ü x}",
		"header:X-Canary": "!names no value", "header:=x": "!not the name of a header field", "header:a b=x": "!not the name of a header field",
		"header:A=b\r\nC: d": "!line end", "0": "!not a message", "uid:0": "!not a message", "latest": "!header:NAME=VALUE",
	} {
		m, err := ParseMessage(in)
		got := fmt.Sprint(m)
		if bad, ok := strings.CutPrefix(want, "!"); ok {
			if err == nil || !strings.Contains(err.Error(), bad) {
				t.Errorf("%q: error %v, want %q in it", in, err, bad)
			}
		} else if err != nil || got != want {
			t.Errorf("%q: got %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestFetchExtras(t *testing.T) {
	header := func(name, re string) func(*Config) {
		return func(c *Config) {
			c.Expect.Headers = append(c.Expect.Headers, Header{name, regexp.MustCompile(re)})
		}
	}
	fields := func(text string) string {
		return fmt.Sprintf("greet\nserve FETCH\nraw \"* 42 FETCH (RFC822.SIZE 9 BODY[HEADER]<0> {4}\\r\\na: b BODY[HEADER.FIELDS (X-A)] {%d}\\r\\n%s)\\r\\n\"\nS: {tag} OK done\nserve",
			len(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(text)), text)
	}
	const items = "FLAGS INTERNALDATE RFC822.SIZE "
	for _, x := range []trial{
		{name: "bytes of the header", script: "greet\nserve", want: []string{"fetch_size=229", "message_size=266"}, sent: "FETCH 42 (" + items + "BODY.PEEK[HEADER]<0.2048>)"},
		{name: "bytes of the whole", change: func(c *Config) { c.Fetch = FetchBody }, script: "greet\nserve", want: []string{"fetch_size=266"}, sent: "FETCH 42 (" + items + "BODY.PEEK[])"},
		{name: "the first bytes", change: func(c *Config) { c.Fetch, c.FetchLimit = FetchBody, 100 }, script: "greet\nserve", want: []string{"fetch_size=100", "message_size=266"}, sent: "FETCH 42 (" + items + "BODY.PEEK[]<0.100>)"},
		{name: "an envelope has none", change: both(asks(report.FetchSize), func(c *Config) { c.Fetch = FetchEnvelope }), script: "greet\nserve", want: []string{"-fetch_size"}, fault: "fetch_size cannot be measured", sent: "FETCH 42 ALL"},
		{name: "canary", change: naming("header:X-Canary=c 1"), script: "greet\nserve", want: []string{"message_size=266"}, sent: `SEARCH HEADER "X-Canary" "c 1"; FETCH 42 (` + items + "BODY.PEEK[HEADER]<0.2048>)"},
		{name: "canary gone since", change: naming("header:X-Canary=c"), script: "greet\nserve FETCH\nS: {tag} NO [EXPUNGEISSUED] gone\nserve", want: []string{"-message_size"}},
		{name: "Dovecot's message that went away", change: asks(report.MessageAge), want: []string{"-message_age", "-message_size", "-fetch_size"},
			script: "greet\nserve FETCH\nS: * 42 FETCH (INTERNALDATE \"01-Jan-1970 00:00:00 +0000\" RFC822.SIZE 0 BODY[HEADER]<0> NIL)\nS: {tag} OK [EXPUNGEISSUED] Some messages were already expunged\nserve"},
		{name: "of other messages first", script: answering("FETCH", "41 FETCH (RFC822.SIZE 1)", "42 FETCH (RFC822.SIZE 9)", "43 FETCH (RFC822.SIZE 2)"), want: []string{"message_size=9"}},
		{name: "in two responses", want: []string{"message_size=9", "fetch_size=3"},
			script: answering("FETCH", "42 FETCH (RFC822.SIZE 9)", `42 FETCH (BODY[HEADER]<0> "a:b")`)},
		{name: "number went away", change: naming("7"), want: []string{"-message_size"}, script: answering("FETCH", "7 EXPUNGE")},
		{name: "header field", change: header("Subject", "^probe"), script: "greet\nserve", want: []string{"fetch_size=229"}, sent: "FETCH 42 (" + items + "BODY.PEEK[HEADER]<0.2048> BODY.PEEK[HEADER.FIELDS (Subject)])"},
		{name: "header field of an envelope", change: both(header("Subject", "^probe"), func(c *Config) { c.Fetch = FetchEnvelope }), script: "greet\nserve", sent: "FETCH 42 (" + items + "ENVELOPE BODY.PEEK[HEADER.FIELDS (Subject)])"},
		{name: "another value", change: header("subject", "^nothing$"), script: "greet\nserve", fault: "the header field subject of message 42 does not match ^nothing$"},
		{name: "no such field", change: header("X-A", "."), script: "greet\nserve", fault: "message 42 has no header field X-A"},
		{name: "no such field as far as it is kept", change: header("X-A", "."), script: fields("X-B: " + strings.Repeat("x", 70_000) + `\r\nX-A: 1\r\n\r\n`),
			fault: "message 42 has no header field X-A in the first 65536 bytes of what the server sent"},
		{name: "folded, encoded, second of its name", change: header("X-A", "^grün 2$"), script: fields(`X-A: 1\r\nx-a: =?utf-8?q?gr=C3=BCn?=\r\n 2\r\n\r\n`)},
		{name: "unknown charset", change: header("X-A", "^=.x"), script: fields(`X-A: =?x-none?q?a?=\r\n\r\n`)},
		{name: "continued field of another name", change: header("X-A", "b"), script: fields(`X-A: a\r\nX-B: c\r\n b\r\n\r\n`), fault: "does not match b"},
	} {
		x.run(t)
	}
}

// TestFetchMissing names what is not there.
func TestFetchMissing(t *testing.T) {
	for _, tt := range []struct {
		script, want string
		change       func(*Config)
	}{
		{answering("SEARCH", "SEARCH"), "no message has the header field X-Canary: c", naming("header:X-Canary=c")},
		{answering("EXAMINE", "0 EXISTS"), "the mailbox is empty", naming("header:X-Canary=c")},
		{answering("EXAMINE", "0 EXISTS"), "the mailbox is empty", func(c *Config) { c.Expect.Headers = []Header{{"A", regexp.MustCompile("b")}} }},
		{"greet\nserve", "number 43 of 42", naming("43")},
		{"greet\nserve", "sent nothing", naming("uid:7")},
		{answering("FETCH"), "sent nothing", naming("7")},
		{answering("FETCH", "3 EXPUNGE"), "sent nothing", naming("uid:7")},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, TLSNone)
			tt.change(&b.cfg)
			r := b.run(t, tt.script)
			if e := r.Failure(); e == nil || e.Step != "fetch" || !strings.Contains(e.Error(), tt.want) {
				t.Errorf("%q: failure %v, want %q", tt.script, e, tt.want)
			}
		})
	}
}

// TestBodyIsStreamed fetches 100 MiB and counts what that allocates. Its server
// writes them from one buffer into a pipe that copies nothing.
func TestBodyIsStreamed(t *testing.T) {
	const blocks = 1600
	block := bytes.Repeat([]byte("x"), 64<<10)
	b := newRig(t, TLSNone)
	b.cfg.Fetch = FetchBody
	b.cfg.Dial.Address = netip.MustParseAddr("192.0.2.7")
	b.cfg.Dial.Dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			fmt.Fprint(server, "* OK [CAPABILITY IMAP4rev1] ready\r\n")
			for in := bufio.NewScanner(server); in.Scan(); {
				tag, command, _ := strings.Cut(in.Text(), " ")
				switch verb, _, _ := strings.Cut(command, " "); verb {
				case "EXAMINE":
					fmt.Fprint(server, "* 42 EXISTS\r\n")
				case "FETCH":
					fmt.Fprintf(server, "* 42 FETCH (BODY[] {%d}\r\n", blocks*len(block))
					for range blocks {
						server.Write(block)
					}
					fmt.Fprint(server, ")\r\n")
				}
				fmt.Fprint(server, tag+" OK done\r\n")
			}
		}()
		return client, nil
	}
	plan := mustPlan(t, b.cfg)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := Run(t.Context(), b.cfg, plan)
	runtime.ReadMemStats(&after)
	if m, _ := r.Metric(report.FetchSize); m.Value != float64(blocks*len(block)) {
		t.Fatalf("fetch_size %v, want %d (%v)", m.Value, blocks*len(block), r.Failure())
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("allocated %d bytes for a message of 100 MiB", got)
	}
}

func TestSelectExpectations(t *testing.T) {
	expect := func(validity uint32, writable bool) func(*Config) {
		return func(c *Config) { c.Expect.UIDValidity, c.Expect.Writable, c.ReadWrite = validity, writable, writable }
	}
	answer := func(verb, line, code string) string {
		return "greet\nserve " + verb + "\nS: * 42 EXISTS\nS: " + line + "\nS: {tag} OK " + code + " done\nserve"
	}
	for _, x := range []trial{
		{name: "facts", script: "greet\nserve", change: expect(1, true), want: []string{"recent=0", "uidvalidity=1", "uidnext=1043", "access=read-write",
			`flags=[\Answered \Flagged \Deleted \Seen \Draft]`, `permanent_flags=[\Answered \Flagged \Deleted \Seen \Draft \*]`}},
		{name: "first unseen", script: answer("EXAMINE", "* OK [UNSEEN 7] first", ""), want: []string{"first_unseen=7", "access=read-only"}},
		{name: "other validity", script: "greet\nserve", change: expect(2, false), fault: "UIDVALIDITY of INBOX is 1, not 2"},
		{name: "no validity", script: answer("EXAMINE", "* 0 RECENT", ""), change: expect(2, false), fault: "gives no UIDVALIDITY"},
		{name: "read-only", script: answer("SELECT", "* 0 RECENT", "[READ-ONLY]"), change: expect(0, true), fault: "INBOX is read-only"},
		{name: "not said", script: answer("SELECT", "* 0 RECENT", ""), change: expect(0, true), want: []string{"access=read-write"}},
	} {
		x.run(t)
	}
}

// TestSpecialUse asks a second time only where that can help.
func TestSpecialUse(t *testing.T) {
	for _, tt := range []struct {
		name, caps, script string
		mailboxes          []string
		lists              int
		fault              string
	}{
		{"in the plain LIST", "IMAP4rev1 SPECIAL-USE", "greet\nserve", []string{`\trash`, "INBOX"}, 1, ""},
		{"asked for", "IMAP4rev1 SPECIAL-USE", answering("LIST", `LIST () "/" INBOX`), []string{`\Trash`}, 2, ""},
		{"not offered", "IMAP4rev1", answering("LIST", `LIST () "/" INBOX`), []string{`\Trash`}, 1, `no mailbox is listed as \Trash`},
		{"nowhere", "IMAP4rev1 SPECIAL-USE", "greet\nserve", []string{`\Archive`}, 2, `no mailbox is listed as \Archive`},
		{"of what does not exist", "IMAP4rev1", answering("LIST", `LIST (\Trash \NonExistent) "/" Trash`), []string{`\Trash`}, 1, `\Trash`},
		{"a name only", "IMAP4rev1 SPECIAL-USE", "greet\nserve", []string{"Nope"}, 1, "mailbox Nope is not listed"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = tt.caps
			b.cfg.Expect.Mailboxes = tt.mailboxes
			b.cfg.Until = "list"
			r := b.run(t, tt.script)
			synctest.Wait()
			if got := strings.Count(strings.Join(b.verbs(), " "), "LIST"); got != tt.lists {
				t.Errorf("%d LIST, want %d: %q", got, tt.lists, b.record.Received())
			}
			if m, _ := r.Metric(report.Folders); m.Value > 3 {
				t.Errorf("folders %v: the second LIST counts too", m.Value)
			}
			checkFault(t, r, tt.fault)
		})
	}
}
