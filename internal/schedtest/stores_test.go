//go:build linux

package schedtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/servertest"
)

// store is where a dashboard gets its data from.
type store struct {
	url string
	// list answers the query of a variable as Grafana's data source does.
	list func(t *testing.T, s store, query string) []string
	// points counts what a panel's target returns.
	points func(t *testing.T, s store, target dashboardTarget) int
}

// get asks a store and reads its JSON into answer.
func (s store) get(t *testing.T, path string, parameters url.Values, answer any) {
	t.Helper()
	resp, err := http.Get(s.url + path + "?" + parameters.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", path, resp.Status, err, &text)
	}
	if err := json.Unmarshal(text.Bytes(), answer); err != nil {
		t.Fatalf("%s: %v: %s", path, err, &text)
	}
}

// variables is what a user chose, by the variable's name.
type variables map[string]string

// fill puts variables where Grafana does.
func (v variables) fill(text string) string {
	for _, name := range []string{"command", "host", "service", "username", "mailbox", "timeFilter", "__interval"} {
		text = strings.ReplaceAll(text, "$"+name, v[name])
	}
	return text
}

// carbonConfig, with the folder and three ports.
const carbonConfig = `[cache]
STORAGE_DIR = %[1]s
LOCAL_DATA_DIR = %[1]s/whisper
CONF_DIR = %[1]s
LOG_DIR = %[1]s
PID_DIR = %[1]s
USER =
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = %[2]s
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = %[3]s
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = %[4]s
`

// graphiteSettings, with the folder and the port of carbon's cache.
const graphiteSettings = `SECRET_KEY = 'of a test'
ALLOWED_HOSTS = ['127.0.0.1']
TIME_ZONE = 'UTC'
CONF_DIR = STORAGE_DIR = LOG_DIR = '%[1]s'
WHISPER_DIR = '%[1]s/whisper'
STANDARD_DIRS = [WHISPER_DIR]
INDEX_FILE = '%[1]s/index'
CARBONLINK_HOSTS = ['127.0.0.1:%[2]s']
DATABASES = {'default': {'NAME': ':memory:', 'ENGINE': 'django.db.backends.sqlite3'}}
`

// graphiteServer is what serves Graphite's pages, with the port.
const graphiteServer = `from graphite.wsgi import application
from django.core.management import call_command
from wsgiref.simple_server import make_server
call_command('migrate', run_syncdb=True, verbosity=0)
make_server('127.0.0.1', %s, application).serve_forever()
`

// startGraphite starts carbon, Graphite's web application, and returns the port
// that takes data.
func startGraphite(t *testing.T, dir string) (store, string) {
	t.Helper()
	line, cache, page := freePort(t), freePort(t), freePort(t)
	write(t, filepath.Join(dir, "carbon.conf"), fmt.Sprintf(carbonConfig, dir, line, freePort(t), cache), 0o644)
	write(t, filepath.Join(dir, "storage-schemas.conf"), "[all]\npattern = .*\nretentions = 1s:1h\n", 0o644)
	write(t, filepath.Join(dir, "test_settings.py"), fmt.Sprintf(graphiteSettings, dir, cache), 0o644)
	subdir(t, dir, "whisper")
	start(t, dir, exec.Command("carbon-cache", "--config="+filepath.Join(dir, "carbon.conf"), "--nodaemon", "--logdir="+dir, "start"))
	web := exec.Command("/usr/bin/python3", "-c", fmt.Sprintf(graphiteServer, page))
	web.Env = append(os.Environ(), "PYTHONPATH="+dir, "GRAPHITE_SETTINGS_MODULE=test_settings", "PYTHONDONTWRITEBYTECODE=1")
	start(t, dir, web)
	waitFor(t, "Graphite", func() bool {
		return listening("127.0.0.1:"+line) && listening("127.0.0.1:"+cache) && listening("127.0.0.1:"+page)
	})
	return store{
		url: "http://127.0.0.1:" + page,
		list: func(t *testing.T, s store, query string) []string {
			var names []string
			if inner, ok := strings.CutPrefix(query, "expand("); ok {
				var answer struct{ Results []string }
				s.get(t, "/metrics/expand", url.Values{"query": {strings.TrimSuffix(inner, ")")}}, &answer)
				return answer.Results
			}
			var answer []struct{ Text string }
			s.get(t, "/metrics/find", url.Values{"query": {query}}, &answer)
			for _, a := range answer {
				names = append(names, a.Text)
			}
			return names
		},
		points: func(t *testing.T, s store, target dashboardTarget) int {
			var answer []struct{ Datapoints [][2]*float64 }
			s.get(t, "/render", url.Values{"target": {target.Target}, "from": {"-10min"}, "format": {"json"}}, &answer)
			n := 0
			for _, series := range answer {
				for _, p := range series.Datapoints {
					if p[0] != nil {
						n++
					}
				}
			}
			return n
		},
	}, line
}

// influxConfig, with the folder and two ports.
const influxConfig = `reporting-disabled = true
bind-address = "127.0.0.1:%[2]s"
[meta]
dir = "%[1]s/meta"
[data]
dir = "%[1]s/data"
wal-dir = "%[1]s/wal"
[http]
bind-address = "127.0.0.1:%[3]s"
`

// startInflux starts InfluxDB with an empty database and returns its port.
func startInflux(t *testing.T, dir string) (store, string) {
	t.Helper()
	page := freePort(t)
	config := filepath.Join(dir, "influxdb.conf")
	write(t, config, fmt.Sprintf(influxConfig, dir, freePort(t), page), 0o644)
	start(t, dir, exec.Command("influxd", "-config", config))
	waitFor(t, "InfluxDB", func() bool { return listening("127.0.0.1:" + page) })
	s := store{url: "http://127.0.0.1:" + page}
	resp, err := http.PostForm(s.url+"/query", url.Values{"q": {"CREATE DATABASE icinga2"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	rows := func(t *testing.T, s store, query string) [][]any {
		var answer struct {
			Results []struct {
				Error  string
				Series []struct{ Values [][]any }
			}
		}
		s.get(t, "/query", url.Values{"db": {"icinga2"}, "q": {query}}, &answer)
		var out [][]any
		for _, r := range answer.Results {
			if r.Error != "" {
				t.Errorf("%s: %s", query, r.Error)
			}
			for _, series := range r.Series {
				out = append(out, series.Values...)
			}
		}
		return out
	}
	s.list = func(t *testing.T, s store, query string) []string {
		var names []string
		for _, r := range rows(t, s, query) {
			names = append(names, fmt.Sprint(r[len(r)-1]))
		}
		return names
	}
	s.points = func(t *testing.T, s store, target dashboardTarget) int { return len(rows(t, s, target.Query)) }
	return s, page
}

// choices returns what Grafana offers for a variable, each once.
func (s store) choices(t *testing.T, v dashboardVariable, chosen variables) []string {
	t.Helper()
	var out []string
	for _, name := range s.list(t, s, chosen.fill(v.Query)) {
		if v.Regex != "" {
			m := regexp.MustCompile(strings.Trim(v.Regex, "/")).FindStringSubmatch(name)
			if m == nil {
				continue
			}
			name = m[1]
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// storeServices are IMAP checks of two commands, and one that no list may show.
const storeServices = `
object CheckCommand "cmd-check-imap-session" {
  import "imap_session"
}
template Service "imap" {
  host_name = "mail.example"
  vars.imap_session_hostname = "imap.test"
  vars.imap_session_username = "alice"
  vars.imap_session_password_file = "%[2]s/secrets/alice"
  vars.imap_session_warning = 7
  vars.imap_session_critical = 7.5
}
object Host "mail.example" {
  check_command = "dummy"
  address = "%[1]s"
}
object Host "other" {
  check_command = "dummy"
}
object Service "INBOX of alice" {
  import "imap"
  check_command = "imap_session"
}
object Service "director" {
  import "imap"
  check_command = "cmd-check-imap-session"
}
object Service "load" {
  host_name = "mail.example"
  check_command = "dummy"
  vars.dummy_text = "fine | load=1"
}
object Service "load" {
  host_name = "other"
  check_command = "dummy"
  vars.dummy_text = "fine | load=1"
}
`

// TestDashboardStores asks real stores, which Icinga fills, what the dashboards
// ask: each list has the IMAP checks only, each query has data for each of them.
func TestDashboardStores(t *testing.T) {
	servertest.Need(t, servertest.Installed(icingaProgram, "/usr/bin/carbon-cache", "/usr/lib/python3/dist-packages/graphite/wsgi.py", "/usr/bin/influxd"))
	s := newSite(t)
	graphite, carbonPort := startGraphite(t, subdir(t, s.dir, "graphite"))
	influx, influxPort := startInflux(t, subdir(t, s.dir, "influx"))
	i := s.newAlone(t, s.plugins, read(t, "../../contrib/icinga2/check_imap_session.conf"), writers(carbonPort, influxPort),
		fmt.Sprintf(storeServices, s.mail, s.dir))
	i.run(t)
	i.await(t, "Finished reconnecting to Graphite")
	for name, service := range i.checkNow(t, 4) {
		if service.State != 0 {
			t.Fatalf("%s: %+v", name, service.stored())
		}
	}
	for name, d := range dashboards(t) {
		s := map[string]store{"graphite": graphite, "influxdb": influx}[name]
		services, host := []string{"INBOX of alice", "director"}, "mail.example"
		if name == "graphite" { // what its writer makes of a name
			services, host = []string{"INBOX_of_alice", "director"}, "mail_example"
		}
		byName := map[string]dashboardVariable{}
		for _, v := range d.Templating.List {
			byName[v.Name] = v
		}
		all := variables{"command": byName["command"].AllValue, "host": host, "timeFilter": "time > now() - 10m", "__interval": "10s"}
		for _, tt := range []struct {
			variable string
			command  string
			want     []string
		}{
			{"command", "", []string{"cmd-check-imap-session", "imap_session"}},
			{"host", all["command"], []string{host}},
			{"service", all["command"], services},
			{"service", "imap_session", services[:1]},
			{"service", "cmd-check-imap-session", services[1:]},
		} {
			chosen := variables{"command": tt.command, "host": host}
			var got []string
			waitFor(t, fmt.Sprintf("%s: %s of %q is %q", name, tt.variable, tt.command, tt.want), func() bool {
				got = s.choices(t, byName[tt.variable], chosen)
				return slices.Equal(got, tt.want)
			})
		}
		for _, service := range services {
			all["service"] = service
			d.check(t, name, s, all)
		}
	}
}

// check checks that every query of a dashboard has data.
func (d dashboard) check(t *testing.T, name string, s store, v variables) {
	t.Helper()
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			filled := dashboardTarget{v.fill(target.Target), v.fill(target.Query), v.fill(target.Expr)}
			end := time.Now().Add(daemonTimeout)
			for s.points(t, s, filled) == 0 {
				if time.Now().After(end) {
					t.Errorf("%s: %s: no data for %+v", name, p.Title, filled)
					break
				}
				time.Sleep(pollEvery)
			}
		}
	}
}
