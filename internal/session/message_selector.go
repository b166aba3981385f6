package session

import (
	"fmt"
	"strconv"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
)

// MessageSelector says which message to fetch. Its zero value is the newest one.
type MessageSelector struct {
	Oldest bool
	Number uint32   // sequence number; 0 for none
	UID    imap.UID // 0 for none
	// Header and Value are those of a header field: the newest message that has
	// it is meant. "" for none.
	Header, Value string
}

// Named says whether the user asked for one message in particular, so that its
// absence is a failure.
func (m MessageSelector) Named() bool { return m.Number > 0 || m.UID > 0 || m.Header != "" }

// end returns "newest" or "oldest", "" for a message that is named.
func (m MessageSelector) end() string {
	switch {
	case m.Named():
		return ""
	case m.Oldest:
		return "oldest"
	}
	return "newest"
}

// ParseMessage reads a value of --message: newest, oldest, N, uid:N or
// header:NAME=VALUE.
func ParseMessage(v string) (MessageSelector, error) {
	switch strings.ToLower(v) {
	case "newest":
		return MessageSelector{}, nil
	case "oldest":
		return MessageSelector{Oldest: true}, nil
	}
	kind, rest, _ := strings.Cut(v, ":")
	if strings.EqualFold(kind, "header") {
		return headerMessage(rest)
	}
	digits, uid := strings.CutPrefix(strings.ToLower(v), "uid:")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 {
		return MessageSelector{}, fmt.Errorf("%q is not a message: give newest, oldest, a sequence number from 1, uid:N or header:NAME=VALUE", v)
	}
	if uid {
		return MessageSelector{UID: imap.UID(n)}, nil
	}
	return MessageSelector{Number: uint32(n)}, nil
}

// headerMessage reads NAME=VALUE.
func headerMessage(v string) (MessageSelector, error) {
	name, value, found := strings.Cut(v, "=")
	name = strings.TrimSpace(name)
	switch {
	case !found || value == "":
		return MessageSelector{}, fmt.Errorf("header:%s names no value: write header:NAME=VALUE", name)
	case !IsHeaderName(name):
		return MessageSelector{}, fmt.Errorf("%q is not the name of a header field", name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(value) > client.MaxCriteria:
		return MessageSelector{}, fmt.Errorf("the value of header:%s is too long or has a line end in it", name)
	}
	return MessageSelector{Header: name, Value: value}, nil
}

// IsHeaderName says whether a header field can have that name. See RFC 5322
// section 2.2.
func IsHeaderName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' })
}

// number returns the sequence number of the message to fetch, 0 for none. It is
// asked by SEARCH for a header field, and the number holds until the FETCH: a
// server must not renumber messages during either (RFC 9051 section 7.5.1).
func (s *Session) number(rec *Recorder, m MessageSelector) (uint32, error) {
	switch {
	case m.Header != "":
		found, err := s.search(rec, client.HeaderCriteria(m.Header, m.Value))
		return found.last(), err
	case m.Number > 0:
		return m.Number, nil
	case m.Oldest:
		return 1, nil
	}
	return s.conn.Exists, nil
}
