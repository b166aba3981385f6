package report

//go:generate go run ./metricsdoc

import (
	"fmt"
	"strings"
)

// MetricsDocument returns the metric table as a page of Markdown.
func MetricsDocument() string {
	var b strings.Builder
	b.WriteString(`# Metrics and ranges

<!-- Generated from the metric table by "go generate ./..."; do not edit. -->

The name of a metric is its label in the performance data, its key in the JSON output, and
what ` + "`-w`, `-c`" + ` and the Icinga variables take. Names never change. New metrics are added at
the end, because graphing tools know a metric by its position.

A metric is measured when its step is run. A step that not every session has is run when
` + "`--with`" + ` names it or when a limit names one of its metrics. A metric that this run could not
measure is left out, and ` + "`-v`" + ` says why.

| metric | unit | step | meaning | a limit |
|---|---|---|---|---|
`)
	for _, d := range MetricTable() {
		step := "all"
		if d.Step != "" {
			step = "`" + d.Step + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | `%s` |\n", d.Name, unitWord(d.Unit), step, strings.ReplaceAll(d.Doc, "|", `\|`), exampleLimit(d))
	}
	b.WriteString(`
## Ranges

A limit is ` + "`METRIC=RANGE`" + `. A range without a metric is for ` + "`time`" + `. Several are divided by
commas, or given with several ` + "`-w`" + `: ` + "`-w 2,time_login=500ms -w messages=1:`" + `. ` + "`-w`" + ` makes a
WARNING, ` + "`-c`" + ` a CRITICAL. Both ends of a range are good values.

| range | good values | for example |
|---|---|---|
| ` + "`5`" + ` | from 0 to 5 | ` + "`time=5`" + `: at most 5 seconds |
| ` + "`10:`" + ` | 10 and more | ` + "`certificate_days=10:`" + `: at least 10 days left |
| ` + "`~:10`" + ` | 10 and less, also below 0 | ` + "`message_age=~:10`" + ` |
| ` + "`10:20`" + ` | from 10 to 20 | ` + "`folders=10:20`" + ` |
| ` + "`@10:20`" + ` | all but 10 to 20 | ` + "`messages=@0:0`" + `: the mailbox must not be empty |

A number that should not become too small needs the colon: ` + "`certificate_days=21`" + ` would be
good from 0 to 21 days, so that is a usage error.

## Units

A bound without a unit is in the unit of the metric.

| unit of the metric | bounds may be written |
|---|---|
| seconds | ` + "`0.5`, `500ms`, `1m30s`, `36h`, `14d`, `2w`" + ` |
| days | ` + "`21`, `21d`, `3w`, `36h`" + ` |
| bytes | ` + "`1000`, `10kB`, `10MB`, `1GB` (powers of 1000), `10KiB`, `10MiB`, `10M` (powers of 1024)" + ` |
| percent | ` + "`80`, `80%`" + ` |
| count | ` + "`5`" + ` |
`)
	return b.String()
}

// unitWord returns the word for a unit in a page.
func unitWord(u Unit) string {
	switch u {
	case Seconds:
		return "seconds"
	case Bytes:
		return "bytes"
	case Percent:
		return "percent"
	case Days:
		return "days"
	default:
		return "count"
	}
}

// exampleLimit returns a limit that makes sense for a metric.
func exampleLimit(d MetricDef) string {
	limit := map[Unit]string{Seconds: "1h", Bytes: "10MB", Percent: "80", Days: "365", Count: "100"}[d.Unit]
	switch {
	case d.Name == Time:
		limit = "2"
	case strings.HasPrefix(d.Name, StepTime("")):
		limit = "500ms"
	case d.LowIsWorse && d.Unit == Days:
		limit = "21:"
	case d.LowIsWorse && d.Unit == Percent:
		limit = "10:"
	case d.Name == AddressesFailed:
		limit = "0"
	case d.Name == Messages || d.Name == Folders || d.Name == Addresses:
		limit = "1:" // at least one
	}
	return d.Name + "=" + limit
}
