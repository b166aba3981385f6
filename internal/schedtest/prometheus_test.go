//go:build linux

package schedtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

const (
	prometheus   = "/usr/bin/prometheus"
	promtool     = "/usr/bin/promtool"
	nodeExporter = "/usr/bin/prometheus-node-exporter"
	contrib      = "../../contrib/prometheus/"
)

// TestPrometheusRules has promtool check the rules and run their tests.
func TestPrometheusRules(t *testing.T) {
	servertest.Need(t, servertest.Installed(promtool))
	for _, args := range [][]string{{"check", "rules", contrib + "check_imap_session.rules.yml"}, {"test", "rules", contrib + "check_imap_session.rules.test.yml"}} {
		if out, code := output(t, promtool, args...); code != 0 {
			t.Errorf("%q: %d: %s", args, code, out)
		}
	}
}

// TestPrometheus runs the command of the systemd service for two accounts of one
// server, one with a wrong password, and checks that a real Prometheus gets both from a
// real node_exporter.
func TestPrometheus(t *testing.T) {
	servertest.Need(t, servertest.Installed(prometheus, nodeExporter))
	t.Parallel()
	s := newSite(t)
	text := subdir(t, s.dir, "text")
	service := read(t, contrib+"check_imap_session@.service")
	if !strings.Contains(service, "LoadCredential=password:/etc/check_imap_session/%i.password") {
		t.Error("the service loads no password")
	}
	command := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(service)[1]
	for name, code := range map[string]int{"alice": 0, "wrong": 2} {
		write(t, filepath.Join(s.dir, name+".ini"), fmt.Sprintf("[check_imap_session]\nhostname = imap.test\naddress = %s\nusername = %s\n", s.mail, map[string]string{"alice": "alice", "wrong": "bob"}[name]), 0o644)
		write(t, filepath.Join(s.dir, "cred-"+name, "password"), read(t, filepath.Join(s.dir, "secrets", name)), 0o400)
		words := strings.Fields(strings.NewReplacer("/usr/lib/nagios/plugins", s.plugins, "/etc/check_imap_session", s.dir, "/var/lib/prometheus/node-exporter", text, "%i", name).Replace(command))
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Env = append(os.Environ(), "CREDENTIALS_DIRECTORY="+filepath.Join(s.dir, "cred-"+name))
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code || len(out) > 0 {
			t.Fatalf("%q: exit code %d, want %d, output %s", words, got, code, out)
		}
	}

	exporter := "127.0.0.1:" + freePort(t)
	start(t, s.dir, exec.Command(nodeExporter, "--collector.disable-defaults", "--collector.textfile", "--collector.textfile.directory="+text, "--web.listen-address="+exporter))
	rules, _ := filepath.Abs(contrib + "check_imap_session.rules.yml")
	server := startPrometheus(t, subdir(t, s.dir, "prometheus"), fmt.Sprintf(
		"global: {scrape_interval: 200ms, evaluation_interval: 200ms}\nrule_files: [%s]\nscrape_configs: [{job_name: node, static_configs: [{targets: [%q]}]}]\n", rules, exporter))

	if metrics := get(t, "http://"+exporter+"/metrics"); !strings.Contains(metrics, "node_textfile_scrape_error 0") {
		t.Errorf("node_exporter cannot read the files:\n%s", metrics)
	}
	ask := func(query string) map[string]string {
		var answer struct {
			Data struct {
				Result []struct {
					Metric map[string]string
					Value  [2]any
				}
			}
		}
		_ = json.Unmarshal([]byte(get(t, server+"/api/v1/query?query="+url.QueryEscape(query))), &answer)
		values := map[string]string{}
		for _, r := range answer.Data.Result {
			values[r.Metric["username"]+" "+r.Metric["kind"]+" "+r.Metric["step"]] = fmt.Sprint(r.Value[1])
		}
		return values
	}
	waitFor(t, "both accounts in Prometheus", func() bool { return len(ask("imap_session_success")) == 2 })
	for query, want := range map[string]map[string]string{
		"imap_session_success":      {"alice  ": "1", "bob  ": "0"},
		"imap_session_state":        {"alice  ": "0", "bob  ": "2"},
		"imap_session_failure_info": {"bob auth_failed login": "1"},
		"imap_session_messages":     {"alice  ": "2"},
		"time() - imap_session_last_run_timestamp_seconds < bool 900": {"alice  ": "1", "bob  ": "1"},
	} {
		if got := ask(query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	waitFor(t, "the alert", func() bool {
		return strings.Contains(get(t, server+"/api/v1/alerts"), `"alertname":"ImapSessionFailed"`)
	})
}

// startPrometheus starts a Prometheus and returns its address.
func startPrometheus(t *testing.T, dir, config string) (address string) {
	t.Helper()
	file, listen := filepath.Join(dir, "prometheus.yml"), "127.0.0.1:"+freePort(t)
	write(t, file, config, 0o644)
	start(t, dir, exec.Command(prometheus, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address="+listen))
	get(t, "http://"+listen+"/-/ready")
	return "http://" + listen
}

// get fetches a page as soon as it is there.
func get(t *testing.T, page string) string {
	t.Helper()
	var body []byte
	waitFor(t, page, func() bool {
		resp, err := http.Get(page)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, err = io.ReadAll(resp.Body)
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return string(body)
}
