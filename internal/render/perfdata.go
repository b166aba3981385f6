package render

import (
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
)

// perfdata returns the performance data in the order of the metric table, and of a
// metric in that of the mailboxes. Without scale the minimum, which is always 0, is left
// out to save room.
func perfdata(v report.Verdict, o Options, scale bool) string {
	return o.perfItems(v, scale, func(report.Judged) bool { return true })
}

// perfdataWithin returns the performance data. When a session opens several mailboxes,
// it drops items until max bytes are enough: first the metrics of mailboxes that have no
// limit, then those of the last mailboxes. Mailboxes that a pattern has found are shown
// with their limited metrics only. With one mailbox only the minimum is dropped.
func perfdataWithin(r *report.Report, v report.Verdict, o Options, max int) string {
	perf, last := perfdata(v, o, true), lastPlace(v)
	switch {
	case len(perf) > max && last == 0:
		return perfdata(v, o, false)
	case len(perf) <= max && r.Target.Pattern == "":
		return perf
	}
	for ; last >= 0; last-- {
		perf = o.perfItems(v, true, func(m report.Judged) bool {
			return m.Mailbox.Place == 0 || m.Mailbox.Place <= last && m.Warn+m.Crit != ""
		})
		if len(perf) <= max {
			break
		}
	}
	return perf
}

// lastPlace returns the place of the last mailbox that has metrics, 0 for none.
func lastPlace(v report.Verdict) int {
	last := 0
	for _, m := range v.Metrics {
		last = max(last, m.Mailbox.Place)
	}
	return last
}

// perfItems returns the items of the metrics for which keep is true.
func (o Options) perfItems(v report.Verdict, scale bool, keep func(report.Judged) bool) string {
	type item struct {
		metric *report.Metric
		text   string
	}
	items := make([]item, 0, len(v.Metrics)+len(v.Unknown))
	for i := range v.Metrics {
		if m := &v.Metrics[i]; keep(*m) {
			items = append(items, item{&m.Metric, o.perfItem(*m, scale)})
		}
	}
	for i := range v.Unknown {
		if m := &v.Unknown[i]; o.PerfdataUnknown && keep(report.Judged{Metric: *m}) {
			items = append(items, item{m, o.perfLabel(*m) + "=U"})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return report.CompareMetrics(*a.metric, *b.metric) })
	texts := make([]string, len(items))
	for i, it := range items {
		texts[i] = it.text
	}
	return strings.Join(texts, " ")
}

// perfLabel returns a label as the plugin interface wants it: in quotes where it has
// a blank. It is masked where the server has chosen the name of the mailbox; the mask has
// none of the characters that a label must not have.
func (o Options) perfLabel(m report.Metric) string {
	label := m.Label()
	if m.Mailbox.Listed {
		label = o.mask(label)
	}
	if strings.Contains(label, " ") {
		return "'" + label + "'"
	}
	return label
}

// perfItem returns label=value[UOM];warn;crit;min;max without trailing
// semicolons (rules P7 to P17).
func (o Options) perfItem(m report.Judged, scale bool) string {
	low := "0"
	if m.Def.Signed || !scale && m.Max == nil {
		low = ""
	}
	high := ""
	if m.Max != nil {
		high = strconv.FormatFloat(*m.Max, 'f', -1, 64)
	}
	item := o.perfLabel(m.Metric) + "=" + judge.Format(m.Metric) + m.Def.Unit.UOM() + ";" + m.Warn + ";" + m.Crit + ";" + low + ";" + high
	return strings.TrimRight(item, ";")
}
