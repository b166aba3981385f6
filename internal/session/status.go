package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// statusStep asks by STATUS, before the mailbox is opened: STATUS is not for
// the selected mailbox (RFC 9051 section 6.3.11).
var statusStep = Step{
	Name:     report.StepStatus,
	Doc:      "STATUS, RFC 9051 section 6.3.11, RFC 8438",
	About:    report.AboutMailbox,
	Needs:    Authenticated,
	Consults: true,
	Flag:     "--mailboxes",
	Given:    func(c *Config) bool { return c.Pattern != "" },
	Also:     []string{report.Messages},
	Explain:  explainStatus,
	Run:      runStatus,
}

// statusBySearchStep counts in the open mailbox what STATUS could not tell.
var statusBySearchStep = Step{
	Name:     report.StepStatus,
	Doc:      "SEARCH DELETED, where STATUS does not count them",
	About:    report.AboutMailbox,
	Needs:    Selected,
	Only:     []string{report.MessagesDeleted},
	Consults: true,
	Explain: func(*Config) Explanation {
		return searching("DELETED", "where the server's STATUS does not count them and it offers ESEARCH", "where it offers neither")
	},
	Run: runStatusBySearch,
}

// statusItem is a number of STATUS.
type statusItem struct {
	word, metric string
	// capabilities of which one is needed; none for an item of RFC 3501.
	capabilities []imap.Cap
}

var statusItems = []statusItem{
	{"MESSAGES", report.Messages, nil},
	{"UNSEEN", report.MessagesUnseen, nil},
	// RFC 9208 section 4.1.4 ties the item to QUOTA=RES-MESSAGE; IMAP4rev2 has it
	// without a capability of its own, which go-imap's rules leave out.
	{"DELETED", report.MessagesDeleted, []imap.Cap{imap.CapIMAP4rev2, "STATUS=DELETED", "QUOTA=RES-" + imap.Cap(imap.QuotaResourceMessage)}},
	{"SIZE", report.MailboxSize, []imap.Cap{imap.CapStatusSize}},
}

// offered says whether a server has the item.
func (i statusItem) offered(conn *client.Conn) bool {
	return len(i.capabilities) == 0 || slices.ContainsFunc(i.capabilities, conn.Offers)
}

// wantsStatus says whether a number of the step was asked for: by its name, or with
// the whole step.
func (c *Config) wantsStatus(metric string) bool {
	if metric == report.Messages { // else the mailbox is opened, and tells them
		return c.Pattern != ""
	}
	return c.hasThreshold(metric) || c.With[report.StepStatus] ||
		metric == report.MessagesUnseen && !c.hasThreshold(report.MessagesDeleted, report.MailboxSize) && c.Pattern == "" // time_status alone
}

// wantedItems returns the items whose numbers were asked for.
func (c *Config) wantedItems() []statusItem {
	return slices.DeleteFunc(slices.Clone(statusItems), func(i statusItem) bool { return !c.wantsStatus(i.metric) })
}

// itemWords returns the words by which STATUS asks for the items.
func itemWords(items []statusItem) []string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = item.word
	}
	return words
}

func explainStatus(c *Config) Explanation {
	words := itemWords(c.wantedItems())
	return Explanation{Sends: []Sent{{
		When:   "those items that the server offers",
		Text:   "STATUS " + client.MailboxWord(c.Mailbox) + " (" + strings.Join(words, " ") + ")",
		Answer: "* STATUS ... (" + strings.Join(words, " N ") + " N)",
	}}}
}

func runStatus(_ context.Context, s *Session, rec *Recorder) error {
	var items []statusItem
	for _, item := range statusItems {
		offered := item.offered(s.conn)
		switch {
		case item.metric == report.Messages && !s.cfg.wantsStatus(item.metric):
		case !s.cfg.wantsStatus(item.metric):
			rec.Absent(notAsked, item.metric)
		case offered:
			items = append(items, item)
		case item.metric == report.MessagesDeleted && s.planned(statusBySearchStep):
		case item.metric == report.MessagesDeleted:
			s.unmeasured(rec, "the server counts deleted messages in an open mailbox only", item.metric)
		default:
			s.unmeasured(rec, "capability "+string(item.capabilities[0])+" is missing", item.metric)
		}
	}
	if len(items) == 0 {
		rec.Skip("the server's STATUS does not have what was asked for")
		return nil
	}
	return s.askStatus(rec, items)
}

// askStatus sends STATUS and records the numbers. A server may leave out what
// it does not know (Courier does) and still say OK.
func (s *Session) askStatus(rec *Recorder, items []statusItem) error {
	got, listed := s.statuses[s.mailbox.Name]
	if !listed {
		var err error
		if got, err = s.conn.Status(rec, s.cfg.Mailbox, itemWords(items)); err != nil {
			return err
		}
		if s.mailbox.Listed {
			s.statuses[s.mailbox.Name] = got
		}
	}
	var detail []string
	for _, item := range items {
		n, ok := got[item.word]
		if !ok && item.metric == report.MessagesDeleted && s.planned(statusBySearchStep) {
			continue // which counts them in the open mailbox
		}
		if !ok {
			s.unmeasured(rec, "the answer to STATUS has no "+item.word, item.metric)
			continue
		}
		rec.Metric(item.metric, float64(n))
		s.counted = append(s.counted, item.metric)
		detail = append(detail, statusWords(item.metric, n))
	}
	rec.Detail(strings.Join(detail, ", "))
	return nil
}

func statusWords(metric string, n int64) string {
	if metric == report.MailboxSize {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d %s", n, metric)
}

func runStatusBySearch(_ context.Context, s *Session, rec *Recorder) error {
	if slices.Contains(s.counted, report.MessagesDeleted) {
		rec.Skip("the answer to STATUS had it")
		return nil
	}
	if s.empty() {
		rec.Metric(report.MessagesDeleted, 0)
		return nil
	}
	n, err := s.count(rec, client.Flagged(imap.FlagDeleted))
	if err != nil {
		return err
	}
	rec.Metric(report.MessagesDeleted, float64(n))
	rec.Detail(statusWords(report.MessagesDeleted, n))
	return nil
}
