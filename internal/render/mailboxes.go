package render

import (
	"fmt"
	"slices"

	"check_imap_session/internal/report"
)

// label returns a name with the label of a mailbox in it, masked where the server has
// chosen the label. What masks it has none of the characters that a label may not have.
func (o Options) label(m report.Mailbox, name string) string {
	if !m.Listed {
		return name
	}
	return o.mask(name)
}

// wellMailboxes returns "2 of 3 mailboxes OK, ": what the one that the first line
// names does not say of the others. It is "" for a session that did not get to the
// mailboxes, or opens one.
func wellMailboxes(r *report.Report, v report.Verdict) string {
	well := 0
	for _, m := range r.Target.Mailboxes {
		reached := slices.ContainsFunc(r.Steps, func(s report.StepResult) bool {
			return s.Mailbox == m && (s.Outcome == report.Passed || s.Outcome == report.Skipped)
		})
		bad := slices.ContainsFunc(v.Findings, func(f report.Finding) bool { return f.Mailbox == m && f.State != report.OK })
		if reached && !bad {
			well++
		}
	}
	all := len(r.Target.Mailboxes)
	if len(r.Sessions) > 0 || well == all || !slices.ContainsFunc(v.Findings, func(f report.Finding) bool { return f.Mailbox.Label != "" }) {
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
	switch {
	case total == 1:
		return append(words, "1 message")
	case counted:
		return append(words, fmt.Sprintf("%.0f messages", total))
	}
	return words
}

// series returns the value of the label mailbox in OpenMetrics text: the name, and of
// a mailbox that was asked for twice its own label, as no two series may be alike.
func (o Options) series(r *report.Report, m report.Mailbox) string {
	if m.Listed {
		return o.mask(m.Name)
	}
	first := slices.IndexFunc(r.Target.Mailboxes, func(o report.Mailbox) bool { return o.Name == m.Name })
	if first >= 0 && r.Target.Mailboxes[first] != m {
		return m.Label
	}
	return m.Name
}
