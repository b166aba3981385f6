package session

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

var fetchStep = Step{
	Name:    report.StepFetch,
	Doc:     "FETCH of one message, RFC 9051 section 6.4.5",
	About:   report.AboutStore,
	Needs:   Selected,
	Wanted:  (*Config).fetches,
	Explain: explainFetch,
	Run:     runFetch,
}

// fetches says whether the session fetches a message. Of the mailboxes that
// --mailboxes finds only when that was asked for.
func (c *Config) fetches() bool {
	return c.Pattern == "" || c.Message.Named() || len(c.Expect.Headers) > 0 || c.With[Delivery] || c.hasThresholdOf(report.StepFetch)
}

// FetchWhat says what to fetch of the message.
type FetchWhat string

// The values of --fetch. None of them sets \Seen.
const (
	FetchHeaders  FetchWhat = "headers"
	FetchEnvelope FetchWhat = "envelope"
	FetchBody     FetchWhat = "body"
)

// fetchItems returns what stands behind the message number on the wire.
func (c *Config) fetchItems() string {
	items := "FLAGS INTERNALDATE RFC822.SIZE "
	switch c.Fetch {
	case FetchEnvelope:
		if len(c.Expect.Headers) == 0 && !c.MeasuresDelivery() {
			return "ALL" // the article's; RFC 9051 section 6.4.5
		}
		items += "ENVELOPE"
	case FetchBody:
		items += "BODY.PEEK[]"
		if c.FetchLimit > 0 {
			items += fmt.Sprintf("<0.%d>", c.FetchLimit)
		}
	default:
		items += "BODY.PEEK[HEADER]<0.2048>"
	}
	if names := c.headerNames(); len(names) > 0 {
		items += " BODY.PEEK[HEADER.FIELDS (" + strings.Join(names, " ") + ")]"
		if c.MeasuresDelivery() {
			items += fmt.Sprintf("<0.%d>", client.MaxHeader)
		}
	}
	return "(" + items + ")"
}

func explainFetch(c *Config) Explanation {
	fetch := Sent{Text: "FETCH N " + c.fetchItems(), Answer: "* N FETCH (FLAGS ... INTERNALDATE ... RFC822.SIZE ..."}
	e := Explanation{Sends: []Sent{fetch}}
	switch m := c.Message; {
	case m.UID > 0:
		e.Sends[0].Text = fmt.Sprintf("UID FETCH %d %s", m.UID, c.fetchItems())
	case m.Number > 0:
		e.Sends[0].Text = fmt.Sprintf("FETCH %d %s", m.Number, c.fetchItems())
	case m.Oldest:
		e.Sends[0].Text = "FETCH 1 " + c.fetchItems()
	case m.Header != "":
		search := Sent{Text: "SEARCH " + client.HeaderCriteria(m.Header, m.Value).Typed(), Answer: "* SEARCH N N N ..., of which the last is N"}
		e.Sends = append([]Sent{search, fetch}, explainJunk(search, fetch)...)
	default:
		e.Does = "the newest message: N is the number in front of EXISTS"
	}
	if c.MeasuresDelivery() {
		e.Does = strings.TrimPrefix(e.Does+"; Date and Received tell how long it was on its way", "; ")
	}
	for _, h := range c.Expect.Headers {
		e.Expects = append(e.Expects, fmt.Sprintf("the header field %s matches %s", h.Name, h.Pattern))
	}
	return e
}

// bodyAllowance is how much more than wire.Limits.Total a --fetch=body without
// --fetch-limit may bring: the largest mails that servers take are far below it.
const bodyAllowance = 256 << 20

// FetchLimitMax is the most that --fetch-limit can be.
const FetchLimitMax = 4 << 30

func runFetch(_ context.Context, s *Session, rec *Recorder) error {
	m := s.cfg.Message
	missing := func(format string, args ...any) error {
		return fmt.Errorf("%w: %w", report.ErrMessageMissing, fmt.Errorf(format, args...))
	}
	switch empty := s.conn.Exists == 0; {
	case empty && m.Header != "":
		return s.misfiled(rec, missing("the mailbox is empty"))
	case empty && m.Named():
		return missing("the mailbox is empty")
	case empty && (len(s.cfg.Expect.Headers) > 0 || s.cfg.hasThresholdOf(report.StepFetch)):
		return missing("%w", report.ErrMailboxEmpty)
	case empty:
		rec.Skip("the mailbox is empty")
		return nil
	case m.Number > s.conn.Exists:
		return missing("number %d of %d", m.Number, s.conn.Exists)
	case m.UID > 0:
		return s.fetch(rec, imap.UIDSetNum(m.UID), 0)
	}
	number, err := s.number(rec, m)
	if err != nil {
		return err
	}
	if number == 0 {
		return s.misfiled(rec, missing("no message has the header field %s: %s", m.Header, m.Value))
	}
	return s.fetch(rec, imap.SeqSetNum(number), number)
}

// fetch fetches a message and records what the answer says. number is its
// sequence number, 0 for a UID. A message that was expunged since the mailbox was
// opened is not a failure, because users do that; for a UID we cannot know whether
// it ever existed.
func (s *Session) fetch(rec *Recorder, set imap.NumSet, number uint32) error {
	if s.cfg.Fetch == FetchBody {
		s.conn.Allow(cmp.Or(s.cfg.FetchLimit, bodyAllowance))
	}
	var got *client.FetchData
	unparsed := 0
	reply, err := s.conn.Fetch(rec, set, s.cfg.fetchItems(), func(m *client.FetchData) {
		switch {
		case number > 0 && m.Number != number: // not the message that was asked for
		case got == nil:
			got = m
		default:
			got.Merge(m)
		}
	}, func() { unparsed++ })
	expunged := expungeIssued(reply)
	if err != nil && !expunged {
		return err
	}
	if unparsed > 0 {
		rec.Remark(fmt.Sprintf("the answer to FETCH has %s that belong to no response", plural(unparsed, "line")))
	}
	switch {
	case expunged || got == nil && s.conn.Expunged && s.cfg.Message.UID == 0:
		const why = "the message went away between SELECT and FETCH"
		rec.Absent(why, metricNames(report.StepFetch)...)
		rec.Remark(why)
		rec.Detail("the message went away")
		return nil
	case got == nil:
		return fmt.Errorf("%w: the server answered OK and sent nothing", report.ErrMessageMissing)
	}
	return s.fetched(rec, got)
}

// fetched records what the answer says. What cannot be read is a remark, unless
// somebody asked for the number that stood there.
func (s *Session) fetched(rec *Recorder, got *client.FetchData) error {
	detail := []string{fmt.Sprintf("message %d", got.Number)}
	if got.HasSize {
		rec.Metric(report.MessageSize, float64(got.Size))
		detail = append(detail, fmt.Sprintf("%d bytes", got.Size))
	} else if err := s.unread(rec, report.MessageSize, "RFC822.SIZE"); err != nil {
		return err
	}
	if !got.InternalDate.IsZero() {
		age := age(rec, fmt.Sprintf("message %d", got.Number), got.InternalDate)
		rec.MetricAt(report.MessageAge, age.Seconds(), got.InternalDate)
		rec.Fact("internaldate", got.InternalDate.Format(time.RFC3339))
		detail = append(detail, report.Roughly(age)+" old")
	} else if err := s.unread(rec, report.MessageAge, "INTERNALDATE"); err != nil {
		return err
	}
	if got.BodyParts > 0 {
		rec.Metric(report.FetchSize, float64(got.BodyBytes))
	} else {
		s.unmeasured(rec, "the answer to FETCH has nothing of the message", report.FetchSize)
	}
	if got.UID > 0 {
		rec.Fact("uid", int64(got.UID))
	}
	s.delivered(rec, got)
	expectHeaders(rec, s.cfg.Expect.Headers, got)
	rec.Detail(strings.Join(detail, ", "))
	return nil
}

// clockSlack is how far the clocks of the server and of this machine may differ
// before the age of a message is below zero.
const clockSlack = time.Minute

// age returns how long ago a message came in: 0 for one that came in a little later
// than now, by the clock of this machine.
func age(rec *Recorder, message string, at time.Time) time.Duration {
	d := time.Since(at)
	if d >= 0 {
		return d
	}
	rec.Remark(fmt.Sprintf("%s came in %s in the future: the clocks of the server and of this machine differ", message, report.Roughly(-d)))
	if d >= -clockSlack {
		return 0
	}
	return d
}

// unread deals with an item that is missing or makes no sense.
func (s *Session) unread(rec *Recorder, metric, item string) error {
	why := "the answer to FETCH has no " + item + " that can be read"
	if s.cfg.hasThreshold(metric) {
		return fmt.Errorf("%w: %s", report.ErrProtocol, why)
	}
	rec.Absent(why, metric)
	rec.Remark(why)
	return nil
}
