package session

import (
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// hits are what SEARCH finds. See RFC 9051 sections 7.3.3 and 7.3.4 (ESEARCH),
// RFC 3501 section 7.2.5 (SEARCH).
type hits struct {
	answered bool
	count    int64
	listed   []uint32 // their numbers; not filled when nil
}

// take reads one untagged response. IMAP4rev2 answers a plain SEARCH by
// ESEARCH too.
func (h *hits) take(r *wire.Response) {
	words := r.Words(1)
	if len(words) == 0 {
		return
	}
	sc := r.Scan()
	sc.Next()
	switch words[0] {
	case "SEARCH":
		h.answered = true
		for t := sc.Next(); t.Kind == wire.TokenAtom; t = sc.Next() {
			if n, err := strconv.ParseUint(t.Text, 10, 32); err == nil && n > 0 { // 0 is "*" in an imap.SeqSet
				h.add(uint32(n), uint32(n))
			}
		}
	case "ESEARCH":
		h.answered = true
		h.extended(sc)
	}
}

// extended reads the pairs of ESEARCH behind the correlator.
func (h *hits) extended(sc *wire.Scanner) {
	var counted int64 = -1
	for t := sc.Next(); t.Kind != wire.TokenEnd; t = sc.Next() {
		switch {
		case t.Kind == wire.TokenOpen: // (TAG "a1"), or a value nobody asked for
			sc.Skip()
		case strings.EqualFold(t.Text, "COUNT"):
			if n, err := strconv.ParseInt(sc.Next().Text, 10, 64); err == nil && n >= 0 {
				counted = n
			}
		case strings.EqualFold(t.Text, "ALL"):
			for part := range strings.SplitSeq(sc.Next().Text, ",") {
				from, to, ranged := strings.Cut(part, ":")
				if !ranged {
					to = from
				}
				a, errA := strconv.ParseUint(from, 10, 32)
				b, errB := strconv.ParseUint(to, 10, 32)
				if errA == nil && errB == nil && min(a, b) > 0 {
					h.add(uint32(min(a, b)), uint32(max(a, b)))
				}
			}
		}
	}
	if counted >= 0 {
		h.count = counted
	}
}

// add counts a range of numbers, and keeps no more of them than a window has.
func (h *hits) add(from, to uint32) {
	h.count += int64(to) - int64(from) + 1
	if h.listed == nil {
		return
	}
	for n := from; len(h.listed) < searchWindow; n++ {
		h.listed = append(h.listed, n)
		if n == to {
			return
		}
	}
}

// merge adds the hits of a later window. Only the ends are kept.
func (h *hits) merge(w hits) {
	h.answered = h.answered || w.answered
	h.count += w.count
	slices.Sort(w.listed)
	h.listed = append(h.listed, w.listed...)
	h.listed = h.ends()
}

// ends returns the lowest and the highest numbers, datesAtEachEnd of each.
func (h *hits) ends() []uint32 {
	if len(h.listed) <= 2*datesAtEachEnd {
		return h.listed
	}
	return slices.Concat(h.listed[:datesAtEachEnd], h.listed[len(h.listed)-datesAtEachEnd:])
}

// expungeIssued says whether a reply tells that a message has gone away since
// the mailbox was opened. See RFC 5530 section 3.
func expungeIssued(reply *report.Reply) bool {
	return reply != nil && reply.Code == "EXPUNGEISSUED"
}
