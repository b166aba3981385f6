package session

import (
	"context"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

var searchStep = Step{
	Name:     report.StepSearch,
	Doc:      "SEARCH, RFC 9051 section 6.4.4, RFC 4731",
	About:    report.AboutStore,
	Needs:    Selected,
	Gives:    Selected,
	Consults: true,
	Flag: func(c Config) string {
		if c.Search.String() != "" {
			return "--search"
		}
		return ""
	},
	Explain: explainSearch,
	Run:     runSearch,
}

const (
	// searchWindow is how many messages are looked at in one SEARCH whose
	// answer lists them: so the answer stays below the limit of a line
	// however large the mailbox is.
	searchWindow = 50_000
	// datesAtEachEnd is how many INTERNALDATEs are fetched at each end of what
	// was found. Mail is numbered as it comes in, so the oldest and the newest
	// are nearly always there; copied mail may be out of order.
	datesAtEachEnd = 100
)

func explainSearch(c Config) Explanation {
	if !c.asked(report.FoundOldestAge, report.FoundNewestAge) {
		return searching(c.Search.typed(), "where the server offers ESEARCH", "where it does not")
	}
	return Explanation{Sends: []Sent{
		{Text: "SEARCH " + c.Search.typed(), Answer: "* SEARCH N N N ..."},
		{Text: "FETCH N (INTERNALDATE)", When: "for the first and the last hundred found", Answer: "* N FETCH (INTERNALDATE ...)"},
	}}
}

// searching returns the Explanation of counting what meets the criteria.
func searching(criteria, when, otherwise string) Explanation {
	return Explanation{Sends: []Sent{
		{Text: "SEARCH RETURN (COUNT) " + criteria, When: when, Answer: "* ESEARCH ... COUNT N"},
		{Text: "SEARCH " + criteria, When: otherwise, Answer: "* SEARCH N N N ..."},
	}}
}

func runSearch(_ context.Context, s *Session, rec *Recorder) error {
	c := s.cfg.Search
	if c.key != "" && !s.offers("WITHIN") {
		lacks(rec, "the search key %s needs the capability WITHIN, which is missing", c.key)
		rec.Skip("the server does not offer WITHIN: found_oldest_age and found_newest_age do without")
		return nil
	}
	if s.asked(report.FoundOldestAge, report.FoundNewestAge) {
		return s.searchAges(rec, c)
	}
	n, err := s.count(rec, c)
	if err != nil {
		return err
	}
	rec.Metric(report.Found, float64(n))
	rec.Absent(report.FoundOldestAge, "nobody asked for it")
	rec.Absent(report.FoundNewestAge, "nobody asked for it")
	rec.Detail(fmt.Sprintf("%d found", n))
	return nil
}

// count returns how many messages meet the criteria, by ESEARCH where that is
// offered: it spares the server to list them.
func (s *Session) count(rec *Recorder, c Criteria) (int64, error) {
	if !s.offers("ESEARCH") {
		h, err := s.search(rec, c)
		return h.count, err
	}
	var h hits
	_, err := s.do(rec, c.appendTo(s.newCommand("SEARCH", "RETURN", "(COUNT)"), ""), h.take)
	if err == nil && !h.answered {
		err = &report.StepError{Err: noAnswer("SEARCH")}
	}
	return h.count, err
}

// search lists the messages that meet the criteria, in as many commands as the
// size of the mailbox takes.
func (s *Session) search(rec *Recorder, c Criteria) (hits, error) {
	var all hits
	for from, last := uint32(1), s.messages; ; from += searchWindow {
		set := ""
		if last > searchWindow {
			set = fmt.Sprintf("%d:%d", from, min(from+searchWindow-1, last))
		}
		h := hits{listed: []uint32{}}
		if _, err := s.do(rec, c.appendTo(s.newCommand("SEARCH"), set), h.take); err != nil {
			return all, err
		}
		if h.count > int64(max(last, s.messages)) {
			return all, &report.StepError{Err: fmt.Errorf("%w: SEARCH finds %d of %d messages", report.ErrProtocol, h.count, last)}
		}
		all.merge(h)
		if last < searchWindow || from > last-searchWindow {
			return all, nil
		}
	}
}

// searchAges searches, and fetches when the messages at both ends came in.
func (s *Session) searchAges(rec *Recorder, c Criteria) error {
	h, err := s.search(rec, c)
	if err != nil {
		return err
	}
	rec.Metric(report.Found, float64(h.count))
	if h.count == 0 {
		rec.Absent(report.FoundOldestAge, "nothing was found")
		rec.Absent(report.FoundNewestAge, "nothing was found")
		if s.asked(report.FoundNewestAge) { // no mail is not new mail
			rec.Fault(fmt.Errorf("%w: nothing was found", report.ErrMessageMissing))
		}
		rec.Detail("0 found")
		return nil
	}
	dates := &dates{}
	reply, err := s.do(rec, s.newCommand("FETCH", imap.SeqSetNum(h.ends()...).String(), "(INTERNALDATE)"), dates.take)
	if err != nil && !expungeIssued(reply) {
		return err
	}
	if dates.oldest.IsZero() {
		s.without(rec, "the answer to FETCH has no INTERNALDATE that can be read", report.FoundOldestAge, report.FoundNewestAge)
		rec.Detail(fmt.Sprintf("%d found", h.count))
		return nil
	}
	oldest, newest := time.Since(dates.oldest), time.Since(dates.newest)
	rec.Metric(report.FoundOldestAge, oldest.Seconds())
	rec.Metric(report.FoundNewestAge, newest.Seconds())
	rec.Detail(fmt.Sprintf("%d found, oldest %s, newest %s", h.count, roughly(oldest), roughly(newest)))
	return nil
}

// dates are the extremes of the INTERNALDATEs that FETCH brings.
type dates struct{ oldest, newest time.Time }

func (d *dates) take(r *wire.Response) {
	m := &message{}
	m.take(r)
	if m.date.IsZero() || m.gone() {
		return
	}
	if d.oldest.IsZero() || m.date.Before(d.oldest) {
		d.oldest = m.date
	}
	if m.date.After(d.newest) {
		d.newest = m.date
	}
}
