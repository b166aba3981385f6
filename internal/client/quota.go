package client

import (
	"math"
	"slices"
	"strconv"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

// QuotaData is what the answer to GETQUOTAROOT says.
type QuotaData struct {
	Answered bool     // there was a QUOTAROOT response
	Roots    []string // of the mailbox
	// Fullest has for each resource that was asked for the fullest of the roots that
	// limit it: it is the one that refuses the next mail.
	Fullest map[imap.QuotaResourceType]QuotaResource
	kinds   []imap.QuotaResourceType
}

// QuotaResource is what one quota root says of one resource, in the unit of the
// wire: storage is counted in units of 1024 octets (RFC 9208 section 5.1).
type QuotaResource struct {
	Root         string
	Usage, Limit float64
}

// Percent is NaN where the limit is 0: some servers mean by that that nothing is
// allowed, some that there is no limit.
func (q QuotaResource) Percent() float64 {
	if q.Limit == 0 {
		return math.NaN()
	}
	return q.Usage / q.Limit * 100
}

// QuotaRoot sends GETQUOTAROOT and keeps what is said of the kinds of resources. See
// RFC 9208 section 4.1.3.
func (c *Conn) QuotaRoot(t Timer, mailbox string, kinds ...imap.QuotaResourceType) (*QuotaData, error) {
	data := newQuotaData(kinds...)
	_, err := c.do(t, c.newCommand("GETQUOTAROOT").mailbox(mailbox), func(r *wire.Response) {
		data.parse(r)
		c.keptOf("quota roots", len(data.Roots))
	})
	return data, err
}

func newQuotaData(kinds ...imap.QuotaResourceType) *QuotaData {
	return &QuotaData{Fullest: map[imap.QuotaResourceType]QuotaResource{}, kinds: kinds}
}

// parse reads QUOTAROOT and QUOTA responses. See RFC 9208 section 4.2.
func (q *QuotaData) parse(r *wire.Response) {
	sc := r.Data()
	switch {
	case is(r, "QUOTAROOT"):
		q.Answered = true
		sc.Next() // the mailbox
		q.Roots = []string{}
		for t := sc.Next(); t.Kind != wire.TokenEnd && len(q.Roots) < maxWords; t = sc.Next() {
			q.Roots = append(q.Roots, t.Text)
		}
	case is(r, "QUOTA"):
		root := sc.Next().Text
		if sc.Next().Kind == wire.TokenOpen {
			q.resources(root, sc)
		}
	}
}

// resources reads triplets of resource, usage and limit.
func (q *QuotaData) resources(root string, sc *wire.Scanner) {
	for name := sc.Next(); !name.EndsList(); name = sc.Next() {
		usage, errUsage := strconv.ParseUint(sc.Next().Text, 10, 64)
		limit, errLimit := strconv.ParseUint(sc.Next().Text, 10, 64)
		if errUsage == nil && errLimit == nil {
			q.add(imap.QuotaResourceType(strings.ToUpper(name.Text)), QuotaResource{root, float64(usage), float64(limit)})
		}
	}
}

// add keeps what a root says of a resource, if it was asked for and no other root is
// fuller.
func (q *QuotaData) add(kind imap.QuotaResourceType, u QuotaResource) {
	if !slices.Contains(q.kinds, kind) {
		return
	}
	fullest, found := q.Fullest[kind]
	if !found || u.Percent() > fullest.Percent() || math.IsNaN(fullest.Percent()) {
		q.Fullest[kind] = u
	}
}
