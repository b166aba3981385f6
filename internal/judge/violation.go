package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// violation compares a metric with its rule, the critical range first (rule T6 of
// docs/plugin-interface.md), and returns the range that it violates; nil for none.
func violation(m report.Metric, rule Rule) (report.Finding, *Range) {
	for _, level := range []struct {
		state report.State
		rng   *Range
	}{{report.Critical, rule.Crit}, {report.Warning, rule.Warn}} {
		if level.rng == nil || !level.rng.Violates(m.Value) {
			continue
		}
		text := m.Def.Name + " is " + readable(m, *level.rng) + ", " + breach(m, *level.rng, strings.ToLower(level.state.String()))
		return report.Finding{State: level.state, Kind: "threshold", Step: m.Def.Step, Metric: m.Def.Name, Text: text}, level.rng
	}
	return report.Finding{}, nil
}

// above and below say on which side of a range a value lies. Neither does, of a
// range that is violated inside.
func above(m report.Metric, r Range) bool { return !r.Inside && m.Value > r.Upper }
func below(m report.Metric, r Range) bool { return !r.Inside && m.Value < r.Lower }

// isAge says whether a metric is the age of a message. An age below zero is that
// of a message whose server has another time than this machine.
func isAge(def report.MetricDef) bool { return def.Signed && def.Unit == report.Seconds }

// future says whether a violation is that of an age below zero.
func future(m report.Metric, r Range) bool { return isAge(m.Def) && m.Value < 0 && below(m, r) }

// breach says in words what is wrong with a value that violates a range.
func breach(m report.Metric, r Range, level string) string {
	switch {
	case future(m, r):
		return "a time that is still to come: the clocks of the server and of this machine differ"
	case r.Inside:
		r.Inside = false
		return fmt.Sprintf("inside the %s range %s", level, r)
	case above(m, r) && (r.Lower == 0 || math.IsInf(r.Lower, -1)):
		return fmt.Sprintf("over the %s limit of %s", level, limit(r.Upper, m.Def))
	case below(m, r) && math.IsInf(r.Upper, 1):
		return fmt.Sprintf("below the %s minimum of %s", level, limit(r.Lower, m.Def))
	case above(m, r):
		return fmt.Sprintf("above the %s range %s", level, r)
	case below(m, r):
		return fmt.Sprintf("below the %s range %s", level, r)
	}
	return fmt.Sprintf("outside the %s range %s", level, r) // no number
}

// limit returns an end of a range as people read it.
func limit(v float64, def report.MetricDef) string {
	if isAge(def) {
		return lasting(v)
	}
	return withUnit(decimal(v), def)
}

// readable returns a value as people read it, as exactly as tells it from the
// range that it violates: ages in hours and days, other times in milliseconds.
func readable(m report.Metric, r Range) string {
	if m.Def.Unit != report.Seconds {
		return withUnit(Format(m), m.Def)
	}
	if isAge(m.Def) && !future(m, r) && !r.Inside {
		if text := lasting(m.Value); text != lasting(r.Upper) && text != lasting(r.Lower) {
			return text
		}
	}
	short := strconv.FormatFloat(m.Value, 'f', 3, 64)
	if rounded, err := strconv.ParseFloat(short, 64); err != nil || math.Abs(m.Value) < 0.01 || !r.Violates(rounded) {
		short = Format(m)
	}
	return withUnit(short, m.Def)
}

// lasting returns seconds as a person says them, in the two largest units that they
// have: "3 h 12 min". Below two minutes, and where they are no length of time, they
// stay seconds.
func lasting(seconds float64) string {
	if seconds < 120 || seconds > time.Duration(math.MaxInt64).Seconds() {
		return strings.TrimSpace(decimal(seconds) + " s")
	}
	left := int64(math.Round(seconds))
	var words []string
	for _, u := range []struct {
		seconds int64
		name    string
	}{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}} {
		if n := left / u.seconds; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, u.name))
		} else if len(words) == 1 {
			break
		}
		if left %= u.seconds; len(words) == 2 {
			break
		}
	}
	return strings.Join(words, " ")
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
		return "renew it, and let the server load it"
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
