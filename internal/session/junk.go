package session

import (
	"fmt"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// junkNames are the names of mailboxes for spam, where no mailbox is marked as one:
// what servers and mail programs create.
var junkNames = []string{"junk", "spam", "junk e-mail", "junk email"}

// junk finds the mailbox for spam in rows of LIST.
type junk struct {
	marked string // with the attribute \Junk, RFC 6154 section 2
	named  string // with one of junkNames as its last part
}

func (j *junk) take(row *imap.ListData) {
	name := row.Mailbox
	if len(name) > maxMailboxName || !canBeOpened(row) {
		return
	}
	if j.marked == "" && client.HasAttr(row, imap.MailboxAttrJunk) {
		j.marked = name
	}
	if j.named == "" && slices.Contains(junkNames, strings.ToLower(lastLevel(name, row.Delim))) {
		j.named = name
	}
}

// findJunk asks for the mailbox for spam, "" for none. A plain LIST need not carry the
// attribute where the server offers SPECIAL-USE (RFC 6154 section 3).
func (s *Session) findJunk(rec *Recorder) (string, error) {
	var found junk
	if s.conn.Offers(imap.CapSpecialUse) {
		if _, err := s.conn.List(rec, "(SPECIAL-USE)", "", "*", found.take); err != nil || found.marked != "" {
			return found.marked, err
		}
	}
	if _, err := s.conn.List(rec, "", "", "*", found.take); err != nil || found.marked != "" {
		return found.marked, err
	}
	return found.named, nil
}

// misfiled looks for the message of --message=header: in the mailbox for spam, when it
// is not where it should be. It is fetched there too, so that an old one is judged by its
// age. Without one it returns the error missing, also when the mailbox for spam cannot be
// looked into.
func (s *Session) misfiled(rec *Recorder, missing error) error {
	name, number, err := s.searchJunk(rec)
	if err != nil {
		rec.Remark("the mailbox for spam could not be looked into")
		return missing
	}
	if number == 0 {
		return missing
	}
	rec.Fact("misfiled_mailbox", name)
	if err := s.fetch(rec, imap.SeqSetNum(number), number); err != nil {
		return err
	}
	return fmt.Errorf("%w: the message is in %s", report.ErrMisfiled, report.Foreign(name))
}

// searchJunk opens the mailbox for spam read-only, whatever --read-write says, and
// returns the number of the message in it, 0 for none.
func (s *Session) searchJunk(rec *Recorder) (name string, number uint32, err error) {
	if name, err = s.findJunk(rec); err != nil || name == "" || name == s.cfg.Mailbox {
		return name, 0, err
	}
	if _, err = s.conn.Open(rec, "EXAMINE", name, func(client.MailboxItem) {}); err != nil || s.conn.Exists == 0 {
		return name, 0, err
	}
	number, err = s.number(rec, s.cfg.Message)
	return name, number, err
}

// explainJunk says what misfiled sends.
func explainJunk(search, fetch Sent) []Sent {
	const when = "where no message has it"
	all := []Sent{
		{Text: `LIST (SPECIAL-USE) "" "*"`, When: when + " and the server offers SPECIAL-USE", Answer: `* LIST (... \Junk) ... JUNK`},
		{Text: `LIST "" "*"`, When: when + ` and no \Junk is known`, Answer: "* LIST (...) ... JUNK, by its name"},
		{Text: "EXAMINE JUNK", When: when, Answer: "* N EXISTS"},
	}
	for _, s := range []Sent{search, fetch} {
		s.When = when
		all = append(all, s)
	}
	return all
}
