package session

import (
	"context"
	"fmt"
	"math"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// quotaStep asks before the mailbox is opened, so that the numbers of a mailbox too
// full to be opened are measured.
var quotaStep = Step{
	Name:       report.StepQuota,
	Doc:        "GETQUOTAROOT, RFC 9208 section 4.1.3 and RFC 2087 section 4.3",
	About:      report.AboutMailbox,
	Needs:      Authenticated,
	Capability: imap.CapQuota,
	Explain: func(c *Config) Explanation {
		return oneCommand("GETQUOTAROOT "+client.MailboxWord(c.Mailbox), "* QUOTA ... (STORAGE N N)")
	},
	Run: runQuota,
}

// quotaResource is a resource of RFC 9208 section 5 that is measured.
type quotaResource struct {
	kind                 imap.QuotaResourceType
	unit                 float64
	words                string
	used, limit, percent string // metrics
}

var quotaResources = []quotaResource{
	// RFC 9208 section 5.1: in units of 1024 octets.
	{imap.QuotaResourceStorage, 1024, "of storage", report.QuotaStorageUsed, report.QuotaStorageLimit, report.QuotaStoragePercent},
	{imap.QuotaResourceMessage, 1, "of messages", report.QuotaMessagesUsed, report.QuotaMessagesLimit, report.QuotaMessagesPercent},
}

func runQuota(_ context.Context, s *Session, rec *Recorder) error {
	q, err := s.conn.QuotaRoot(rec, s.cfg.Mailbox, imap.QuotaResourceStorage, imap.QuotaResourceMessage)
	if err != nil {
		return err
	}
	if !q.Answered {
		return noAnswer("GETQUOTAROOT")
	}
	rec.Fact("quota_roots", q.Roots)
	var detail []string
	for _, res := range quotaResources {
		fullest, ok := q.Fullest[res.kind]
		if !ok {
			s.unmeasured(rec, unlimited(q, s.named(), res.kind), res.used, res.limit, res.percent)
			continue
		}
		rec.Metric(res.used, fullest.Usage*res.unit)
		if p := fullest.Percent(); !math.IsNaN(p) {
			rec.Metric(res.limit, fullest.Limit*res.unit)
			rec.Metric(res.percent, math.Round(p*100)/100) // as printed, so that it is judged as printed
			detail = append(detail, fmt.Sprintf("%.1f %% %s", p, res.words))
		} else {
			s.unmeasured(rec, "the limit is 0", res.limit, res.percent)
		}
		rec.Fact("quota_root_"+strings.ToLower(string(res.kind)), fullest.Root)
	}
	if len(detail) == 0 {
		detail = []string{unlimited(q, s.named(), "")}
	}
	rec.Detail(strings.Join(detail, ", "))
	return nil
}

// unlimited says why a resource has no numbers.
func unlimited(q *client.QuotaData, mailbox string, resource imap.QuotaResourceType) string {
	switch {
	case len(q.Roots) == 0:
		return mailbox + " has no quota root"
	case resource == "":
		return "the quota limits neither storage nor messages"
	}
	return "the quota of " + mailbox + " does not limit " + string(resource)
}
