package client

import (
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/wire"
)

// StatusData are the numbers that were asked for by STATUS, by the name of the item,
// upper case. imap.StatusData is not used: it has a field for each item that go-imap
// supports, which RECENT is not, and cannot hold what only some servers send.
type StatusData map[string]int64

// Status sends STATUS for the items. A server may leave out what it cannot tell
// (Courier does) and still say OK. See RFC 9051 section 6.3.11.
func (c *Conn) Status(t Timer, mailbox string, items []string) (StatusData, error) {
	data := StatusData{}
	cmd := c.newCommand("STATUS").mailbox(mailbox).text(" (" + strings.Join(items, " ") + ")")
	_, err := c.do(t, cmd, func(r *wire.Response) {
		if is(r, "STATUS") {
			parseStatus(r, items, data)
		}
	})
	return data, err
}

// parseStatus adds the numbers of the items that a STATUS response has: mailbox, then
// pairs of item and number. Numbers that cannot be read are left out. It returns the
// mailbox. See RFC 9051 section 7.3.4.
func parseStatus(r *wire.Response, items []string, data StatusData) (mailbox string) {
	sc := r.Data()
	mailbox = MailboxName(sc.Next().Text)
	if sc.Next().Kind != wire.TokenOpen {
		return mailbox
	}
	for name := sc.Next(); !name.EndsList(); name = sc.Next() {
		item := strings.ToUpper(name.Text)
		n, err := strconv.ParseInt(sc.Next().Text, 10, 64)
		if err == nil && n >= 0 && slices.Contains(items, item) {
			data[item] = n
		}
	}
	return mailbox
}
