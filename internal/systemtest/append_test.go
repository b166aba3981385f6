package systemtest

import (
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"check_imap_session/internal/servertest"
)

// TestAppendRealServers checks that the write probe leaves nothing behind, removes what
// an interrupted run has left and no other mail, and reports a mailbox that is full or
// that must not be written to.
func TestAppendRealServers(t *testing.T) {
	for _, l := range servertest.All() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			srv, _ := startServer(t, l.Name, mailboxExtra[l.Name])
			box := srv.MailboxName("Empty")
			a := ask(t, srv, "--append="+box)
			if _, ok := a.Metric("time_append"); !ok || a.State != "OK" {
				t.Fatalf("%s %v", a.State, a.Findings)
			}
			c := mailClient(t, srv)
			wantSubjects(t, c, box)

			old := time.Now().Add(-time.Hour)
			const ours = "X-Check-Imap-Session: write-probe 0123456789abcdef\r\n"
			add(t, c, box, "Subject: left\r\n"+ours+"\r\n\r\n", old)
			add(t, c, box, "Subject: of a run under way\r\n"+ours+"\r\n\r\n", time.Now())
			add(t, c, box, "Subject: of a person\r\n\r\n\r\n", old)
			add(t, c, box, "Subject: deleted by a person\r\n\r\n\r\n", old, imap.FlagDeleted)
			if a := ask(t, srv, "--append="+box); a.State != "OK" {
				t.Errorf("%s %v", a.State, a.Findings)
			}
			wantSubjects(t, c, box, "of a run under way", "of a person", "deleted by a person")

			a = ask(t, srv, "--append=Nowhere")
			if wantFinding(t, a, 2, "mailbox_missing", "append"); !strings.Contains(a.Findings[0].Advice, "--append") {
				t.Errorf("advice %q", a.Findings[0].Advice)
			}
			if l.Name == "courier" { // Dovecot has no ACL here, and Cyrus lets no user change them
				if err := c.SetACL(box, "owner", imap.RightModificationReplace, imap.RightSet("alr")).Wait(); err != nil {
					t.Fatal(err)
				}
				wantFinding(t, ask(t, srv, "--append="+box), 2, "no_permission", "append")
			}
			if l.Name != "courier" { // which has no quota here
				fill(t, srv, "INBOX")
				wantFinding(t, ask(t, srv, "--append=INBOX"), 2, "over_quota", "append")
			}
		})
	}
}

// mailClient logs in as alice with the client of go-imap.
func mailClient(t *testing.T, srv *servertest.Server) *imapclient.Client {
	t.Helper()
	nc, err := net.Dial("tcp", net.JoinHostPort(srv.Host, strconv.Itoa(srv.IMAP)))
	if err != nil {
		t.Fatal(err)
	}
	c := imapclient.New(nc, nil)
	t.Cleanup(func() { c.Close() })
	if err := c.Login("alice", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// add adds a message as a mail program does.
func add(t *testing.T, c *imapclient.Client, box, text string, at time.Time, flags ...imap.Flag) {
	t.Helper()
	if err := tryAdd(c, box, text, at, flags...); err != nil {
		t.Fatal(err)
	}
}

func tryAdd(c *imapclient.Client, box, text string, at time.Time, flags ...imap.Flag) error {
	cmd := c.Append(box, int64(len(text)), &imap.AppendOptions{Time: at, Flags: flags})
	_, werr := io.WriteString(cmd, text)
	cerr := cmd.Close()
	_, err := cmd.Wait()
	return errors.Join(werr, cerr, err)
}

// fill adds messages until the server takes no more. The client of go-imap closes the
// connection when one is refused.
func fill(t *testing.T, srv *servertest.Server, box string) {
	t.Helper()
	for size := 3 << 20; size > 100; size /= 2 {
		c := mailClient(t, srv)
		for i := 0; tryAdd(c, box, "Subject: filling\r\n\r\n"+strings.Repeat("x", size)+"\r\n", time.Now()) == nil; i++ {
			if i > 20 {
				t.Fatal("the server takes everything")
			}
		}
	}
}

// wantSubjects checks what is in a mailbox.
func wantSubjects(t *testing.T, c *imapclient.Client, box string, want ...string) {
	t.Helper()
	data, err := c.Select(box, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if data.NumMessages > 0 {
		messages, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: data.NumMessages}}, &imap.FetchOptions{Envelope: true}).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			got = append(got, m.Envelope.Subject)
		}
	}
	if err := c.UnselectAndExpunge().Wait(); err != nil { // CLOSE, which removes nothing from a mailbox that is open read-only
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s has %q, want %q", box, got, want)
	}
}
