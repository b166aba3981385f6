package session

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// appendStep adds a message to a mailbox, fetches it back and removes it. It is the one
// step that changes something on the server, and only --append brings it in. It needs
// UIDPLUS, without which one message cannot be removed alone (RFC 4315).
var appendStep = Step{
	Name:       report.StepAppend,
	Doc:        "APPEND of a message that is then removed, RFC 9051 section 6.3.12, RFC 4315",
	About:      report.AboutMailbox,
	Own:        func(c *Config) string { return c.Append },
	Needs:      Authenticated,
	Capability: imap.CapUIDPlus,
	Wanted:     func(c *Config) bool { return c.Append != "" },
	When:       "--append is given",
	Explain:    explainAppend,
	Run:        runAppend,
}

const (
	// probeField is the header field by which our messages are known; its value is
	// probeMark and a number of their own.
	probeField = "X-Check-Imap-Session"
	probeMark  = "write-probe"
	probeItems = "(INTERNALDATE BODY.PEEK[HEADER.FIELDS (X-CHECK-IMAP-SESSION)])"
	// probeAge is how old a message of ours is before another run removes it. A
	// younger one may be that of a check which is under way.
	probeAge = 10 * time.Minute
)

func explainAppend(c *Config) Explanation {
	box := client.MailboxWord(c.Append)
	return Explanation{
		Does: "the message has a header field of ours, and only messages with it are removed: this one, " +
			fmt.Sprintf("and those that earlier runs have left for more than %.0f minutes", probeAge.Minutes()),
		Sends: []Sent{
			{Text: "SELECT " + box, Answer: "* N EXISTS"},
			{Text: "APPEND " + box + ` (\Seen) {N}`, Answer: "+"},
			{Text: probeField + ": " + probeMark + " N", Untagged: true, Answer: "OK [APPENDUID N N]"},
			{Text: "UID SEARCH " + probes().Typed(), Answer: "* SEARCH N"},
			{Text: "UID FETCH N " + probeItems, Answer: "* N FETCH (UID N INTERNALDATE ..."},
			{Text: `UID STORE N +FLAGS.SILENT (\Deleted)`},
			{Text: "UID EXPUNGE N", Answer: "* N EXPUNGE"},
		},
	}
}

// probes are the criteria of all messages of ours.
func probes() client.Criteria { return client.HeaderCriteria(probeField, probeMark) }

func runAppend(_ context.Context, s *Session, rec *Recorder) error {
	validity, err := s.openForProbe(rec)
	if err != nil {
		return err
	}
	id := cmp.Or(s.cfg.probeID, fmt.Sprintf("%016x", rand.Uint64()))
	message := probeMessage(id, time.Now())
	clock := &stopwatch{Timer: rec}
	uidValidity, uid, err := s.conn.Append(clock, s.cfg.Append, message)
	if err != nil {
		return err
	}
	if uidValidity != validity {
		uid = 0 // the mailbox was made anew since: another message may have the UID
	}
	left, err := s.removeProbes(rec, id, uid)
	if err != nil {
		rec.Remark(fmt.Sprintf("the message in %s was not removed: a later run with --append removes it", s.cfg.Append))
		return err
	}
	rec.Span(clock.from, clock.to)
	detail := fmt.Sprintf("%d bytes added to %s, fetched back and removed", len(message), s.cfg.Append)
	if left > 0 {
		detail += fmt.Sprintf(", and %s that earlier runs had left", plural(left, "message"))
	}
	rec.Detail(detail)
	return nil
}

// openForProbe opens the mailbox and returns its UIDVALIDITY. Nothing is added where it
// could not be removed again.
func (s *Session) openForProbe(rec *Recorder) (validity uint32, err error) {
	var flags, permanent []imap.Flag
	reply, err := s.conn.Open(untimed{rec}, "SELECT", s.cfg.Append, func(item client.MailboxItem) {
		switch item.Name {
		case "UIDVALIDITY":
			validity = uint32(item.Number)
		case "FLAGS":
			flags = item.Flags
		case "PERMANENTFLAGS":
			permanent = item.Flags
		}
	})
	switch {
	case err != nil:
		return 0, err
	case reply.Code == "READ-ONLY":
		return 0, fmt.Errorf("%w: %s is read-only", report.ErrReadOnly, s.cfg.Append)
	case !canDelete(flags, permanent):
		return 0, fmt.Errorf("%w: mail in %s cannot be marked as deleted", report.ErrReadOnly, s.cfg.Append)
	}
	return validity, nil
}

// canDelete says whether mail can be marked as deleted, by the FLAGS and PERMANENTFLAGS of
// the mailbox. Without the latter all flags can be changed (RFC 9051 section 6.3.2).
// go-imap's server names the flags that are in use, and \* for all others.
func canDelete(flags, permanent []imap.Flag) bool {
	has := func(list []imap.Flag, flag imap.Flag) bool {
		return slices.ContainsFunc(list, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
	}
	return permanent == nil || has(permanent, imap.FlagDeleted) || has(permanent, imap.FlagWildcard) && !has(flags, imap.FlagDeleted)
}

// removeProbes removes the message with the id, and old ones of other runs, and returns
// how many of those there were. A UID is removed when a message with our header field is
// seen to have it, and never because the server says so.
func (s *Session) removeProbes(rec *Recorder, id string, uid imap.UID) (left int, err error) {
	own, old, err := s.findProbes(rec, id, uid)
	if err == nil && own == 0 { // not every server shows a new message at once: RFC 9051 section 6.3.12
		if err = s.conn.Noop(untimed{rec}); err == nil {
			own, old, err = s.findProbes(rec, id, uid)
		}
	}
	if err != nil {
		return 0, err
	}
	if own == 0 {
		return 0, fmt.Errorf("%w: the server has taken a message for %s, and it is not there", report.ErrMessageMissing, s.cfg.Append)
	}
	set := imap.UIDSetNum(append(old, own)...)
	if err := s.conn.MarkDeleted(untimed{rec}, set); err != nil {
		return 0, err
	}
	return len(old), s.conn.Expunge(untimed{rec}, set)
}

// findProbes returns the UID of the message with the id, 0 when it is not there, and
// those of old ones. uid is what it is said to have, 0 when that is not known.
func (s *Session) findProbes(rec *Recorder, id string, uid imap.UID) (own imap.UID, old []imap.UID, err error) {
	data, err := s.conn.SearchUIDs(untimed{rec}, probes())
	if err != nil {
		return 0, nil, err
	}
	var set imap.UIDSet
	if data != nil {
		for _, r := range ends(data.All.(imap.SeqSet)) {
			set.AddRange(imap.UID(r.Start), imap.UID(r.Stop))
		}
	}
	if uid > 0 {
		set.AddNum(uid)
	}
	if len(set) == 0 {
		return 0, nil, nil
	}
	found := map[uint32]*client.FetchData{}
	reply, err := s.conn.Fetch(untimed{rec}, set, probeItems, func(m *client.FetchData) {
		if before := found[m.Number]; before != nil {
			before.Merge(m)
			return
		}
		found[m.Number] = m
	}, nil)
	if err != nil && !expungeIssued(reply) { // another run may have removed one meanwhile
		return 0, nil, err
	}
	for _, m := range found {
		switch of := probeID(m.Header); {
		case of == "" || m.UID == 0 || !set.Contains(m.UID):
		case of == id:
			own = m.UID
		case !m.InternalDate.IsZero() && time.Since(m.InternalDate) >= probeAge:
			old = append(old, m.UID)
		}
	}
	slices.Sort(old)
	return own, old, nil
}

// probeID returns the number in the header field of a message of ours, "" for any other
// message.
func probeID(header string) string {
	name, value, _ := strings.Cut(strings.TrimSpace(header), ":")
	mark, id, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(name, probeField) || mark != probeMark || len(id) != 16 || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

// probeMessage returns the message with the id. See RFC 5322 section 3.6 for the fields
// that have to be there.
func probeMessage(id string, now time.Time) string {
	return strings.Join([]string{
		"Date: " + now.Format(time.RFC1123Z),
		"From: check_imap_session <check_imap_session@localhost>",
		"Subject: write probe of check_imap_session",
		"Message-ID: <" + id + "@check-imap-session.invalid>",
		probeField + ": " + probeMark + " " + id,
		"",
		"A check of the mail server has added this message, and removes it at once.",
		fmt.Sprintf("When it is older than %.0f minutes it was left by a run that was interrupted.", probeAge.Minutes()),
		"",
	}, "\r\n")
}

// untimed is a Timer of commands that are not in the step's time.
type untimed struct{ client.Timer }

func (untimed) Begin()        {}
func (untimed) End(time.Time) {}

// stopwatch takes the time of one command.
type stopwatch struct {
	client.Timer
	from, to time.Time
}

func (w *stopwatch) Begin()           { w.from = time.Now() }
func (w *stopwatch) End(at time.Time) { w.to = at }
