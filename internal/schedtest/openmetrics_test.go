//go:build linux

package schedtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

// prometheusStore starts a Prometheus that reads the given pages of a server.
func prometheusStore(t *testing.T, dir, server string, pages ...string) store {
	t.Helper()
	jobs := "global: {scrape_interval: 200ms}\nscrape_configs:\n"
	for _, p := range pages {
		jobs += fmt.Sprintf("- job_name: %s\n  metrics_path: /%[1]s\n  static_configs: [{targets: [%q]}]\n", p, server)
	}
	return store{
		url: startPrometheus(t, dir, jobs),
		list: func(t *testing.T, s store, query string) []string {
			m := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(query)
			if m == nil {
				t.Fatalf("not understood: %s", query)
			}
			var answer struct{ Data []string }
			s.get(t, "/api/v1/label/"+m[2]+"/values", url.Values{"match[]": {m[1]}}, &answer)
			return answer.Data
		},
		points: func(t *testing.T, s store, target dashboardTarget) int {
			var answer struct {
				Data struct{ Result []json.RawMessage }
			}
			s.get(t, "/api/v1/query", url.Values{"query": {target.Expr}}, &answer)
			return len(answer.Data.Result)
		},
	}
}

// TestPrometheusDashboard has a real Prometheus read what the program prints for
// three sessions, one rejected and one without an account, and asks it what the
// dashboard asks.
func TestPrometheusDashboard(t *testing.T) {
	servertest.Need(t, servertest.Installed(prometheus))
	s := newSite(t)
	sessions := map[string][]string{
		"good":     {"--username=alice", "--password-file=" + s.dir + "/secrets/alice"},
		"rejected": {"--username=bob", "--password-file=" + s.dir + "/secrets/wrong"},
		"nologin":  {"--auth=none"},
	}
	pages := map[string]string{}
	for name, flags := range sessions {
		out, _ := output(t, filepath.Join(s.plugins, "check_imap_session"), append(flags, "-H", "imap.test", "--address="+s.mail, "-o", "openmetrics")...)
		pages["/"+name] = out
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0")
		_, _ = w.Write([]byte(pages[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	scraped := prometheusStore(t, subdir(t, s.dir, "prometheus"), strings.TrimPrefix(server.URL, "http://"), "good", "rejected", "nologin")

	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "../../contrib/grafana/imap-session-prometheus.json")), &d); err != nil {
		t.Fatal(err)
	}
	all, want := variables{"host": "imap.test"}, map[string][]string{"host": {"imap.test"}, "username": {"alice", "bob"}, "mailbox": {"INBOX"}}
	for _, v := range d.Templating.List {
		if want[v.Name] == nil {
			continue
		}
		waitFor(t, fmt.Sprintf("%s is %q", v.Name, want[v.Name]), func() bool {
			return slices.Equal(scraped.choices(t, v, all), want[v.Name])
		})
		if v.AllValue != "" {
			all[v.Name] = v.AllValue
		}
	}
	d.check(t, "prometheus", scraped, all)
	// One of them alone: the panels of failures are empty.
	all["username"], all["mailbox"] = "alice", "INBOX"
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			expr := all.fill(target.Expr)
			if got, want := scraped.points(t, scraped, dashboardTarget{Expr: expr}) > 0, !strings.HasPrefix(p.Title, "Fail"); got != want {
				t.Errorf("%s: data %v, want %v: %s", p.Title, got, want, expr)
			}
		}
	}
}
