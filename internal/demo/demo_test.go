package demo

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// The session of the plugin, spoken by the library the plugin uses.
func TestHealthySession(t *testing.T) {
	s := start(t, find(t, "healthy"), Options{})
	began := time.Now()
	conn := connect(t, s).conn
	c := imapclient.New(conn, nil)
	defer c.Close()

	if err := c.Login(s.Username, s.Password).Wait(); err != nil {
		t.Fatalf("LOGIN: %v", err)
	}
	rows, err := c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatalf("LIST: %v", err)
	}
	var names []string
	for _, row := range rows {
		names = append(names, row.Mailbox)
	}
	if want := []string{"Archive", "Archive/2023", "Archive/2024", "Drafts", "INBOX", "Sent", "Trash"}; !slices.Equal(names, want) {
		t.Errorf("LIST: got %q, want %q", names, want)
	}
	mailbox, err := c.Select(s.Mailbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatalf("EXAMINE: %v", err)
	}
	if mailbox.NumMessages != 42 {
		t.Errorf("EXISTS: got %d, want 42", mailbox.NumMessages)
	}
	header := &imap.FetchItemBodySection{
		Specifier: imap.PartSpecifierHeader,
		Partial:   &imap.SectionPartial{Size: 2048},
		Peek:      true,
	}
	found, err := c.Fetch(imap.SeqSetNum(mailbox.NumMessages), &imap.FetchOptions{
		Flags: true, InternalDate: true, RFC822Size: true,
		BodySection: []*imap.FetchItemBodySection{header},
	}).Collect()
	if err != nil || len(found) != 1 {
		t.Fatalf("FETCH: got %d messages, %v, want one", len(found), err)
	}
	if age := began.Sub(found[0].InternalDate); age < 9*time.Minute || age > 11*time.Minute {
		t.Errorf("age of the newest: got %v, want about 10m", age)
	}
	if got := found[0].FindBodySection(header); !bytes.Contains(got, []byte("Subject: Demonstration message 42 of 42\r\n")) {
		t.Errorf("header: got %q, want the subject of message 42", got)
	}
	if err := c.Logout().Wait(); err != nil {
		t.Errorf("LOGOUT: %v", err)
	}
}

// A fire drill runs with the flags of the real check.
func TestOptions(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		examine string
	}{
		{"host", Options{ServerName: "mail.example.org"}, "INBOX"},
		{"fully qualified host", Options{ServerName: "mail.example.org."}, "INBOX"},
		{"IPv4 address", Options{ServerName: "192.0.2.7"}, "INBOX"},
		{"IPv6 address", Options{ServerName: "2001:db8::7"}, "INBOX"},
		{"account", Options{Username: "alice", Password: `s "x" \`}, "INBOX"},
		{"folder", Options{Mailbox: "Archive/2024"}, "Archive/2024"},
		{"folder of its own", Options{Mailbox: "Entwürfe"}, "Entw&APw-rfe"},
		{"INBOX in lower case", Options{Mailbox: "inbox"}, "inbox"},
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, find(t, "healthy"), test.options)
			c := connect(t, s)
			c.line()
			c.want(last(c.command(`LOGIN "`+quote.Replace(s.Username)+`" "`+quote.Replace(s.Password)+`"`)), "a OK ")
			lines := c.command(`EXAMINE "` + test.examine + `"`)
			if lines[0] != "* 42 EXISTS" {
				t.Errorf("EXAMINE: got %q, want 42 messages", lines)
			}
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		c := connect(t, start(t, find(t, "healthy"), Options{Password: "right"}))
		c.line()
		c.want(last(c.command("LOGIN demo demo")), "a NO [AUTHENTICATIONFAILED] ")
	})
}

func TestStartErrors(t *testing.T) {
	if s, err := Start(context.Background(), find(t, "healthy"), Options{ServerName: "bücher.example"}); err == nil {
		s.Close()
		t.Error("a name that needs IDNA: got a server, want an error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if s, err := Start(ctx, find(t, "healthy"), Options{}); err == nil {
		s.Close()
		t.Error("ended context: got a server, want an error")
	}
}

// Close ends every state a connection can be in, and leaves no port open.
func TestCloseEndsAll(t *testing.T) {
	slow := find(t, "slow-login")
	slow.loginTakes = time.Hour
	tests := []struct {
		name  string
		sc    Scenario
		until []string // commands that are answered
		last  string   // command that is not
	}{
		{"no connection but the handshake", find(t, "healthy"), nil, ""},
		{"idle", find(t, "healthy"), []string{"LOGIN demo demo"}, "IDLE"},
		{"slow login", slow, nil, "LOGIN demo demo"},
		{"slow plain", slow, nil, "AUTHENTICATE PLAIN AGRlbW8AZGVtbw=="},
		{"hanging fetch", find(t, "hang-at-fetch"), []string{"LOGIN demo demo", "EXAMINE INBOX"}, "FETCH 1 (FLAGS)"},
		{"wrong service", find(t, "wrong-service"), nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, test.sc, Options{})
			c := connect(t, s)
			c.line()
			for _, command := range test.until {
				c.want(last(c.command(command)), "a OK ")
			}
			if test.last != "" {
				c.send("a " + test.last)
			}
			stalled, err := net.Dial("tcp", s.Addr.String()) // never begins its handshake
			if err != nil {
				t.Fatal(err)
			}
			defer stalled.Close()

			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			wantNoneLeft(t)
			rest, _ := io.ReadAll(c.in) // an end or a reset, but an end
			if strings.Contains(string(rest), "a ") {
				t.Errorf("after Close: got %q, want no answer", rest)
			}
			if conn, err := net.Dial("tcp", s.Addr.String()); err == nil {
				conn.Close()
				t.Errorf("port %s is still open after Close", s.Addr)
			}
		})
	}
}

// The end of the context is a Close.
func TestContextEndsServer(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Start(ctx, find(t, "healthy"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s)
	c.line()
	cancel()
	if rest, _ := io.ReadAll(c.in); len(rest) > 0 {
		t.Errorf("after the end: got %q, want nothing", rest)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close after the end: %v", err)
	}
	wantNoneLeft(t)
}

// imapserver would log to the default logger, so to standard error.
func TestNothingIsLogged(t *testing.T) {
	var logged bytes.Buffer
	before := log.Writer()
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(before) })

	for _, name := range []string{"hang-at-fetch", "wrong-service", "bye"} {
		s := start(t, find(t, name), Options{})
		// A client that does not trust the certificate breaks the handshake.
		if conn, err := tls.Dial("tcp", s.Addr.String(), &tls.Config{ServerName: s.ServerName}); err == nil {
			conn.Close()
			t.Error("handshake without the roots: got a connection, want an error")
		}
		connect(t, s).line()
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if logged.Len() > 0 {
		t.Errorf("logged: got %q, want nothing", logged.String())
	}
}

// BenchmarkStart measures what --demo adds before the first step; the bound is
// 5 ms.
func BenchmarkStart(b *testing.B) {
	sc := find(b, "healthy")
	for b.Loop() {
		s, err := Start(context.Background(), sc, Options{})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
