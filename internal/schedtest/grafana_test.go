//go:build linux

package schedtest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/app"
	"check_imap_session/internal/report"
)

// dashboard is what the tests look at in one of contrib/grafana.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ Target, Query, Expr string }
	}
}

func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	out := map[string]dashboard{}
	for _, name := range []string{"graphite", "influxdb"} {
		var d dashboard
		if err := json.Unmarshal([]byte(read(t, "../../contrib/grafana/imap-session-"+name+".json")), &d); err != nil {
			t.Fatal(err)
		}
		out[name] = d
	}
	return out
}

var (
	graphiteQuery = regexp.MustCompile(`^alias(?:ByNode)?\(icinga2\.\$host\.services\.\$service\.imap_session\.(?:metadata\.(state)|perfdata\.([\w*]+)\.(value|warn|crit)), (?:'[a-z_]+'|6)\)$`)
	influxQuery   = regexp.MustCompile(`^SELECT last\("(value|warn|crit|state)"\) FROM "imap_session" WHERE "hostname" = '\$host' AND "service" = '\$service' (?:AND "metric" (?:= '(\w+)'|=~ /\^(time_)/) )?AND \$timeFilter GROUP BY time\(\$__interval\)(?:, "metric")? fill\(none\)$`)
)

// allSteps is what a query for every step's time is about, so that a new step
// needs no new query.
const allSteps = "time_*"

// query takes a query apart: metric and field.
func query(t *testing.T, target, query string) (metric, field string) {
	t.Helper()
	switch g, i := graphiteQuery.FindStringSubmatch(target), influxQuery.FindStringSubmatch(query); {
	case g != nil && g[1] != "":
		return "", "state"
	case g != nil:
		return g[2], g[3]
	case i != nil && i[3] != "":
		return allSteps, i[1]
	case i != nil:
		return i[2], i[1]
	}
	t.Errorf("not understood: %q %q", target, query)
	return "", ""
}

// TestDashboards wants every query to be about a metric that exists, and the
// metrics that matter to be on a panel.
func TestDashboards(t *testing.T) {
	for name, d := range dashboards(t) {
		shown := map[string]bool{}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				metric, field := query(t, target.Target, target.Query)
				if _, ok := report.LookupMetric(metric); !ok && field != "state" && metric != allSteps {
					t.Errorf("%s: %s: there is no metric %q", name, p.Title, metric)
				}
				shown[metric+" "+field] = true
			}
		}
		for _, want := range []string{allSteps, "certificate_days", "messages", "folders", "time"} {
			if !shown[want+" value"] {
				t.Errorf("%s shows no %s", name, want)
			}
		}
		if !shown["time warn"] || !shown["time crit"] || !shown[" state"] {
			t.Errorf("%s lacks thresholds or the state", name)
		}
	}
}

// TestOpenMetricsDashboard wants every query to be about a series that the
// program prints, with the labels that it has.
func TestOpenMetricsDashboard(t *testing.T) {
	var out bytes.Buffer
	code := app.Main([]string{"--demo", "-o", "openmetrics"}, app.Env{Program: "check_imap_session", Stdin: strings.NewReader(""), Stdout: &out, Getenv: func(string) string { return "" }})
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "../../contrib/grafana/imap-session-prometheus.json")), &d); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			m := regexp.MustCompile(`^(?:time\(\) - )?\(?(imap_session_\w+)\{host="\$host", mailbox="\$mailbox"\}(?: - time\(\)\) / 86400)?$`).FindStringSubmatch(target.Expr)
			if m == nil {
				t.Errorf("%s: not understood: %q", p.Title, target.Expr)
				continue
			}
			count++
			if !regexp.MustCompile(`(?m)^` + m[1] + `\{[^}]*host="[^}]*mailbox="`).Match(out.Bytes()) {
				t.Errorf("%s: the program prints no %s with host and mailbox", p.Title, m[1])
			}
		}
	}
	if count < 9 {
		t.Errorf("only %d queries", count)
	}
}

// checkDashboards wants what the queries ask for among what has arrived, for a
// service whose run measured the given labels.
func checkDashboards(t *testing.T, graphite, influx *sink, host, service, perf string) {
	t.Helper()
	for name, d := range dashboards(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				metric, field := query(t, target.Target, target.Query)
				if metric != "" && metric != allSteps && !strings.Contains(" "+perf, " "+metric+"=") {
					continue
				}
				var want *regexp.Regexp
				s := influx
				switch {
				case name == "graphite":
					s = graphite
					path := target.Target[strings.IndexByte(target.Target, '(')+1 : strings.IndexByte(target.Target, ',')]
					path = strings.NewReplacer("$host", host, "$service", service).Replace(path)
					want = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(path), `\*`, `\w+`) + " ")
				case metric == "":
					want = regexp.MustCompile(`^imap_session,hostname=` + host + `,service=` + service + ` (?:.*,)?state=`)
				default:
					want = regexp.MustCompile(`^imap_session,hostname=` + host + `,service=` + service + `,metric=` + strings.ReplaceAll(metric, "*", `\w+`) + ` (?:.*,)?` + field + `=`)
				}
				waitFor(t, name+": "+p.Title+": "+want.String(), func() bool {
					s.mu.Lock()
					defer s.mu.Unlock()
					return slices.ContainsFunc(s.lines, want.MatchString)
				})
			}
		}
	}
}
