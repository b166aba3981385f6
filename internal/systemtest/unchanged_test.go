package systemtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/servertest"
)

// TestNothingChanges looks at the flags of all messages before and after 100
// runs. Courier takes \Recent away from whoever opens a mailbox first, even
// with EXAMINE (seen with a bare socket), so there it is left out of account.
func TestNothingChanges(t *testing.T) {
	for _, l := range servertest.All() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			srv, _ := startServer(t, l.Name, "")
			before := flags(t, srv)
			for i := range 100 {
				fetch := []string{"headers", "envelope", "body"}[i%3]
				r := ask(t, srv, "--fetch", fetch)
				if r.code != 0 {
					t.Fatalf("run %d: exit %d\n%s", i, r.code, r.out)
				}
			}
			after := flags(t, srv)
			if l.Name == "courier" {
				before, after = withoutRecent(before), withoutRecent(after)
			}
			if !slices.Equal(before, after) {
				t.Errorf("flags were %q, are %q", before, after)
			}
			if l.Name == "dovecot" && !slices.Contains(before, `1 [\Recent]`) {
				t.Errorf("flags before are %q, want \\Recent among them, or this test proves nothing", before)
			}
		})
	}
}

// flags returns the flags of the messages of alice's INBOX.
func flags(t *testing.T, srv *servertest.Server) []string {
	t.Helper()
	c := mailClient(t, srv)
	defer c.Close()
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	messages, err := c.Fetch(imap.SeqSetNum(1, 2, 3), &imap.FetchOptions{Flags: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range messages {
		out = append(out, fmt.Sprint(m.SeqNum, " ", m.Flags))
	}
	return out
}

func withoutRecent(flags []string) []string {
	var out []string
	for _, f := range flags {
		out = append(out, strings.Replace(f, `\Recent`, "", 1))
	}
	return out
}
