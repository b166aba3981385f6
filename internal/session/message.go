package session

import (
	"fmt"
	"strconv"
	"strings"
)

// Message says which message to fetch. The zero Message is the newest one.
type Message struct {
	Oldest bool
	Number uint32 // sequence number; 0 for none
	UID    uint32 // 0 for none
	// Header and Value are those of a header field: the newest message that has
	// it is meant. "" for none.
	Header, Value string
}

// Named says whether the user asked for one message in particular, so that its
// absence is a failure.
func (m Message) Named() bool { return m.Number > 0 || m.UID > 0 || m.Header != "" }

// ParseMessage reads a value of --message: newest, oldest, N, uid:N or
// header:NAME=VALUE.
func ParseMessage(v string) (Message, error) {
	switch strings.ToLower(v) {
	case "newest":
		return Message{}, nil
	case "oldest":
		return Message{Oldest: true}, nil
	}
	kind, rest, _ := strings.Cut(v, ":")
	if strings.EqualFold(kind, "header") {
		return headerMessage(rest)
	}
	digits, uid := strings.CutPrefix(strings.ToLower(v), "uid:")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 {
		return Message{}, fmt.Errorf("%q is no message: give newest, oldest, a sequence number from 1, uid:N or header:NAME=VALUE", v)
	}
	if uid {
		return Message{UID: uint32(n)}, nil
	}
	return Message{Number: uint32(n)}, nil
}

// headerMessage reads NAME=VALUE.
func headerMessage(v string) (Message, error) {
	name, value, found := strings.Cut(v, "=")
	name = strings.TrimSpace(name)
	switch {
	case !found || value == "":
		return Message{}, fmt.Errorf("header:%s names no value: write header:NAME=VALUE", name)
	case !IsHeaderName(name):
		return Message{}, fmt.Errorf("%q is no name of a header field", name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(value) > maxCriteria:
		return Message{}, fmt.Errorf("the value of header:%s is too long or has a line end in it", name)
	}
	return Message{Header: name, Value: value}, nil
}

// IsHeaderName says whether a header field can have that name. See RFC 5322
// section 2.2.
func IsHeaderName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' })
}

// number returns the sequence number of the message to fetch, 0 for none. It is
// asked by SEARCH for a header field, and the number holds until the FETCH: a
// server must not renumber messages during either (RFC 9051 section 7.5.1).
func (s *Session) number(rec *Recorder, m Message) (uint32, error) {
	switch {
	case m.Header != "":
		h, err := s.search(rec, header(m.Header, m.Value))
		if err != nil || len(h.listed) == 0 {
			return 0, err
		}
		return h.listed[len(h.listed)-1], nil
	case m.Number > 0:
		return m.Number, nil
	case m.Oldest:
		return 1, nil
	}
	return s.messages, nil
}
