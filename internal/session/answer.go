package session

import (
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/wire"
)

// message is what FETCH said of the message.
type message struct {
	wanted  uint32 // sequence number; 0 takes the first that comes
	seen    bool
	number  uint32
	uid     uint32
	size    int64
	hasSize bool
	date    time.Time
	bytes   int64  // of the header or the whole, as far as asked for
	parts   int    // items that brought them
	header  string // of the fields that --expect-header names
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
	case strings.HasPrefix(name, "BODY["):
		t := sc.Next()
		if strings.HasPrefix(name, "BODY[HEADER.FIELDS") {
			m.header += t.Text
			break
		}
		m.parts++
		m.bytes += t.Size
	case name == "ENVELOPE":
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
	m.bytes += n.bytes
	m.parts += n.parts
	m.header += n.header
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
		// In UTC, as time.Parse would read the file of the local zone for nothing.
		if t, err = time.ParseInLocation(form, v, time.UTC); err == nil {
			return t, nil
		}
	}
	return time.Time{}, err
}
