package session

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

var fetchStep = Step{
	Name:  "fetch",
	Doc:   "FETCH of one message, RFC 9051 section 6.4.5",
	Needs: Selected,
	Gives: Selected,
	Metrics: []report.MetricDef{
		report.MustMetric(report.MessageAge),
		report.MustMetric(report.MessageSize),
	},
	Wanted: always,
	Run:    runFetch,
}

// FetchWhat says what to fetch of the message.
type FetchWhat string

// The values of --fetch. None of them sets \Seen.
const (
	FetchHeaders  FetchWhat = "headers"
	FetchEnvelope FetchWhat = "envelope"
	FetchBody     FetchWhat = "body"
)

// items returns what stands behind the message number on the wire.
func (w FetchWhat) items() string {
	switch w {
	case FetchEnvelope:
		return "ALL" // FLAGS INTERNALDATE RFC822.SIZE ENVELOPE, RFC 9051 section 6.4.5
	case FetchBody:
		return "(FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"
	}
	return "(FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]<0.2048>)"
}

// bodyAllowance is how much more than wire.Limits.Total a --fetch=body may
// bring: the largest mails that servers take are far below it.
const bodyAllowance = 256 << 20

// Message says which message to fetch. The zero Message is the newest one.
type Message struct {
	Oldest bool
	Number uint32 // sequence number; 0 for none
	UID    uint32 // 0 for none
}

// Named says whether the user asked for one message in particular, so that its
// absence is a failure.
func (m Message) Named() bool { return m.Number > 0 || m.UID > 0 }

// ParseMessage reads a value of --message: newest, oldest, N or uid:N.
func ParseMessage(v string) (Message, error) {
	switch strings.ToLower(v) {
	case "newest":
		return Message{}, nil
	case "oldest":
		return Message{Oldest: true}, nil
	}
	digits, uid := strings.CutPrefix(strings.ToLower(v), "uid:")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 {
		return Message{}, fmt.Errorf("%q is no message: give newest, oldest, a sequence number from 1, or uid:N", v)
	}
	if uid {
		return Message{UID: uint32(n)}, nil
	}
	return Message{Number: uint32(n)}, nil
}

func runFetch(_ context.Context, s *Session, rec *Recorder) error {
	m := s.cfg.Message
	missing := func(text string) error {
		return &report.StepError{Err: fmt.Errorf("%w: %s", report.ErrMessageMissing, text)}
	}
	if s.messages == 0 {
		if m.Named() || s.asked(report.MessageAge, report.MessageSize, report.StepTime("fetch")) {
			return missing("the mailbox is empty")
		}
		rec.Skip("the mailbox is empty")
		return nil
	}
	if m.Number > s.messages {
		return missing(fmt.Sprintf("number %d of %d", m.Number, s.messages))
	}
	if s.cfg.Fetch == FetchBody {
		s.conn.Allow(bodyAllowance)
	}
	number := s.fetchNumber(m)
	got := &message{wanted: number}
	var strays int
	reply, err := s.doLoose(rec, s.fetchCommand(m, number), got.take, func([]byte) { strays++ })
	gone := expungeIssued(reply)
	if err != nil && !gone {
		return err
	}
	if strays > 0 {
		rec.Remark(fmt.Sprintf("the answer to FETCH has %s that belong to no response", plural(int64(strays), "line")))
	}
	if gone || !got.seen && s.expunged {
		if m.Named() {
			return missing("it went away between SELECT and FETCH")
		}
		rec.Remark("the message went away between SELECT and FETCH")
		rec.Absent(report.MessageAge, "the message went away")
		rec.Absent(report.MessageSize, "the message went away")
		rec.Detail("the message went away")
		return nil
	}
	if !got.seen {
		return missing("the server answered OK and sent nothing")
	}
	return s.fetched(rec, got)
}

// fetchNumber returns the sequence number of the message that is asked for, 0
// when it is asked for by UID.
func (s *Session) fetchNumber(m Message) uint32 {
	switch {
	case m.UID > 0:
		return 0
	case m.Number > 0:
		return m.Number
	case m.Oldest:
		return 1
	}
	return s.messages
}

func (s *Session) fetchCommand(m Message, number uint32) *command {
	verb := "FETCH"
	if m.UID > 0 {
		number, verb = m.UID, "UID FETCH"
	}
	return s.newCommand(verb, strconv.FormatUint(uint64(number), 10), s.cfg.Fetch.items())
}

// fetched records what the answer says. What cannot be read is a remark, unless
// somebody asked for the number that stood there.
func (s *Session) fetched(rec *Recorder, got *message) error {
	detail := []string{fmt.Sprintf("message %d", got.number)}
	if got.hasSize {
		rec.Metric(report.MessageSize, float64(got.size))
		detail = append(detail, fmt.Sprintf("%d bytes", got.size))
	} else if err := s.unread(rec, report.MessageSize, "RFC822.SIZE"); err != nil {
		return err
	}
	if !got.date.IsZero() {
		age := time.Since(got.date)
		rec.Metric(report.MessageAge, age.Seconds())
		rec.Fact("internaldate", got.date.Format(time.RFC3339))
		detail = append(detail, roughly(age)+" old")
	} else if err := s.unread(rec, report.MessageAge, "INTERNALDATE"); err != nil {
		return err
	}
	if got.uid > 0 {
		rec.Fact("uid", int64(got.uid))
	}
	rec.Detail(strings.Join(detail, ", "))
	return nil
}

// unread deals with an item that is missing or makes no sense.
func (s *Session) unread(rec *Recorder, metric, item string) error {
	why := "the answer to FETCH has no " + item + " that can be read"
	if s.asked(metric) {
		return &report.StepError{Err: fmt.Errorf("%w: %s", report.ErrProtocol, why)}
	}
	rec.Absent(metric, why)
	rec.Remark(why)
	return nil
}

// roughly returns a duration as a person says it: "61 s", "12 min", "3 h", "5 d".
func roughly(d time.Duration) string {
	switch abs := d.Abs(); {
	case abs < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case abs < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case abs < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f d", d.Hours()/24)
}

// message is what FETCH said of the message.
type message struct {
	wanted  uint32 // sequence number; 0 takes the first that comes
	seen    bool
	number  uint32
	uid     uint32
	size    int64
	hasSize bool
	date    time.Time
}

// gone says whether these are the numbers that Dovecot 2.3 makes up for a
// message that has gone away since the mailbox was opened: all are zero.
func (m *message) gone() bool { return m.date.Unix() == 0 && m.size == 0 }

// take reads one untagged FETCH response; others are not its business. It
// walks the pairs of item and value and skips every value it does not know, so
// that an item nobody asked for, or a broken ENVELOPE, does no harm.
func (m *message) take(r *wire.Response) {
	words := r.Words(2)
	if len(words) < 2 || !strings.HasPrefix(words[1], "FETCH") {
		return
	}
	n, err := strconv.ParseUint(words[0], 10, 32)
	if err != nil || m.wanted > 0 && uint32(n) != m.wanted {
		return
	}
	got := message{wanted: m.wanted, number: uint32(n)}
	sc := r.Scan()
	sc.Next() // number
	sc.Next() // FETCH
	items := 0
	for {
		t := sc.Next()
		if t.Kind == wire.TokenEnd {
			break
		}
		if t.Kind == wire.TokenAtom {
			items += got.item(strings.ToUpper(t.Text), sc)
		}
	}
	if items == 0 {
		return // an unsolicited FETCH of flags alone is not the answer
	}
	m.merge(got)
}

// item reads the value of one item and returns 1 when it was one that only the
// answer to our FETCH has.
func (m *message) item(name string, sc *wire.Scanner) int {
	switch {
	case name == "INTERNALDATE":
		if t, err := parseDate(sc.Next().Text); err == nil {
			m.date = t
		}
	case name == "RFC822.SIZE":
		if n, err := strconv.ParseInt(sc.Next().Text, 10, 64); err == nil && n >= 0 {
			m.size, m.hasSize = n, true
		}
	case name == "UID":
		if n, err := strconv.ParseUint(sc.Next().Text, 10, 32); err == nil {
			m.uid = uint32(n)
		}
		return 0
	case name == "ENVELOPE" || strings.HasPrefix(name, "BODY["):
		if sc.Next().Kind == wire.TokenOpen {
			sc.Skip()
		}
	default: // FLAGS, MODSEQ, X-GM-LABELS ...
		return 0
	}
	return 1
}

// merge adds what another response says of the same message: some servers send
// the items in two.
func (m *message) merge(n message) {
	if !m.seen {
		*m = n
		m.seen = true
		return
	}
	if n.number != m.number {
		return
	}
	if !m.hasSize {
		m.size, m.hasSize = n.size, n.hasSize
	}
	if m.date.IsZero() {
		m.date = n.date
	}
	m.uid = max(m.uid, n.uid)
}

// dateForms are the ways servers write INTERNALDATE: as RFC 9051 section 9
// wants it, with a one-digit day, and with the zone of three digits that
// Exchange 5.5 wrote ("25-JUN-1998 10:57:38 -500").
var dateForms = []string{"_2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700"}

func parseDate(v string) (time.Time, error) {
	v = strings.TrimSpace(v)
	if i := strings.LastIndexAny(v, "+-"); i > 0 && len(v)-i-1 == 3 {
		v = v[:i+1] + "0" + v[i+1:]
	}
	var err error
	for _, form := range dateForms {
		var t time.Time
		if t, err = time.Parse(form, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, err
}
