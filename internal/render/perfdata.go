package render

import (
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
)

// perfdata returns the performance data in the order of the metric table. Without
// scale the minimum, 0 wherever it stands, is left out to save room.
func perfdata(v report.Verdict, o Options, scale bool) string {
	var items []string
	for _, def := range report.MetricTable() {
		i := slices.IndexFunc(v.Metrics, func(m report.Judged) bool { return m.Def.Name == def.Name })
		switch {
		case i >= 0:
			items = append(items, perfItem(v.Metrics[i], scale))
		case o.PerfdataUnknown && slices.ContainsFunc(v.Unknown, func(d report.MetricDef) bool { return d.Name == def.Name }):
			items = append(items, def.Name+"=U")
		}
	}
	return strings.Join(items, " ")
}

// perfItem returns label=value[UOM];warn;crit;min;max without trailing
// semicolons (rules P7 to P17).
func perfItem(m report.Judged, scale bool) string {
	low := "0"
	if m.Def.Signed || !scale && m.Max == nil {
		low = ""
	}
	high := ""
	if m.Max != nil {
		high = strconv.FormatFloat(*m.Max, 'f', -1, 64)
	}
	item := m.Def.Name + "=" + judge.Format(m.Metric) + m.Def.Unit.UOM() + ";" + m.Warn + ";" + m.Crit + ";" + low + ";" + high
	return strings.TrimRight(item, ";")
}
