package client

import (
	"fmt"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// Append sends APPEND: it adds a message, marked as read, to a mailbox. uid is what the
// server calls it, 0 where the server does not say (UIDNOTSTICKY), and validity the
// UIDVALIDITY that belongs to it. See RFC 9051 section 6.3.12 and RFC 4315 section 3.
func (c *Conn) Append(t Timer, mailbox, message string) (validity uint32, uid imap.UID, err error) {
	cmd := c.newCommand("APPEND").mailbox(mailbox).text(` (\Seen) `)
	cmd.literal(message, fmt.Sprintf("{%d bytes}", len(message)))
	reply, err := c.do(t, cmd, nil)
	if err != nil {
		return 0, 0, err
	}
	validity, uid = parseAppendUID(reply)
	return validity, uid, nil
}

// parseAppendUID reads the code APPENDUID of a reply to an APPEND of one message; zeros
// without one that can be read.
func parseAppendUID(reply *report.Reply) (validity uint32, uid imap.UID) {
	words := strings.Fields(reply.Arg)
	if reply.Code != "APPENDUID" || len(words) != 2 {
		return 0, 0
	}
	validity, err := parseNumber(words[0])
	n, nerr := parseNumber(words[1])
	if err != nil || nerr != nil {
		return 0, 0
	}
	return validity, imap.UID(n)
}

// SearchUIDs sends UID SEARCH. The numbers of the data are UIDs. See RFC 9051 section
// 6.4.9.
func (c *Conn) SearchUIDs(t Timer, criteria Criteria) (*imap.SearchData, error) {
	return c.search(t, criteria.appendTo(c.newCommand("UID SEARCH"), nil))
}

// MarkDeleted sends UID STORE. See RFC 9051 sections 6.4.6 and 6.4.9.
func (c *Conn) MarkDeleted(t Timer, set imap.UIDSet) error {
	return c.run(t, c.newCommand("UID STORE", set.String(), `+FLAGS.SILENT (\Deleted)`))
}

// Expunge sends UID EXPUNGE, which removes those messages of the set that are marked as
// deleted, and no others. See RFC 4315 section 2.1.
func (c *Conn) Expunge(t Timer, set imap.UIDSet) error {
	return c.run(t, c.newCommand("UID EXPUNGE", set.String()))
}
