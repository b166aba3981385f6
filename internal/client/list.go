package client

import (
	"slices"
	"strings"
	"unicode/utf8"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

// List sends LIST and returns how many rows came. selection is "" or a selection
// option with its parentheses, "(SPECIAL-USE)". each sees every row; where it is
// nil the rows are counted and not read, because there may be 100,000. See RFC
// 9051 section 6.3.9.
func (c *Conn) List(t Timer, selection, reference, pattern string, each func(*imap.ListData)) (rows int, err error) {
	cmd := c.newCommand("LIST")
	if selection != "" {
		cmd.text(" " + selection)
	}
	_, err = c.do(t, cmd.mailbox(reference).mailbox(pattern), func(r *wire.Response) {
		if !is(r, "LIST") {
			return
		}
		if rows++; each != nil {
			each(parseList(r))
		}
	})
	return rows, err
}

// ListStatus sends LIST, and with items asks for the STATUS of each mailbox in the same
// answer. each sees every row, status the numbers of a mailbox; a server leaves out
// those of a mailbox that it cannot tell. See RFC 5819 section 2.
func (c *Conn) ListStatus(t Timer, pattern string, items []string, each func(*imap.ListData), status func(mailbox string, data StatusData)) error {
	cmd := c.newCommand("LIST").mailbox("").mailbox(pattern)
	if len(items) > 0 {
		cmd.text(" RETURN (STATUS (" + strings.Join(items, " ") + "))")
	}
	_, err := c.do(t, cmd, func(r *wire.Response) {
		switch {
		case is(r, "LIST"):
			each(parseList(r))
		case is(r, "STATUS"):
			data := StatusData{}
			status(parseStatus(r, items, data), data)
		}
	})
	return err
}

// parseList reads a row of LIST: attributes, delimiter, name. Attributes are as
// the server spells them. A name may be a literal, or stand without quotes and
// have spaces and tabs in it. See RFC 9051 section 7.3.1.
func parseList(r *wire.Response) *imap.ListData {
	sc := r.Data()
	data := &imap.ListData{}
	for t := sc.Next(); !t.EndsList(); t = sc.Next() {
		if t.Kind != wire.TokenOpen {
			data.Attrs = append(data.Attrs, imap.MailboxAttr(t.Text))
		}
	}
	data.Delim = delimiter(sc.Next())
	name := sc.Rest()
	if strings.HasPrefix(name, `"`) || strings.HasPrefix(name, "{") {
		name = sc.Next().Text
	}
	data.Mailbox = MailboxName(name)
	return data
}

// delimiter reads what separates the levels of a hierarchy: 0 for NIL, where
// there are no levels.
func delimiter(t wire.Token) rune {
	if t.IsNIL() || t.Text == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(t.Text)
	return r
}

// HasAttr says whether a row of LIST has an attribute, in any case.
func HasAttr(data *imap.ListData, attr imap.MailboxAttr) bool {
	return slices.ContainsFunc(data.Attrs, func(a imap.MailboxAttr) bool {
		return strings.EqualFold(string(a), string(attr))
	})
}
