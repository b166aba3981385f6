package client

import (
	"strconv"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// MailboxItem is one thing that a server says of the mailbox it opens.
// imap.SelectData is not used: it has no RECENT and no UNSEEN, does not tell 0
// EXISTS from none, and has no room for a number that cannot be read.
type MailboxItem struct {
	// Name is EXISTS, RECENT, FLAGS, PERMANENTFLAGS, UIDVALIDITY, UIDNEXT or
	// UNSEEN.
	Name   string
	Number int64       // of an item that has one
	Flags  []imap.Flag // of FLAGS and PERMANENTFLAGS
	// Unreadable is the line, where EXISTS has a number that cannot be read; ""
	// otherwise.
	Unreadable string
}

// Open sends SELECT or EXAMINE, as verb says. each sees what the server says of
// the mailbox, in its order. See RFC 9051 sections 6.3.2 and 6.3.3.
func (c *Conn) Open(t Timer, verb, mailbox string, each func(MailboxItem)) (*report.Reply, error) {
	reply, err := c.do(t, c.newCommand(verb).mailbox(mailbox), func(r *wire.Response) {
		if item, ok := parseMailboxItem(r); ok {
			c.keptOf("flags", len(item.Flags))
			each(item)
		}
	})
	if err == nil {
		c.Expunged = false
	}
	return reply, err
}

// parseMailboxItem reads an untagged response to SELECT. See RFC 9051 sections
// 7.1 and 7.4.1, and RFC 3501 sections 7.1 and 7.3.2 for UNSEEN and RECENT.
func parseMailboxItem(r *wire.Response) (MailboxItem, bool) {
	if reply, ok := parseReply(r); ok {
		return parseMailboxCode(reply)
	}
	words := r.Words(2)
	switch {
	case len(words) == 2 && words[1] == "EXISTS":
		n, err := parseNumber(words[0])
		if err != nil {
			return MailboxItem{Name: "EXISTS", Unreadable: keptText(string(r.Line))}, true
		}
		return MailboxItem{Name: "EXISTS", Number: int64(n)}, true
	case len(words) == 2 && words[1] == "RECENT":
		n, err := strconv.ParseInt(words[0], 10, 64)
		return MailboxItem{Name: "RECENT", Number: n}, err == nil
	case len(words) > 0 && words[0] == "FLAGS":
		return MailboxItem{Name: "FLAGS", Flags: parseFlags(r.Data().Rest())}, true
	}
	return MailboxItem{}, false
}

// parseMailboxCode reads what an untagged OK of SELECT says in its code.
func parseMailboxCode(reply *report.Reply) (MailboxItem, bool) {
	switch reply.Code {
	case "PERMANENTFLAGS":
		return MailboxItem{Name: reply.Code, Flags: parseFlags(reply.Arg)}, true
	case "UIDVALIDITY", "UIDNEXT", "UNSEEN":
		n, err := strconv.ParseInt(reply.Arg, 10, 64)
		return MailboxItem{Name: reply.Code, Number: n}, err == nil
	}
	return MailboxItem{}, false
}

// parseFlags reads a list of flags with any number of spaces: "( )" is an empty
// one, as Cyrus 2.3 and Exchange 5.5 write it. It keeps up to maxWords.
func parseFlags(list string) []imap.Flag {
	flags := []imap.Flag{}
	for w := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(list), "()")) {
		if flags = append(flags, imap.Flag(w)); len(flags) == maxWords {
			break
		}
	}
	return flags
}
