package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

var searchStep = Step{
	Name:     report.StepSearch,
	Doc:      "SEARCH, RFC 9051 section 6.4.4, RFC 4731",
	About:    report.AboutStore,
	Needs:    Selected,
	Consults: true,
	Flag:     "--search",
	Given:    func(c *Config) bool { return c.Search.String() != "" },
	Explain:  explainSearch,
	Run:      runSearch,
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

func explainSearch(c *Config) Explanation {
	if !c.hasThreshold(report.SearchOldestAge, report.SearchNewestAge) {
		return searching(c.Search.Typed(), "where the server offers ESEARCH", "where it does not")
	}
	return Explanation{Sends: []Sent{
		{Text: "SEARCH " + c.Search.Typed(), Answer: "* SEARCH N N N ..."},
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

// ParseCriteria reads a value of --search; relative dates in it count from now.
func ParseCriteria(v string) (client.Criteria, error) { return client.ParseCriteria(v, time.Now()) }

func runSearch(_ context.Context, s *Session, rec *Recorder) error {
	c := s.cfg.Search
	if s.empty() {
		s.nothingFound(rec)
		return nil
	}
	if key := c.NeedsWithin(); key != "" && !s.conn.Offers(imap.CapWithin) {
		rec.Fault(report.ErrNotOffered, "the search key %s needs the capability WITHIN, which is missing", key)
		rec.Skip("the server does not offer WITHIN: search_oldest_age and search_newest_age are measured without it")
		return nil
	}
	if s.cfg.hasThreshold(report.SearchOldestAge, report.SearchNewestAge) {
		return s.searchAges(rec, c)
	}
	n, err := s.count(rec, c)
	if err != nil {
		return withKeys(err, c)
	}
	rec.Metric(report.SearchFound, float64(n))
	rec.Absent(notAsked, report.SearchOldestAge, report.SearchNewestAge)
	rec.Detail(fmt.Sprintf("%d found", n))
	return nil
}

// withKeys says which keys of the user a command had that failed.
func withKeys(err error, c client.Criteria) error {
	var e *report.StepError
	if errors.As(err, &e) {
		e.SearchKeys = c.String()
	}
	return err
}

// count returns how many messages meet the criteria, by ESEARCH where that is
// offered: it spares the server to list them. BAD to it may be about our RETURN or
// about the keys, so the server is asked again without RETURN.
func (s *Session) count(rec *Recorder, c client.Criteria) (int64, error) {
	again := false
	if s.conn.Offers(imap.CapESearch) {
		data, err := s.conn.Count(rec, c)
		switch {
		case err == nil && data == nil:
			return 0, &report.StepError{Err: noAnswer("SEARCH")}
		case err == nil:
			return int64(data.Count), nil
		case !errors.Is(err, report.ErrBad) || !s.conn.CanSend():
			return 0, err
		}
		again = true
	}
	found, err := s.search(rec, c)
	if again && err == nil {
		rec.Remark("the server offers ESEARCH and does not understand SEARCH RETURN (COUNT)")
	}
	return found.count, err
}

// searchResult is what SEARCH found, in one command or several.
type searchResult struct {
	count int64
	ends  imap.SeqSet // the lowest and the highest numbers, datesAtEachEnd of each
}

// search lists the messages that meet the criteria, in as many commands as the
// size of the mailbox takes.
func (s *Session) search(rec *Recorder, c client.Criteria) (searchResult, error) {
	var all searchResult
	for from, last := uint32(1), s.conn.Exists; ; from += searchWindow {
		var set imap.SeqSet
		if last > searchWindow {
			set.AddRange(from, min(from+searchWindow-1, last))
		}
		data, err := s.conn.Search(rec, c, set)
		if err != nil {
			return all, err
		}
		if data != nil && int64(data.Count) > int64(max(last, s.conn.Exists)) {
			return all, &report.StepError{Err: fmt.Errorf("%w: SEARCH finds %d of %d messages", report.ErrProtocol, data.Count, last)}
		}
		all.add(data)
		if last < searchWindow || from > last-searchWindow {
			return all, nil
		}
	}
}

// add adds what one command found. Only the ends are kept.
func (r *searchResult) add(data *imap.SearchData) {
	if data == nil {
		return
	}
	r.count += int64(data.Count)
	r.ends = ends(slices.Concat(r.ends, data.All.(imap.SeqSet)))
}

// last returns the highest number, 0 when there is none.
func (r *searchResult) last() uint32 {
	if len(r.ends) == 0 {
		return 0
	}
	return r.ends[len(r.ends)-1].Stop
}

// ends returns the lowest and the highest numbers of a set whose ranges may be in
// any order, datesAtEachEnd of each.
func ends(set imap.SeqSet) imap.SeqSet {
	slices.SortFunc(set, func(a, b imap.SeqRange) int { return cmp.Compare(a.Start, b.Start) })
	var out imap.SeqSet
	wanted := uint32(datesAtEachEnd)
	for _, r := range set {
		n := min(wanted, r.Stop-r.Start+1)
		out.AddRange(r.Start, r.Start+n-1)
		if wanted -= n; wanted == 0 {
			break
		}
	}
	wanted = datesAtEachEnd
	for _, r := range slices.Backward(set) {
		n := min(wanted, r.Stop-r.Start+1)
		out.AddRange(r.Stop-n+1, r.Stop)
		if wanted -= n; wanted == 0 {
			break
		}
	}
	return out
}

// searchAges searches, and fetches when the messages at both ends came in.
func (s *Session) searchAges(rec *Recorder, c client.Criteria) error {
	found, err := s.search(rec, c)
	if err != nil {
		return withKeys(err, c)
	}
	rec.Metric(report.SearchFound, float64(found.count))
	if found.count == 0 {
		s.nothingFound(rec)
		return nil
	}
	dates := &dates{}
	reply, err := s.conn.Fetch(rec, found.ends, "(INTERNALDATE)", dates.take, nil)
	if err != nil && !expungeIssued(reply) {
		return err
	}
	if dates.oldest.IsZero() {
		s.unmeasured(rec, "the answer to FETCH has no INTERNALDATE that can be read", report.SearchOldestAge, report.SearchNewestAge)
		rec.Detail(fmt.Sprintf("%d found", found.count))
		return nil
	}
	oldest, newest := age(rec, "the oldest message found", dates.oldest), age(rec, "the newest message found", dates.newest)
	rec.MetricAt(report.SearchOldestAge, oldest.Seconds(), dates.oldest)
	rec.MetricAt(report.SearchNewestAge, newest.Seconds(), dates.newest)
	rec.Detail(fmt.Sprintf("%d found, oldest %s, newest %s", found.count, report.Roughly(oldest), report.Roughly(newest)))
	return nil
}

// nothingFound records that no message meets the criteria.
func (s *Session) nothingFound(rec *Recorder) {
	rec.Metric(report.SearchFound, 0)
	rec.Absent("nothing was found", report.SearchOldestAge, report.SearchNewestAge)
	if s.cfg.hasThreshold(report.SearchNewestAge) { // which no message is within
		rec.Fault(report.ErrMessageMissing, "nothing was found")
	}
	rec.Detail("0 found")
}

// dates are the extremes of the INTERNALDATEs that FETCH brings.
type dates struct{ oldest, newest time.Time }

func (d *dates) take(m *client.FetchData) {
	if m.InternalDate.IsZero() || m.Gone() {
		return
	}
	if d.oldest.IsZero() || m.InternalDate.Before(d.oldest) {
		d.oldest = m.InternalDate
	}
	if m.InternalDate.After(d.newest) {
		d.newest = m.InternalDate
	}
}

// expungeIssued says whether a reply tells that a message was expunged since the
// mailbox was opened. go-imap has no name for the code. See RFC 5530 section 3.
func expungeIssued(reply *report.Reply) bool {
	return reply != nil && reply.Code == "EXPUNGEISSUED"
}
