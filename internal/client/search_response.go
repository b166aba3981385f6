package client

import (
	"math"
	"strconv"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

// maxRanges bounds what is kept of the numbers that SEARCH lists: more ranges
// than that are counted only.
const maxRanges = 50_000

// Search sends SEARCH. set limits it to some messages, nil for all. The data are
// nil when the server answers OK and nothing else. See RFC 9051 section 6.4.4.
func (c *Conn) Search(t Timer, criteria Criteria, set imap.SeqSet) (*imap.SearchData, error) {
	return c.search(t, criteria.appendTo(c.newCommand("SEARCH"), set))
}

// Count sends SEARCH for the number of messages alone, where the server offers
// ESEARCH. See RFC 4731 section 3.1.
func (c *Conn) Count(t Timer, criteria Criteria) (*imap.SearchData, error) {
	return c.search(t, criteria.appendTo(c.newCommand("SEARCH", "RETURN", "(COUNT)"), nil))
}

func (c *Conn) search(t Timer, cmd *command) (data *imap.SearchData, err error) {
	_, err = c.do(t, cmd, func(r *wire.Response) { data = parseSearch(r, data) })
	return data, err
}

// parseSearch adds what a SEARCH or ESEARCH response says to the data, which are
// nil before the first. A server of IMAP4rev2 answers a plain SEARCH by ESEARCH
// too. All is an imap.SeqSet in the order of the answer, and Count is how many
// numbers came, or what COUNT said. See RFC 9051 section 7.3.4 and RFC 3501
// section 7.2.5.
func parseSearch(r *wire.Response, data *imap.SearchData) *imap.SearchData {
	plain, extended := is(r, "SEARCH"), is(r, "ESEARCH")
	if !plain && !extended {
		return data
	}
	if data == nil {
		data = &imap.SearchData{All: imap.SeqSet{}}
	}
	sc := r.Data()
	if extended {
		parseESearch(sc, data)
		return data
	}
	for t := sc.Next(); t.Kind == wire.TokenAtom; t = sc.Next() {
		if n, err := parseNumber(t.Text); err == nil {
			addFound(data, n, n)
		}
	}
	return data
}

// parseESearch reads the pairs of ESEARCH behind the correlator.
func parseESearch(sc *wire.Scanner, data *imap.SearchData) {
	count, counted := uint32(0), false
	for t := sc.Next(); t.Kind != wire.TokenEnd; t = sc.Next() {
		switch {
		case t.Kind == wire.TokenOpen: // (TAG "a1"), or a value that was not asked for
			sc.Skip()
		case strings.EqualFold(t.Text, "COUNT"):
			if n, err := strconv.ParseUint(sc.Next().Text, 10, 64); err == nil {
				count, counted = uint32(min(n, math.MaxUint32)), true
			}
		case strings.EqualFold(t.Text, "ALL"):
			for part := range strings.SplitSeq(sc.Next().Text, ",") {
				from, to, ranged := strings.Cut(part, ":")
				if !ranged {
					to = from
				}
				a, errA := parseNumber(from)
				b, errB := parseNumber(to)
				if errA == nil && errB == nil {
					addFound(data, min(a, b), max(a, b))
				}
			}
		}
	}
	if counted {
		data.Count = count
	}
}

// addFound counts a range of numbers and keeps it, without the 0 that no message
// has and that stands for "*" in an imap.SeqSet. It appends and does not sort,
// which would take quadratic time for a hostile answer.
func addFound(data *imap.SearchData, from, to uint32) {
	data.Count = uint32(min(uint64(data.Count)+uint64(to-from)+1, math.MaxUint32))
	if to == 0 {
		return
	}
	from = max(from, 1)
	set := data.All.(imap.SeqSet)
	if n := len(set); n > 0 && from > 1 && set[n-1].Stop == from-1 {
		set[n-1].Stop = to
	} else if n < maxRanges {
		data.All = append(set, imap.SeqRange{Start: from, Stop: to})
	}
}
