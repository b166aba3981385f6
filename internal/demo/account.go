package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

const (
	messages   = 42
	unseen     = 3 // the last ones
	newestAge  = 10 * time.Minute
	messageGap = 7 * time.Hour // between two messages: twelve days of mail
)

// newAccount makes the account of a server and fills Server.Mailbox, and more
// mailboxes. A mailbox that is missing is left out, INBOX too: LIST then does not
// show it.
func newAccount(s *Server, more []string, mailboxMissing bool, now time.Time) (*imapmemserver.User, error) {
	account := imapmemserver.NewUser(s.Username, s.Password)
	names := append([]string{s.Mailbox}, more...)
	filled := len(names)
	names = append(names, "INBOX", "Drafts", "Sent", "Trash", "Archive", "Archive/2023", "Archive/2024")
	seen := map[string]bool{}
	for i, name := range names {
		if strings.EqualFold(name, "INBOX") { // RFC 9051 section 5.1
			name = "INBOX"
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		if i == 0 && mailboxMissing {
			continue
		}
		if err := account.Create(name, nil); err != nil {
			return nil, err
		}
		if i >= filled {
			continue
		}
		for n := 1; n <= messages; n++ {
			if err := appendMessage(account, name, n, now); err != nil {
				return nil, err
			}
		}
	}
	return account, nil
}

func appendMessage(account *imapmemserver.User, mailbox string, n int, now time.Time) error {
	at := now.Add(-newestAge - time.Duration(messages-n)*messageGap).UTC()
	text := strings.NewReader(messageText(n, at))
	o := &imap.AppendOptions{Time: at}
	if n <= messages-unseen {
		o.Flags = []imap.Flag{imap.FlagSeen}
	}
	_, err := account.Append(mailbox, text, o)
	return err
}

// messageText is a message after RFC 5322, below the 2048 bytes of header the
// check asks for.
func messageText(n int, at time.Time) string {
	return fmt.Sprintf("Date: %s\r\n"+
		"From: Monitoring <monitoring@example.com>\r\n"+
		"To: Demo <demo@example.com>\r\n"+
		"Subject: Demonstration message %d of %d\r\n"+
		"Message-ID: <demo-%d@example.com>\r\n"+
		"MIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=us-ascii\r\n"+
		"\r\n"+
		"This mailbox exists only inside check_imap_session --demo.\r\n",
		at.Format(time.RFC1123Z), n, messages, n)
}
