package client

import (
	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

// MyRights sends MYRIGHTS and returns what the user may do with the mailbox; answered
// says whether there was an answer, as no rights are one too. See RFC 4314 section 3.5.
func (c *Conn) MyRights(t Timer, mailbox string) (rights imap.RightSet, answered bool, err error) {
	_, err = c.do(t, c.newCommand("MYRIGHTS").mailbox(mailbox), func(r *wire.Response) {
		if is(r, "MYRIGHTS") {
			rights, answered = parseMyRights(r)
		}
	})
	return rights, answered, err
}

// parseMyRights reads a MYRIGHTS response. A right is a lower-case letter or a digit;
// all else is left out. See RFC 4314 section 3.8.
func parseMyRights(r *wire.Response) (rights imap.RightSet, ok bool) {
	sc := r.Data()
	sc.Next() // the mailbox
	word := sc.Next()
	if word.Kind == wire.TokenEnd {
		return nil, false
	}
	for _, b := range []byte(word.Text) {
		if IsRight(b) {
			rights = rights.Add(imap.RightSet{imap.Right(b)})
		}
	}
	return rights, true
}

// IsRight says whether a byte is the name of a right. See RFC 4314 section 2.1.
func IsRight(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }
