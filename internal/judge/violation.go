package judge

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// violation compares a metric with its rule, the critical range first (rule T6 of
// docs/plugin-interface.md), and returns the range that it violates; nil for none.
func violation(r *report.Report, m report.Metric, rule Rule) (report.Finding, *Range) {
	for _, level := range []struct {
		state report.State
		rng   *Range
	}{{report.Critical, rule.Crit}, {report.Warning, rule.Warn}} {
		if level.rng == nil || !level.rng.Violates(m.Value) {
			continue
		}
		text := described(r, m, *level.rng) + ", " + breach(m, *level.rng)
		return report.Finding{State: level.state, Kind: "threshold", Step: m.Def.Step, Mailbox: m.Mailbox, Metric: m.Def.Name, Text: text}, level.rng
	}
	return report.Finding{}, nil
}

// described says what was measured, as a person would: "newest message is 3 h 12 min
// old".
func described(r *report.Report, m report.Metric, rng Range) string {
	value, box := readable(m, rng), cmp.Or(m.Mailbox.Shown(), r.Target.Mailbox, "the mailbox")
	many := func(one, more string) string {
		if m.Value == 1 {
			return "1 " + one
		}
		return value + " " + more
	}
	if future(m, rng) {
		return m.Def.Name + " is " + value
	}
	switch name := m.Def.Name; name {
	case report.Time:
		return "the whole session took " + value
	case report.CertificateDays:
		return expiry("certificate", m)
	case report.CertificatePercent:
		return "certificate has " + value + " of its validity left"
	case report.Messages:
		return box + " has " + many("message", "messages")
	case report.MessagesUnseen:
		return box + " has " + many("unread message", "unread messages")
	case report.MessagesDeleted:
		return box + " has " + many("message", "messages") + " marked as deleted"
	case report.MessageAge:
		return message(r, m) + " is " + value + " old"
	case report.DeliveryTime:
		return message(r, m) + " was on its way for " + value
	case report.DeliveryHops:
		return message(r, m) + " was handed on " + many("time", "times")
	case report.MessageSize:
		return message(r, m) + " has " + value
	case report.SearchFound:
		return many("message", "messages") + " found in " + box
	case report.SearchOldestAge, report.SearchNewestAge:
		which := "oldest"
		if name == report.SearchNewestAge {
			which = "newest"
		}
		of := " message"
		if found, ok := r.MetricOf(report.SearchFound, m.Mailbox); ok && found.Value > 1 {
			of = fmt.Sprintf(" of %.0f messages", found.Value)
		}
		return which + of + " found in " + box + " is " + value + " old"
	case report.QuotaStoragePercent:
		return "quota of " + box + " is " + value + " full" + share(r, m.Mailbox, report.QuotaStorageUsed, report.QuotaStorageLimit, report.Size)
	case report.QuotaMessagesPercent:
		return "quota of " + box + " is " + value + " full" + share(r, m.Mailbox, report.QuotaMessagesUsed, report.QuotaMessagesLimit, decimal)
	case report.MailboxSize:
		return box + " has " + value
	case report.Addresses:
		return many("address", "addresses")
	case report.AddressesFailed:
		return value + " not OK"
	case report.NodesSpread:
		return "the nodes differ by " + value
	case report.Folders:
		return "LIST shows " + many("mailbox", "mailboxes")
	}
	if m.Def.Name == report.StepTime(report.StepLogin) && r.Target.Username != "" {
		return "login as " + r.Target.Username + " took " + value
	}
	if step, ok := strings.CutPrefix(m.Def.Name, report.Time+"_"); ok {
		return m.Mailbox.Of(step) + " took " + value
	}
	return m.Mailbox.Of(m.Def.Name) + " is " + value
}

// message is what a person calls the message that was fetched.
func message(r *report.Report, m report.Metric) string {
	text := strings.TrimSpace(r.Target.Message + " message")
	if m.Mailbox.Label != "" {
		text += " in " + m.Mailbox.Shown()
	}
	return text
}

// expiry says when something expires or has expired.
func expiry(what string, m report.Metric) string {
	on := ""
	if !m.At.IsZero() {
		on = " (" + m.At.UTC().Format(time.DateOnly) + ")"
	}
	switch {
	case m.Value < 0:
		return what + " expired " + report.InDays(-m.Value) + " ago" + on
	case m.Value == 0:
		return what + " expires in less than a day" + on
	}
	return what + " expires in " + report.InDays(m.Value) + on
}

// share returns " (86 MB of 100 MB)" for a part and its whole, "" without them.
func share(r *report.Report, of report.Mailbox, part, whole string, write func(float64) string) string {
	p, ok := r.MetricOf(part, of)
	w, has := r.MetricOf(whole, of)
	if !ok || !has {
		return ""
	}
	return " (" + write(p.Value) + " of " + write(w.Value) + ")"
}

// above and below say on which side of a range a value lies. Neither does, of a
// range that is violated inside.
func above(m report.Metric, r Range) bool { return !r.Inside && m.Value > r.Upper }
func below(m report.Metric, r Range) bool { return !r.Inside && m.Value < r.Lower }

// isAge says whether a metric is the age of a message, or how long it was on its way:
// it has a limit in hours as often as in seconds. An age below zero is that of a message
// whose server has another time than this machine.
func isAge(def report.MetricDef) bool {
	return def.Signed && def.Unit == report.Seconds || def.Name == report.DeliveryTime
}

// future says whether a violation is that of an age below zero.
func future(m report.Metric, r Range) bool { return isAge(m.Def) && m.Value < 0 && below(m, r) }

// breach says in words what is wrong with a value that violates a range.
func breach(m report.Metric, r Range) string {
	switch {
	case future(m, r):
		return "a time that is still to come: the clocks of the server and of this machine differ"
	case r.Inside:
		r.Inside = false
		return "inside the range " + r.String()
	case above(m, r) && (r.Lower == 0 || math.IsInf(r.Lower, -1)), below(m, r) && math.IsInf(r.Upper, 1) && m.Def.LowIsWorse:
		return "limit " + limit(r, m.Def)
	case below(m, r) && math.IsInf(r.Upper, 1):
		return "at least " + limit(r, m.Def) + " expected"
	}
	return "outside the range " + r.String()
}

// limit returns the one end of a range as people read it.
func limit(r Range, def report.MetricDef) string {
	end := r.Upper
	if math.IsInf(end, 1) {
		end = r.Lower
	}
	switch {
	case isAge(def):
		return report.Lasting(end)
	case def.Unit == report.Bytes:
		return report.Size(end)
	case def.Unit == report.Seconds && end < 0.1:
		return decimal(end*1000) + " ms"
	}
	return withUnit(decimal(end), def)
}

// readable returns a value as people read it, as exactly as tells it from the
// range that it violates.
func readable(m report.Metric, r Range) string {
	text := ""
	switch {
	case isAge(m.Def) && m.Value >= 120:
		text = report.Lasting(m.Value)
	case isAge(m.Def) && m.Value < 0:
		return plain(withUnit(Format(m), m.Def))
	case isAge(m.Def):
		text = withUnit(strconv.FormatFloat(m.Value, 'f', 0, 64), m.Def)
	case m.Def.Unit == report.Seconds:
		text = report.Took(time.Duration(m.Value * float64(time.Second)))
	case m.Def.Unit == report.Bytes:
		text = report.Size(m.Value)
	case m.Def.Unit == report.Percent:
		text = withUnit(strconv.FormatFloat(m.Value, 'f', 1, 64), m.Def)
	default:
		return withUnit(Format(m), m.Def)
	}
	if r.Inside || plain(text) == plain(limit(r, m.Def)) { // they differ, and must not look the same
		return plain(withUnit(Format(m), m.Def))
	}
	return text
}

// plain leaves out zeros at the end of a number with a point.
func plain(text string) string {
	number, unit, _ := strings.Cut(text, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + " " + unit
}

// ifBelow returns the advice for a value that is below a range.
func ifBelow(m report.Metric, r Range, advice string) string {
	if !below(m, r) {
		return ""
	}
	return advice
}

// thresholdAdvice returns what to do about a number outside its range, "" when
// the number says it all. It depends on the side: what helps against too much does
// not help against too little.
func thresholdAdvice(r *report.Report, m report.Metric, rng Range) string {
	switch m.Def.Name {
	case report.CertificateDays, report.CertificatePercent:
		if above(m, rng) {
			return "more is left than the range allows: is a minimum meant (N:)?"
		}
		return "renew it and reload the IMAP server"
	case report.ClientCertificateDays:
		return ifBelow(m, rng, "renew our own certificate, and register the new one where the old one is known")
	case report.ClientSecretDays:
		return ifBelow(m, rng, "make a new secret where the client is registered, and change the date here")
	}
	if future(m, rng) {
		return "set both clocks right (NTP)"
	}
	if !above(m, rng) {
		return ""
	}
	switch m.Def.Name {
	case report.MessageAge, report.SearchNewestAge:
		return "is mail arriving?"
	case report.DeliveryTime:
		return "see the mail queue of the slowest hop"
	case report.NodesSpread:
		return "does replication lag, or did it stop?"
	case report.DeliveryHops:
		return "does the mail go round in circles?"
	case report.SearchOldestAge:
		return "does what empties this mailbox still run?"
	case report.QuotaStoragePercent, report.QuotaMessagesPercent:
		return "delete mail or raise the quota"
	}
	if s := r.Step(m.Def.Step); s != nil && m.Def.Name == report.StepTime(s.Name) {
		return slowAdvice(s)
	}
	return ""
}
