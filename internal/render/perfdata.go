package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
)

// perfdata returns the performance data in the order of the metric table, and of a
// metric in that of the mailboxes. Without scale the minimum, 0 wherever it stands, is
// left out to save room.
func perfdata(v report.Verdict, o Options, scale bool) string {
	return strings.Join(perfItems(v, o, scale, func(report.Judged) bool { return true }), " ")
}

// perfdataWithin returns as much of the performance data as fits into max bytes. Of a
// session that opens one mailbox it is all. Of several mailboxes the metrics that have
// a limit come before the others, and after them the first mailboxes. Of mailboxes
// that a pattern has found there is nothing without a limit.
func perfdataWithin(r *report.Report, v report.Verdict, o Options, max int) string {
	perf, last := perfdata(v, o, true), lastPlace(v)
	if len(perf) > max && last == 0 {
		return perfdata(v, o, false)
	}
	first := r.Target.Pattern != ""
	for ; (len(perf) > max || first) && last >= 0; last-- {
		perf = strings.Join(perfItems(v, o, true, func(m report.Judged) bool {
			return m.Mailbox.Place == 0 || m.Mailbox.Place <= last && m.Warn+m.Crit != ""
		}), " ")
		first = false
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

// perfItems returns the items of those metrics that keep wants.
func perfItems(v report.Verdict, o Options, scale bool, keep func(report.Judged) bool) []string {
	type item struct {
		text  string
		place int
	}
	var items []string
	for _, def := range report.MetricTable() {
		var own []item
		for _, m := range v.Metrics {
			if m.Def.Name == def.Name && keep(m) {
				own = append(own, item{o.perfItem(m, scale), m.Mailbox.Place})
			}
		}
		for _, m := range v.Unknown {
			if o.PerfdataUnknown && m.Def.Name == def.Name && keep(report.Judged{Metric: m}) {
				own = append(own, item{o.perfLabel(m) + "=U", m.Mailbox.Place})
			}
		}
		slices.SortStableFunc(own, func(a, b item) int { return cmp.Compare(a.place, b.place) })
		for _, i := range own {
			items = append(items, i.text)
		}
	}
	return items
}

// perfLabel returns a label as the plugin interface wants it: in quotes where it has
// a blank.
func (o Options) perfLabel(m report.Metric) string {
	label := o.label(m.Mailbox, m.Label())
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
