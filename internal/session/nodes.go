package session

import (
	"fmt"
	"slices"

	"check_imap_session/internal/report"
)

// seen is a number that several nodes told of one mailbox: the lowest and the highest,
// and where they were seen first.
type seen struct {
	low, high     float64
	lowAt, highAt string // addresses; "" while no node has told it
}

func (n *seen) take(value float64, address string) {
	if n.lowAt == "" || value < n.low {
		n.low, n.lowAt = value, address
	}
	if n.highAt == "" || value > n.high {
		n.high, n.highAt = value, address
	}
}

func (n *seen) spread() float64 { return n.high - n.low }

// between says at which addresses the two were seen.
func (n *seen) between() string {
	return fmt.Sprintf("%.0f at %s and %.0f at %s", n.low, n.lowAt, n.high, n.highAt)
}

// compareNodes records how far the sessions of several addresses differ in what they
// saw of each mailbox. Mail that arrives meanwhile and a replication that lags look the
// same here; only a UIDVALIDITY that differs is wrong at any time, as mail clients
// throw away what they know when they meet the other one (RFC 9051 section 2.3.1.1).
func compareNodes(top *report.Report) {
	spread := -1.0
	for _, box := range mailboxesOf(top.Sessions) {
		var messages, validity, next seen
		for _, s := range top.Sessions {
			m, ok := s.MetricOf(report.Messages, box)
			if !ok {
				continue
			}
			at := s.Target.Address
			messages.take(m.Value, at)
			if n, ok := s.Fact(box.At("uidvalidity")).(int64); ok {
				validity.take(float64(n), at)
			}
			if n, ok := s.Fact(box.At("uidnext")).(int64); ok {
				next.take(float64(n), at)
			}
		}
		spread = max(spread, messages.spread())
		name := box.Shown()
		if box.Label == "" {
			name = top.Sessions[0].Target.Mailbox
		}
		fault := func(err error, format string, args ...any) {
			top.Faults = append(top.Faults, &report.StepError{Step: report.StepSelect, About: report.AboutMailbox, Among: box,
				Err: fmt.Errorf("%w: %s", err, fmt.Sprintf(format, args...))})
		}
		switch {
		case validity.spread() > 0: // UIDNEXT counts from another beginning
			fault(report.ErrValidityDiffers, "UIDVALIDITY of %s is %s", name, validity.between())
			continue
		case messages.spread() > 0:
			fault(report.ErrNodesDiffer, "messages in %s: %s", name, messages.between())
		case next.spread() > 0:
			fault(report.ErrNodesDiffer, "UIDNEXT of %s is %s", name, next.between())
		}
		spread = max(spread, next.spread())
	}
	if spread >= 0 {
		def, _ := report.LookupMetric(report.NodesSpread)
		top.Metrics = append(top.Metrics, report.Metric{Def: def, Value: spread})
	}
}

// mailboxesOf returns the mailboxes whose messages any of the sessions counted: the
// zero Mailbox where each opens one.
func mailboxesOf(sessions []*report.Report) []report.Mailbox {
	var all []report.Mailbox
	for _, s := range sessions {
		for _, m := range s.Metrics {
			if m.Def.Name == report.Messages && !slices.Contains(all, m.Mailbox) {
				all = append(all, m.Mailbox)
			}
		}
	}
	return all
}
