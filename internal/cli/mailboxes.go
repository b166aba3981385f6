package cli

import (
	"fmt"
	"strings"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// mailboxThreshold reads METRIC@MAILBOX=RANGE, of which a name may have commas and
// further @ and = in it. ofOne says whether the value has that form.
func mailboxThreshold(flag, value string) (t threshold, ofOne bool, err error) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	metric, rest, found := strings.Cut(strings.TrimSpace(value), "@")
	if !found || strings.Trim(metric, letters+"_") != "" || metric == "" {
		return t, false, nil // the @ is that of a range
	}
	end := strings.LastIndexByte(rest, '=')
	if end < 1 {
		return t, true, usage(fmt.Sprintf("%s %s has no mailbox and range", flag, argv.Quote(value)), fmt.Sprintf("write %s@MAILBOX=RANGE, or %[1]s=@RANGE", metric))
	}
	def, ok := report.LookupMetric(metric)
	switch {
	case !ok:
		return t, true, unknownMetric(flag, metric)
	case !session.PerMailbox(def.Step):
		return t, true, usage(fmt.Sprintf("%s: %s is not a metric of a mailbox", flag, metric), "write "+metric+"="+rest[end+1:])
	}
	return threshold{def: def, mailbox: rest[:end], text: strings.TrimSpace(rest[end+1:])}, true, nil
}

// mailboxes returns those of a session, also of one that opens one mailbox.
func mailboxes(c session.Config) []report.Mailbox {
	if c.Mailboxes == nil {
		return []report.Mailbox{{Name: c.Mailbox, Label: c.Mailbox}}
	}
	return c.Mailboxes
}

// mailboxOf returns the label of the mailbox that a limit is for, "" for one that is
// for each.
func mailboxOf(l limit, c session.Config) (label string, err error) {
	if l.mailbox == "" || c.Pattern != "" { // what there is shows in the session
		return l.mailbox, nil
	}
	var names []string
	for _, m := range mailboxes(c) {
		if m.Named(l.mailbox) {
			return m.Label, nil
		}
		names = append(names, m.Name)
	}
	return "", usage(fmt.Sprintf("%s %s: no -m names the mailbox %s", l.flag, l.name(), argv.Quote(l.mailbox)), oneOfThese(l.mailbox, names))
}
