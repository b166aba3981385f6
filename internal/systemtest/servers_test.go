package systemtest

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/client"
	"check_imap_session/internal/servertest"
)

// account is a user with the names and passwords that real sites have.
type account struct{ user, password string }

var accounts = []account{
	{"alice", "secret"},
	{"bob", `two words "quoted" \back\ {3} it's`},
	{"carol", "pässwörd-ünïcode-密码"},
	{`NTDOMAIN\account\alias`, "kerberos {PLAIN}x"},
	{"dave", "x² is x2 after SASLprep"},
}

func message(i int) string {
	return fmt.Sprintf("From: a@example.com\nTo: b@example.com\nSubject: message %d\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-Id: <%d@example.com>\n\nBody %d\n", i, i, i)
}

// canaryMessage is a canary that two hosts handed on.
func canaryMessage() string {
	return "Received: from b.example.net by mx.example.com (Postfix) with ESMTPS id 4X7\n\tfor <b@example.com>; Thu, 1 Jan 2026 00:02:00 +0000 (UTC)\n" +
		"Received: from a.example.net by b.example.net; Thu, 1 Jan 2026 01:01:00 +0100 (CET)\nX-Canary: mx1\n" + message(8)
}

// manyRecipients is a message to 5,000 people.
func manyRecipients() string {
	var b strings.Builder
	b.WriteString("From: list@example.com\nSubject: to everybody\nTo: ")
	for i := range 5000 {
		if i > 0 {
			b.WriteString(",\n ")
		}
		fmt.Fprintf(&b, `"Person %d" <person%d@example.com>`, i, i)
	}
	b.WriteString("\n\nHello\n")
	return b.String()
}

// accountsOf returns the accounts that a server can hold: Cyrus refuses a backslash
// in a user name.
func accountsOf(server string) []account {
	return slices.DeleteFunc(slices.Clone(accounts), func(a account) bool {
		return server == "cyrus" && strings.Contains(a.user, `\`)
	})
}

// startServer starts a real server with its accounts and more lines of
// configuration. It returns the file with the root of its certificate too.
func startServer(t *testing.T, name, extra string) (*servertest.Server, string) {
	t.Helper()
	ca := certtest.Must(t, "Test Root")
	dir := t.TempDir()
	certFile, keyFile := certtest.WriteFiles(t, dir, ca.Leaf(t, certtest.Leaf{
		CommonName: "imap.test", DNSNames: []string{"imap.test"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}))
	spec := servertest.Spec{CertFile: certFile, KeyFile: keyFile, Extra: extra}
	for _, a := range accountsOf(name) {
		acc := servertest.Account{User: a.user, Password: a.password, Mailboxes: []servertest.Mailbox{
			{Name: "INBOX", Messages: []string{message(1), message(2), message(3)}},
		}}
		if a.user == "alice" {
			acc.Mailboxes = append(acc.Mailboxes,
				servertest.Mailbox{Name: "Entwürfe", Messages: []string{message(4)}},
				servertest.Mailbox{Name: "Deleted Items", Messages: []string{message(5), message(6)}},
				servertest.Mailbox{Name: "Archive/2024", Messages: []string{message(7)}},
				servertest.Mailbox{Name: "Empty"},
				servertest.Mailbox{Name: "Junk", Messages: []string{canaryMessage()}},
				servertest.Mailbox{Name: "Crowd", Messages: []string{manyRecipients()}},
			)
		}
		spec.Accounts = append(spec.Accounts, acc)
	}
	all := servertest.All()
	i := slices.IndexFunc(all, func(l servertest.Launcher) bool { return l.Name == name })
	return all[i].Start(t, spec), ca.WriteFile(t, dir)
}

// mode is a way to connect.
type mode struct {
	name string
	args func(*servertest.Server) []string
	want []string // labels of times beside those every session has
}

var modes = []mode{
	{"implicit", func(s *servertest.Server) []string { return []string{"-p", strconv.Itoa(s.IMAPS)} }, []string{"time_tls"}},
	{"starttls", func(s *servertest.Server) []string {
		return []string{"-p", strconv.Itoa(s.IMAP), "--tls=starttls"}
	}, []string{"time_tls", "time_starttls"}},
	{"none", func(s *servertest.Server) []string {
		return []string{"-p", strconv.Itoa(s.IMAP), "--tls=none", "--allow-plaintext-auth"}
	}, nil},
}

func TestRealServers(t *testing.T) {
	for _, l := range servertest.All() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			srv, ca := startServer(t, l.Name, "")
			for _, m := range modes {
				base := append([]string{"-H", "imap.test", "--address", srv.Host, "-t", "20s", "--ca-file", ca}, m.args(srv)...)
				for _, acc := range accountsOf(l.Name) {
					t.Run(m.name+"/"+acc.user, func(t *testing.T) { checkAccount(t, base, m, acc) })
				}
				t.Run(m.name+"/mailboxes", func(t *testing.T) { checkMailboxes(t, srv, base) })
				t.Run(m.name+"/several mailboxes", func(t *testing.T) { checkSeveral(t, srv, base) })
				t.Run(m.name+"/canary", func(t *testing.T) { checkCanary(t, base) })
				t.Run(m.name+"/pattern", func(t *testing.T) { checkPattern(t, srv, base) })
				t.Run(m.name+"/wrong password", func(t *testing.T) {
					r := runMain(t, password("wrong-password"), append(base, "-U", "alice", "-o", "json")...)
					wantFinding(t, r, 2, "auth_failed", "login")
				})
			}
		})
	}
}

func checkAccount(t *testing.T, base []string, m mode, acc account) {
	file := writeFile(t, t.TempDir(), "password", []byte(acc.password+"\n"))
	args := append(slices.Clone(base), "-U", acc.user, "--password-file", file, "-vvv")
	r := runMain(t, nil, args...)
	if r.code != 0 || !strings.Contains(r.Text, "INBOX: 3 messages") {
		t.Fatalf("%q: exit %d, want 0 and INBOX: 3 messages:\n%s", args, r.code, r.out)
	}
	if strings.Contains(r.out, acc.password) {
		t.Errorf("the password is in the output:\n%s", r.out)
	}
	labels := r.Labels()
	for _, want := range append([]string{"time", "time_connect", "time_greeting", "time_login", "time_list", "time_select", "time_fetch", "time_logout", "folders", "messages", "message_age", "message_size"}, m.want...) {
		if !slices.Contains(labels, want) {
			t.Errorf("label %s is missing in %v", want, labels)
		}
	}
}

// checkCanary finds a canary in the mailbox for spam, and how it came there.
func checkCanary(t *testing.T, base []string) {
	args := append(slices.Clone(base), "-U", "alice", "--transcript=-", "--with=delivery", "--message=header:X-Canary=mx1")
	r := runMain(t, password("secret"), args...)
	if want := "fetch failed, delivered as spam, the message is in "; r.code != 1 || !strings.Contains(r.Text, want) {
		t.Fatalf("exit %d, want 1 and %q:\n%s", r.code, want, r.out)
	}
	if hops, took := r.Value("delivery_hops"), r.Value("delivery_time"); hops != "2" || took == "" {
		t.Errorf("%s hops in %q s, want 2 and a time:\n%s", hops, took, r.out)
	}
}

// checkSeveral opens several mailboxes in one session, of which one does not exist.
func checkSeveral(t *testing.T, srv *servertest.Server, base []string) {
	names := []string{"INBOX", srv.MailboxName("Deleted Items"), srv.MailboxName("Entwürfe"), srv.MailboxName("Nowhere"), srv.MailboxName("Empty")}
	args := append(slices.Clone(base), "-U", "alice", "--transcript=-", "-w", "messages_unseen=10", "-w", "messages@"+names[4]+"=1:", "-c", "search_oldest_age=0:")
	for _, name := range names {
		args = append(args, "-m", name)
	}
	r := runMain(t, password("secret"), args...)
	if want := "3 of 5 mailboxes OK, alice: status of " + names[3] + " failed"; r.code != 2 || !strings.Contains(r.Text, want) {
		t.Fatalf("exit %d, want 2 and %q:\n%s", r.code, want, r.out)
	}
	for i, want := range []string{"3", "2", "1", "", "0"} {
		label := "messages@" + client.EncodeMailbox(names[i])
		if got := r.Value(label); got != want {
			t.Errorf("%s: got %q, want %q in\n%s", label, got, want, r.out)
		}
		if label = strings.Replace(label, "messages", "search_oldest_age", 1); r.Value(label) != "" != (want > "0") {
			t.Errorf("%s: got %q in\n%s", label, r.Value(label), r.out)
		}
	}
	rep := runMain(t, password("secret"), append(args, "-o", "json")...)
	wantFinding(t, rep, 2, "mailbox_missing", "status")
	// One LOGIN, one LIST, and what each mailbox needs: STATUS, EXAMINE, SEARCH, and
	// FETCH for the dates and for the message. A mailbox that is missing has STATUS
	// answered by NO, an empty one no FETCH.
	commands := regexp.MustCompile(`(?m)^ *\S+ C: \S+ (LOGIN|AUTHENTICATE|LIST|STATUS|EXAMINE|CLOSE|UNSELECT|NOOP|CHECK|SEARCH|FETCH)\b`)
	sent := map[string]int{}
	for _, m := range commands.FindAllStringSubmatch(r.out, -1) {
		sent[m[1]]++
	}
	if got, want := fmt.Sprint(sent), "map[EXAMINE:4 FETCH:6 LIST:1 LOGIN:1 SEARCH:4 STATUS:5]"; got != want {
		t.Errorf("sent %s, want %s:\n%s", got, want, r.out)
	}
}

// checkPattern counts the messages of all mailboxes, and looks into those that have
// some.
func checkPattern(t *testing.T, srv *servertest.Server, base []string) {
	args := append(slices.Clone(base), "-U", "alice", "--transcript=-", "--skip=list", "--mailboxes=*", "-w", "messages=0:", "-c", "mailboxes=6:")
	r := runMain(t, password("secret"), args...)
	if r.code != 0 || !strings.Contains(r.Text, " mailboxes, ") {
		t.Fatalf("exit %d, want 0:\n%s", r.code, r.out)
	}
	for name, want := range map[string]string{"INBOX": "3", "Deleted Items": "2", "Entwürfe": "1", "Archive/2024": "1", "Empty": "0", "Crowd": "1"} {
		label := "messages@" + client.EncodeMailbox(srv.MailboxName(name))
		if got := r.Value(label); got != want {
			t.Errorf("%s: got %q, want %q in\n%s", label, got, want, r.out)
		}
	}
	if strings.Contains(r.out, " EXAMINE ") || strings.Contains(r.out, "LIST-STATUS") && strings.Contains(r.out, " C: STATUS ") {
		t.Errorf("more than the numbers was asked for:\n%s", r.out)
	}
	r = runMain(t, password("secret"), append(args, "-c", "search_oldest_age=1d")...)
	examined := len(regexp.MustCompile(`(?m) C: \S+ EXAMINE `).FindAllString(r.out, -1))
	if r.code != 0 || examined != 6 {
		t.Errorf("exit %d, %d mailboxes opened, want 0 and the 6 that are not empty:\n%s", r.code, examined, r.out)
	}
}

func checkMailboxes(t *testing.T, srv *servertest.Server, base []string) {
	for _, tt := range []struct {
		name, mailbox string
		extra         []string
		code          int
		want, kind    string
	}{
		{name: "umlaut", mailbox: "Entwürfe", want: "1 message,"},
		{name: "blank", mailbox: "Deleted Items", want: "2 messages"},
		{name: "hierarchy", mailbox: "Archive/2024", want: "1 message,"},
		{name: "empty", mailbox: "Empty", want: "FETCH was not tested"},
		{name: "empty and asked", mailbox: "Empty", extra: []string{"-c", "message_age=1h"}, code: 2, kind: "message_missing"},
		{name: "crowd", mailbox: "Crowd", extra: []string{"--fetch=envelope"}, want: "1 message,"},
		{name: "crowd body", mailbox: "Crowd", extra: []string{"--fetch=body"}, want: "1 message,"},
		{name: "missing", mailbox: "Nowhere", code: 2, kind: "mailbox_missing"},
		{name: "other case", mailbox: "deleted items", code: 2, kind: "mailbox_missing", want: "Deleted Items, in other upper and lower case)"},
		{name: "decomposed", mailbox: "Entwu\u0308rfe", code: 2, kind: "mailbox_missing", want: "Entwürfe, in another Unicode form)"},
		{name: "quotes", mailbox: `"Empty"`, code: 2, kind: "mailbox_missing", want: "Empty without them)"},
		{name: "a letter", mailbox: "Emptty", code: 2, kind: "mailbox_missing", want: "(there is: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append(slices.Clone(base), "-U", "alice", "-m", srv.MailboxName(tt.mailbox))
			args = append(args, tt.extra...)
			r := runMain(t, password("secret"), append(slices.Clone(args), "-vvv")...)
			if r.code != tt.code || !strings.Contains(r.Text, tt.want) {
				t.Errorf("%q: exit %d, want %d and %q in line 1:\n%s", args, r.code, tt.code, tt.want, r.out)
			}
			if tt.kind != "" {
				wantFinding(t, runMain(t, password("secret"), append(args, "-o", "json")...), tt.code, tt.kind, "")
			}
		})
	}
}
