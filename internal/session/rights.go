package session

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// rightsStep asks before the mailbox is opened, so that it says which right is missing
// for that.
var rightsStep = Step{
	Name:       report.StepRights,
	Doc:        "MYRIGHTS, RFC 4314 section 3.5",
	About:      report.AboutMailbox,
	Needs:      Authenticated,
	Capability: imap.CapACL,
	Flag:       "--expect-rights",
	Given:      func(c *Config) bool { return len(c.Expect.Rights) > 0 },
	Explain:    explainRights,
	Run:        runRights,
}

func explainRights(c *Config) Explanation {
	e := oneCommand("MYRIGHTS "+client.MailboxWord(c.Mailbox), "* MYRIGHTS ... lrs...")
	if want := c.Expect.Rights; len(want) > 0 {
		e.Expects = append(e.Expects, "the rights "+want.String()+" are among them")
	}
	return e
}

// ParseRights reads a value of --expect-rights: letters and digits of RFC 4314 section
// 2.1, in any case and order.
func ParseRights(v string) (imap.RightSet, error) {
	var rights imap.RightSet
	for _, b := range []byte(strings.ToLower(strings.TrimSpace(v))) {
		if !client.IsRight(b) {
			return nil, fmt.Errorf("%q is not a right", rune(b))
		}
		rights = rights.Add(imap.RightSet{imap.Right(b)})
	}
	return rights, nil
}

func runRights(_ context.Context, s *Session, rec *Recorder) error {
	rights, answered, err := s.conn.MyRights(rec, s.cfg.Mailbox)
	if err != nil {
		return err
	}
	if !answered {
		return noAnswer("MYRIGHTS")
	}
	rec.Fact("rights", rights.String())
	rec.Detail(s.cfg.Mailbox + ", " + rightsWords(rights))
	var missing []string
	for _, want := range s.cfg.Expect.Rights {
		if !s.holds(rights, want) {
			missing = append(missing, rightWords(want))
		}
	}
	if len(missing) > 0 {
		rec.Fault(report.ErrExpectation, "%s may not %s in %s (%s)", s.actor(), strings.Join(missing, ", "), s.cfg.Mailbox, rightsWords(rights))
	}
	return nil
}

// actor returns the user whose rights are looked at.
func (s *Session) actor() string {
	return cmp.Or(s.cfg.Authzid, s.cfg.Username, "the user")
}

// holds says whether a right is among those that the server names. A server of RFC
// 2086 has no capability RIGHTS= and neither k, x, t nor e: its c and d stand for
// them. See RFC 4314 sections 2.1.1 and 4.
func (s *Session) holds(rights imap.RightSet, want imap.Right) bool {
	one := string(rune(want))
	if !s.hasNewRights() {
		one += map[imap.Right]string{'k': "c", 't': "d", 'e': "d", 'x': "cd"}[want]
	}
	return strings.ContainsAny(rights.String(), one)
}

// hasNewRights says whether the server has the rights of RFC 4314.
func (s *Session) hasNewRights() bool {
	for capability := range s.conn.Capabilities {
		if strings.HasPrefix(strings.ToUpper(string(capability)), "RIGHTS=") {
			return true
		}
	}
	return false
}

// rightNames say what the rights allow. See RFC 4314 section 4.
var rightNames = map[imap.Right]string{
	'l': "list", 'r': "read", 's': "mark as read", 'w': "set flags", 'i': "insert mail", 'p': "post",
	'k': "create mailboxes", 'x': "delete the mailbox", 't': "mark as deleted", 'e': "expunge", 'a': "administer",
	'c': "create mailboxes", 'd': "delete",
}

// rightWords returns "insert mail (i)".
func rightWords(r imap.Right) string {
	if name := rightNames[r]; name != "" {
		return fmt.Sprintf("%s (%c)", name, r)
	}
	return fmt.Sprintf("do what the right %c is for", r)
}

// rightsWords returns the rights as the server names them, "no rights" for none.
func rightsWords(rights imap.RightSet) string {
	if len(rights) == 0 {
		return "no rights"
	}
	return "rights " + rights.String()
}
