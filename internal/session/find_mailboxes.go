package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// mailboxesStep finds the mailboxes of --mailboxes. Where the server can tell their
// numbers in the same answer, it is asked for them.
var mailboxesStep = Step{
	Name:     report.StepMailboxes,
	Doc:      "LIST for --mailboxes, RFC 9051 section 6.3.9, RFC 5819",
	About:    report.AboutStore,
	Needs:    Authenticated,
	Consults: true,
	Wanted:   func(c *Config) bool { return c.Pattern != "" },
	When:     "--mailboxes is given",
	Explain:  explainMailboxes,
	Run:      runMailboxes,
}

const (
	// maxMailboxes is how many mailboxes a session opens of those it finds.
	maxMailboxes = 100
	// maxMailboxName is the longest name, in bytes, that is taken.
	maxMailboxName = 1000
	// AnyMailbox stands for the name of a mailbox that is not found yet, in what
	// Explain says.
	AnyMailbox = "MAILBOX"
)

func explainMailboxes(c *Config) Explanation {
	plain := `LIST "" ` + client.MailboxWord(c.Pattern)
	status := " RETURN (STATUS (" + strings.Join(itemWords(c.itemsOfAny()), " ") + "))"
	return Explanation{
		Does: fmt.Sprintf("the steps behind it are for each mailbox that it finds, %d at most", maxMailboxes),
		Sends: []Sent{
			{Text: plain + status, When: "where the server offers LIST-STATUS", Answer: "* LIST (...) ... and * STATUS ... for each"},
			{Text: plain, When: "where it does not", Answer: "* LIST (...) ... for each"},
		},
	}
}

// itemsOfAny are the items of STATUS that are wanted of any mailbox: a limit that is for
// one of them is taken as one for each.
func (c *Config) itemsOfAny() []statusItem {
	all := map[string]string{}
	for key, flag := range c.Thresholds {
		metric, _, _ := strings.Cut(key, "@")
		all[metric] = flag
	}
	ofAny := *c
	ofAny.Thresholds = all
	return ofAny.wantedItems()
}

// found are the mailboxes that LIST has named: the first of them by name, so that
// the same ones are looked at in every run.
type found struct {
	names    []string // in order
	all      int      // how many there are
	statuses map[string]client.StatusData
}

// take takes one row. A mailbox that cannot be opened does not count.
func (f *found) take(row *imap.ListData) {
	if !canBeOpened(row) {
		return
	}
	at, twice := slices.BinarySearch(f.names, row.Mailbox)
	if twice {
		return
	}
	f.all++
	if at == maxMailboxes || len(row.Mailbox) > maxMailboxName {
		return
	}
	f.names = slices.Insert(f.names, at, row.Mailbox)
	if len(f.names) > maxMailboxes {
		delete(f.statuses, f.names[maxMailboxes])
		f.names = f.names[:maxMailboxes]
	}
}

// status takes the numbers of one mailbox. They come behind its row (RFC 5819
// section 2).
func (f *found) status(name string, data client.StatusData) {
	if _, known := slices.BinarySearch(f.names, name); known {
		f.statuses[name] = data
	}
}

func runMailboxes(_ context.Context, s *Session, rec *Recorder) error {
	f := &found{statuses: map[string]client.StatusData{}}
	var items []statusItem
	if s.conn.Offers(imap.CapListStatus) {
		items = slices.DeleteFunc(s.cfg.itemsOfAny(), func(i statusItem) bool { return !i.offered(s.conn) })
	}
	if err := s.conn.ListStatus(rec, s.cfg.Pattern, itemWords(items), f.take, f.status); err != nil {
		return err
	}
	rec.Metric(report.FoundMailboxes, float64(f.all))
	rec.Detail(fmt.Sprintf("%d found", f.all))
	if f.all == 0 {
		rec.Fault(report.ErrExpectation, "no mailbox is listed for %s", s.cfg.Pattern)
	}
	if f.all > len(f.names) {
		rec.Remark(fmt.Sprintf("%d mailboxes are listed for %s: the first %d by name are looked at", f.all, s.cfg.Pattern, len(f.names)))
	}
	s.found, s.statuses = label(f.names), f.statuses
	for i := range s.found {
		s.found[i].Listed = true
	}
	s.expectFound(rec)
	return nil
}

// expectFound checks that the mailboxes are there which have a limit of their own.
func (s *Session) expectFound(rec *Recorder) {
	missing := map[string]bool{}
	for key := range s.cfg.Thresholds {
		_, mailbox, only := strings.Cut(key, "@")
		if only && !slices.ContainsFunc(s.found, func(m report.Mailbox) bool { return m.Named(mailbox) }) {
			missing[mailbox] = true
		}
	}
	for _, mailbox := range slices.Sorted(maps.Keys(missing)) {
		rec.Fault(report.ErrExpectation, "mailbox %s is not among those looked at", mailbox)
	}
}
