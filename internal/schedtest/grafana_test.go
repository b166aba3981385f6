//go:build linux

package schedtest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"check_imap_session/internal/app"
	"check_imap_session/internal/report"
)

// dashboard is what the tests look at in one of contrib/grafana.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []dashboardTarget
	}
	Templating struct{ List []dashboardVariable }
}

// dashboardTarget has a query, in the field of its store.
type dashboardTarget struct{ Target, Query, Expr string }

// dashboardVariable is a list that the user chooses from.
type dashboardVariable struct{ Name, Query, Regex, AllValue string }

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
	graphiteQuery = regexp.MustCompile(`^alias(?:ByNode)?\(icinga2\.\$host\.services\.\$service\.\$command\.(?:metadata\.(state)|perfdata\.([\w*]+)\.(value|warn|crit)), (?:'[a-z_]+'|6)\)$`)
	influxQuery   = regexp.MustCompile(`^SELECT last\("(value|warn|crit|state)"\) FROM /\^\$command\$/ WHERE "hostname" = '\$host' AND "service" = '\$service' (?:AND "metric" (?:= '(\w+)'|=~ /\^(time_)/) )?AND \$timeFilter GROUP BY time\(\$__interval\)(?:, "metric")? fill\(none\)$`)
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

// TestDashboards checks that every query is about a metric that exists, and that the
// metrics that matter are on a panel.
func TestDashboards(t *testing.T) {
	for name, d := range dashboards(t) {
		shown := map[string]bool{}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				metric, field := query(t, target.Target, target.Query)
				if _, ok := report.LookupMetric(metric); !ok && field != "state" && metric != allSteps {
					t.Errorf("%s: %s: unknown metric %q", name, p.Title, metric)
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

// TestOpenMetricsDashboard checks that every query is about series that the program
// prints, with the labels that it prints.
func TestOpenMetricsDashboard(t *testing.T) {
	var out bytes.Buffer
	for _, demo := range []string{"healthy", "auth-failed"} {
		app.Main([]string{"--demo=" + demo, "-o", "openmetrics"}, app.Env{Program: "check_imap_session", Stdin: strings.NewReader(""), Stdout: &out, Getenv: func(string) string { return "" }})
	}
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "../../contrib/grafana/imap-session-prometheus.json")), &d); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			m := regexp.MustCompile(`(imap_session_\w+)\{host="\$host", username=~"\$username", mailbox=~"\|?\$mailbox"\}`).FindStringSubmatch(target.Expr)
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
	if count < 13 {
		t.Errorf("only %d queries", count)
	}
}
