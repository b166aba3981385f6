package render

import (
	"fmt"
	"slices"

	"check_imap_session/internal/report"
)

// wellMailboxes returns "2 of 3 mailboxes OK, " for a finding on one of several
// mailboxes. It is "" for a session that did not get to the mailboxes, or opens one.
func wellMailboxes(r *report.Report, v report.Verdict) string {
	about := func(f report.Finding) bool { return f.Mailbox.Label != "" }
	if len(r.Sessions) > 0 || !slices.ContainsFunc(v.Findings, about) {
		return ""
	}
	well, all := 0, len(r.Target.Mailboxes)
	for _, m := range r.Target.Mailboxes {
		reached := slices.ContainsFunc(r.Steps, func(s report.StepResult) bool {
			return s.Mailbox == m && (s.Outcome == report.Passed || s.Outcome == report.Skipped)
		})
		bad := slices.ContainsFunc(v.Findings, func(f report.Finding) bool { return f.Mailbox == m && f.State != report.OK })
		if reached && !bad {
			well++
		}
	}
	if well == all {
		return ""
	}
	return fmt.Sprintf("%d of %d mailboxes OK, ", well, all)
}

// mailboxWords says what a good session found in several mailboxes: "3 mailboxes, 42
// messages"; nil when it opened none, or one.
func mailboxWords(r *report.Report) []string {
	all := len(r.Target.Mailboxes)
	if all == 0 {
		return nil
	}
	words := []string{fmt.Sprintf("%d mailboxes", all)}
	switch found, ok := r.Metric(report.FoundMailboxes); {
	case ok && found.Value > float64(all):
		words[0] = fmt.Sprintf("%d of %.0f mailboxes", all, found.Value)
	case all == 1:
		words[0] = "1 mailbox"
	}
	total, counted := 0.0, false
	for _, m := range r.Metrics {
		if m.Def.Name == report.Messages {
			total, counted = total+m.Value, true
		}
	}
	if counted {
		words = append(words, messages(total))
	}
	return words
}

// mailboxLabel returns the value of the label mailbox in OpenMetrics text: the name. As
// no two series may be alike, a mailbox that was asked for twice has its own label the
// second time.
func (o Options) mailboxLabel(r *report.Report, m report.Mailbox) string {
	if m.Listed {
		return o.mask(m.Name)
	}
	first := slices.IndexFunc(r.Target.Mailboxes, func(other report.Mailbox) bool { return other.Name == m.Name })
	if first >= 0 && r.Target.Mailboxes[first] != m {
		return m.Label
	}
	return m.Name
}
