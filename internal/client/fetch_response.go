package client

import (
	"strconv"
	"strings"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// FetchData is what FETCH said of a message. imapclient has a type for that,
// which keeps the message; of the body only its size matters here.
type FetchData struct {
	Number       uint32
	UID          imap.UID // 0 when it was not said
	Size         int64    // RFC822.SIZE
	HasSize      bool
	InternalDate time.Time // zero when there was none that can be read
	BodyBytes    int64     // of the header or the whole, as far as asked for
	BodyParts    int       // items that brought them
	Header       string    // of BODY[HEADER.FIELDS (...)], up to MaxHeader bytes
	HasHeader    bool      // the answer had that item
}

// Gone says whether these are the numbers that Dovecot 2.3 makes up for a
// message that was expunged since the mailbox was opened: all are zero.
func (m *FetchData) Gone() bool { return m.InternalDate.Unix() == 0 && m.Size == 0 }

// Fetch sends FETCH, or UID FETCH for an imap.UIDSet. items are sent as they
// are. each sees every answer; onUnparsed is called for lines that belong to no
// response, nil makes them a failure. See RFC 9051 section 6.4.5.
func (c *Conn) Fetch(t Timer, set imap.NumSet, items string, each func(*FetchData), onUnparsed func()) (*report.Reply, error) {
	verb := "FETCH"
	if _, uids := set.(imap.UIDSet); uids {
		verb = "UID FETCH"
	}
	x, err := c.start(t, c.newCommand(verb, set.String(), items))
	if err != nil {
		return nil, err
	}
	x.onUnparsed, x.content = onUnparsed, &content{}
	x.each = func(r *wire.Response) {
		if m := parseFetch(r); m != nil {
			each(m)
		}
	}
	return x.complete()
}

// parseFetch reads an untagged FETCH response, and returns nil for others and
// for an unsolicited one of flags alone. It walks the pairs of item and value and
// skips every value that it has no use for, so that an item that was not asked
// for, or a broken ENVELOPE, does no harm.
func parseFetch(r *wire.Response) *FetchData {
	words := r.Words(2)
	if !wire.IsFetch(words) {
		return nil
	}
	n, err := parseNumber(words[0])
	if err != nil {
		return nil
	}
	m := &FetchData{Number: n}
	sc := r.Scan()
	sc.Next() // number
	sc.Next() // FETCH
	items := 0
	for t := sc.Next(); t.Kind != wire.TokenEnd; t = sc.Next() {
		if t.Kind == wire.TokenAtom && m.item(strings.ToUpper(t.Text), sc) {
			items++
		}
	}
	if items == 0 {
		return nil
	}
	return m
}

// item reads the value of one item, and says whether it was one that only the
// answer to our FETCH has.
func (m *FetchData) item(name string, sc *wire.Scanner) bool {
	switch {
	case name == "INTERNALDATE":
		if t, err := parseDate(sc.Next().Text); err == nil {
			m.InternalDate = t
		}
	case name == "RFC822.SIZE":
		if n, err := strconv.ParseInt(sc.Next().Text, 10, 64); err == nil && n >= 0 {
			m.Size, m.HasSize = n, true
		}
	case name == "UID":
		if n, err := parseNumber(sc.Next().Text); err == nil {
			m.UID = imap.UID(n)
		}
		return false
	case strings.HasPrefix(name, "BODY["):
		t := sc.Next()
		if strings.HasPrefix(name, "BODY[HEADER.FIELDS") {
			m.addHeader(t.Text)
			m.HasHeader = true
			break
		}
		m.BodyParts++
		m.BodyBytes += t.Size
	case name == "ENVELOPE":
		if sc.Next().Kind == wire.TokenOpen {
			sc.Skip()
		}
	default: // FLAGS, MODSEQ, X-GM-LABELS ...
		return false
	}
	return true
}

// Merge adds what another response says of the same message: some servers send
// the items in two.
func (m *FetchData) Merge(n *FetchData) {
	if n.Number != m.Number {
		return
	}
	if !m.HasSize {
		m.Size, m.HasSize = n.Size, n.HasSize
	}
	if m.InternalDate.IsZero() {
		m.InternalDate = n.InternalDate
	}
	m.UID = max(m.UID, n.UID)
	m.BodyBytes += n.BodyBytes
	m.BodyParts += n.BodyParts
	m.addHeader(n.Header)
	m.HasHeader = m.HasHeader || n.HasHeader
}

// MaxHeader is how much is kept of the header fields that were asked for, in bytes.
const MaxHeader = 64 << 10

// addHeader adds header fields as far as there is room for them.
func (m *FetchData) addHeader(text string) {
	m.Header += text[:min(len(text), MaxHeader-len(m.Header))]
}

// parseDate reads an INTERNALDATE: as RFC 9051 section 9 wants it, with a one-digit
// day, and with the zone of three digits that Exchange 5.5 wrote ("25-JUN-1998
// 10:57:38 -500").
func parseDate(v string) (time.Time, error) {
	v = strings.TrimSpace(v)
	if i := strings.LastIndexAny(v, "+-"); i > 0 && len(v)-i-1 == 3 {
		v = v[:i+1] + "0" + v[i+1:]
	}
	// In UTC, as time.Parse would read the file of the local zone for nothing.
	return time.ParseInLocation("2-Jan-2006 15:04:05 -0700", v, time.UTC)
}
