package session

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// quotaStep asks before the mailbox is opened, so that a mailbox too full to be
// opened still tells its numbers.
var quotaStep = Step{
	Name:       report.StepQuota,
	Doc:        "GETQUOTAROOT, RFC 9208 section 4.1.3 and RFC 2087 section 4.3",
	About:      report.AboutMailbox,
	Needs:      Authenticated,
	Gives:      Authenticated,
	Capability: "QUOTA",
	Explain: func(c Config) Explanation {
		return sends("GETQUOTAROOT "+wireName(c.Mailbox), "* QUOTA ... (STORAGE N N)")(c)
	},
	Run: runQuota,
}

// quotaResource is a resource of RFC 9208 section 5 that is measured.
type quotaResource struct {
	name                 string // on the wire, upper case
	unit                 float64
	words                string
	used, limit, percent string // metrics
}

var quotaResources = []quotaResource{
	// RFC 9208 section 5.1: in units of 1024 octets.
	{"STORAGE", 1024, "of storage", report.QuotaStorageUsed, report.QuotaStorageLimit, report.QuotaStoragePercent},
	{"MESSAGE", 1, "of messages", report.QuotaMessagesUsed, report.QuotaMessagesLimit, report.QuotaMessagesPercent},
}

// quotaUse is what one quota root says about one resource, in the wire's unit.
type quotaUse struct {
	root        string
	used, limit float64
}

// percent is NaN where the limit is 0: some servers mean by that that nothing
// is allowed, some that all is.
func (u quotaUse) percent() float64 {
	if u.limit == 0 {
		return math.NaN()
	}
	return u.used / u.limit * 100
}

// quota is what the answer says.
type quota struct {
	answered bool
	roots    []string              // of the mailbox
	uses     map[string][]quotaUse // by resource
}

func runQuota(_ context.Context, s *Session, rec *Recorder) error {
	q := quota{uses: map[string][]quotaUse{}}
	_, err := s.do(rec, s.newCommand("GETQUOTAROOT").str(encodeName(s.cfg.Mailbox)), q.take)
	if err != nil {
		return err
	}
	if !q.answered {
		return &report.StepError{Err: noAnswer("GETQUOTAROOT")}
	}
	rec.Fact("quota_roots", q.roots)
	var detail []string
	for _, res := range quotaResources {
		worst, ok := q.worst(res.name)
		if !ok {
			s.without(rec, q.unlimited(s.cfg.Mailbox, res.name), res.used, res.limit, res.percent)
			continue
		}
		rec.Metric(res.used, worst.used*res.unit)
		rec.Metric(res.limit, worst.limit*res.unit)
		if p := worst.percent(); !math.IsNaN(p) {
			rec.Metric(res.percent, math.Round(p*100)/100) // as printed, so that it is judged as printed
			detail = append(detail, fmt.Sprintf("%.1f %% %s", p, res.words))
		} else {
			s.without(rec, "the limit is 0", res.percent)
		}
		rec.Fact("quota_root_"+strings.ToLower(res.name), worst.root)
	}
	if len(detail) == 0 {
		detail = []string{q.unlimited(s.cfg.Mailbox, "")}
	}
	rec.Detail(strings.Join(detail, ", "))
	return nil
}

// unlimited says why a resource has no numbers.
func (q *quota) unlimited(mailbox, resource string) string {
	switch {
	case len(q.roots) == 0:
		return mailbox + " has no quota root"
	case resource == "":
		return "the quota limits neither storage nor messages"
	}
	return "the quota of " + mailbox + " does not limit " + resource
}

// take reads QUOTAROOT and QUOTA responses. See RFC 9208 section 4.2.
func (q *quota) take(r *wire.Response) {
	words := r.Words(1)
	if len(words) == 0 {
		return
	}
	sc := r.Scan()
	sc.Next()
	switch words[0] {
	case "QUOTAROOT":
		q.answered = true
		sc.Next() // the mailbox
		q.roots = []string{}
		for t := sc.Next(); t.Kind != wire.TokenEnd; t = sc.Next() {
			q.roots = append(q.roots, t.Text)
		}
	case "QUOTA":
		root := sc.Next().Text
		if sc.Next().Kind != wire.TokenOpen {
			return
		}
		for {
			name := sc.Next()
			if name.Kind == wire.TokenClose || name.Kind == wire.TokenEnd {
				return
			}
			used, errUsed := strconv.ParseUint(sc.Next().Text, 10, 64)
			limit, errLimit := strconv.ParseUint(sc.Next().Text, 10, 64)
			if errUsed == nil && errLimit == nil {
				res := strings.ToUpper(name.Text)
				q.uses[res] = append(q.uses[res], quotaUse{root, float64(used), float64(limit)})
			}
		}
	}
}

// worst returns the fullest of the roots that limit a resource: it is the one
// that refuses the next mail.
func (q *quota) worst(resource string) (quotaUse, bool) {
	var worst quotaUse
	found := false
	for _, u := range q.uses[resource] {
		if !found || u.percent() > worst.percent() || math.IsNaN(worst.percent()) {
			worst, found = u, true
		}
	}
	return worst, found
}
