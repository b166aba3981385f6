package client

import (
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// content is how an answer to FETCH is read once it has brought something of a
// mail. Some servers announce a literal too short, and then lines of the mail look
// like responses. So none of them is taken for the server's word: it would show on
// the first line what stands in a mail. A nil *content is that of other commands.
type content struct {
	inside bool
	bye    time.Time // when a line like a BYE came; zero for none
}

// begun says whether the answer has brought something of a mail.
func (m *content) begun() bool { return m != nil && m.inside }

// begin notes that it has.
func (m *content) begin(c *Conn, tag string) {
	if m != nil && !m.inside {
		m.inside = true
		c.transcript.Mail(tag)
	}
}

// untagged takes in an untagged response, without its words.
func (m *content) untagged(c *Conn, r *wire.Response) {
	words := r.Words(2)
	switch {
	case len(words) > 0 && imap.StatusResponseType(words[0]) == imap.StatusResponseTypeBye:
		m.bye = r.At
	case len(words) == 2 && words[1] == "EXPUNGE":
		c.untagged(r)
	}
}

// failed takes a BYE as meant when the answer ends without the tagged reply.
func (m *content) failed(c *Conn) {
	if m != nil && !m.bye.IsZero() {
		c.Bye, c.byeAt = &report.Reply{Status: string(imap.StatusResponseTypeBye)}, m.bye
	}
}
