//go:build linux

package schedtest

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

const recipesPage = "../../docs/recipes.md"

// recipesReader does what docs/recipes.md and, before it, docs/install.md say.
func (s *site) recipesReader(t *testing.T, copies []string, folders ...string) *reader {
	t.Helper()
	r := s.newReader(t, "root", copies...)
	r.follow(t, "../../docs/install.md")
	r.follow(t, recipesPage, folders...)
	return r
}

// twice runs a command as nagios with a good and then with a wrong password.
func (r *reader) twice(t *testing.T, command string, check func(out string, broken bool)) {
	t.Helper()
	r.breakPasswordAfter(t, func(broken bool) {
		cmd := exec.Command("setpriv", "--reuid=nagios", "--regid=nagios", "--clear-groups", "sh", "-c", command)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatalf("%s: %v", command, err)
		}
		check(string(out), broken)
	})
}

// TestAgentRecipes runs what the agents of Checkmk, Zabbix and Telegraf run.
func TestAgentRecipes(t *testing.T) {
	servertest.Need(t, servertest.Installed("/usr/bin/setpriv"))
	for _, c := range []struct{ name, file, command string }{
		{"Checkmk", "etc/check_mk/mrpe.cfg", `(?m)^IMAP \(interval=300\) (.*)$`},
		{"Zabbix", "etc/zabbix/zabbix_agentd.conf.d/imap_session.conf", `(?m)^UserParameter=imap\.session\[\*\],(.*)$`},
		{"Telegraf", "etc/telegraf/telegraf.d/imap_session.conf", `commands = \["(.*)"\]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newSite(t).recipesReader(t, nil, "/etc/check_mk/", "/etc/zabbix/", "/etc/telegraf/")
			m := regexp.MustCompile(c.command).FindStringSubmatch(read(t, filepath.Join(r.root, c.file)))
			if m == nil {
				t.Fatalf("%s has no line for %s", c.file, c.command)
			}
			r.twice(t, strings.ReplaceAll(m[1], "$1", "check_imap_session"), func(out string, broken bool) {
				want := "IMAP_SESSION OK - imap.example.com"
				if broken {
					want = "[AUTHENTICATIONFAILED]"
				}
				if !strings.Contains(out, want) {
					t.Errorf("with a broken password %v it prints %q", broken, out)
				}
				if c.name == "Zabbix" {
					checkZabbix(t, out, broken)
				}
			})
		})
	}
}

// zabbixItem is an item of the template, as far as the test needs it.
type zabbixItem struct {
	Key           string
	Preprocessing []struct{ Parameters []string }
	Master        struct{ Key string } `json:"master_item"`
}

// checkZabbix checks that the output has what the template takes out of it. The
// paths are the few of JSONPath that the template uses.
func checkZabbix(t *testing.T, out string, broken bool) {
	t.Helper()
	var file struct {
		Export struct {
			Templates []struct {
				Items     []zabbixItem
				Discovery []struct {
					Prototypes []zabbixItem            `json:"item_prototypes"`
					Paths      []struct{ Path string } `json:"lld_macro_paths"`
				} `json:"discovery_rules"`
			}
		} `json:"zabbix_export"`
	}
	if err := json.Unmarshal([]byte(read(t, "../../contrib/zabbix/check_imap_session.json")), &file); err != nil {
		t.Fatal(err)
	}
	var run struct {
		Exit     int    `json:"exit_code"`
		Summary  string `json:"summary"`
		Findings []struct{ Kind string }
		Metrics  []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &run); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	template := file.Export.Templates[0]
	paths := map[string]bool{
		"$.exit_code": run.Exit == 2 == broken, "$.summary": run.Summary != "",
		"$.findings[0].kind": !broken || run.Findings[0].Kind == "auth_failed",
	}
	for _, i := range template.Items[1:] {
		if path := i.Preprocessing[0].Parameters[0]; !paths[path] || i.Master.Key != template.Items[0].Key {
			t.Errorf("the item %s takes %s from %s, which is not in %s", i.Key, path, i.Master.Key, out)
		}
	}
	rule := template.Discovery[0]
	if got := rule.Prototypes[0].Preprocessing[0].Parameters[0]; got != `$.metrics[?(@.name=="{#METRIC}")].value.first()` {
		t.Errorf("the path of the metrics is %s", got)
	}
	for _, p := range rule.Paths {
		if _, found := run.Metrics[0][strings.TrimPrefix(p.Path, "$.")]; !found {
			t.Errorf("metrics have no %s", p.Path)
		}
	}
}

// TestZabbixAgent has Debian's agent run the line of the recipe.
func TestZabbixAgent(t *testing.T) {
	const agent = "/usr/sbin/zabbix_agentd"
	servertest.Need(t, servertest.Installed(agent))
	t.Parallel()
	r := newSite(t).recipesReader(t, nil, "/etc/zabbix/")
	conf := filepath.Join(r.root, "etc/zabbix/zabbix_agentd.conf")
	write(t, conf, "Server=127.0.0.1\nHostname=mail\nInclude="+r.root+"/etc/zabbix/zabbix_agentd.conf.d/*.conf\n", 0o644)
	r.twice(t, agent+" -c "+conf+" -t 'imap.session[check_imap_session]'", func(out string, broken bool) {
		if !strings.Contains(out, "[t|{") || strings.Contains(out, `"exit_code":2`) != broken {
			t.Errorf("with a broken password %v the agent has %q", broken, out)
		}
	})
}

// TestPassiveIcinga sends results to the API of an Icinga with Debian's
// configuration.
func TestPassiveIcinga(t *testing.T) {
	servertest.Need(t, servertest.Installed(icingaProgram, "/etc/icinga2/icinga2.conf", "/usr/bin/curl", "/usr/bin/jq"))
	t.Parallel()
	r := newSite(t).recipesReader(t, []string{"/etc/icinga2"}, "/etc/icinga2/", "/usr/local/bin/")
	i := r.debianIcinga(t)
	write(t, filepath.Join(r.root, "etc/nagios/icinga-ca.crt"), read(t, filepath.Join(i.dir, "data/certs/ca.crt")), 0o644)
	write(t, filepath.Join(r.root, "etc/nagios/icinga_api.curl"), "user = \"imap-passive:change-this-password\"\nresolve = \""+i.name+":"+port(t, i.addr)+":127.0.0.1\"\n", 0o644)
	script := filepath.Join(r.root, "usr/local/bin/imap_session_passive")
	write(t, script, strings.ReplaceAll(read(t, script), "icinga.example.com:5665", i.name+":"+port(t, i.addr)), 0o755)
	i.run(t)
	r.twice(t, script, func(out string, broken bool) {
		if !strings.Contains(out, "Successfully processed check result") {
			t.Fatalf("the API answers %q", out)
		}
		all, err := i.objects("services")
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			if o.Host != "mail" || o.Name != "IMAP" {
				continue
			}
			if got := o.stored(); broken && !rejected(got) || !broken && (got.state != 0 || !strings.Contains(got.perf, "time=") || got.long == "") {
				t.Errorf("with a broken password %v Icinga has %+v", broken, got)
			}
			return
		}
		t.Error("there is no service")
	})
}

// TestNSCARecipe checks the configuration of Nagios, and what the script hands
// to send_nsca.
func TestNSCARecipe(t *testing.T) {
	servertest.Need(t, servertest.Installed(nagios, "/etc/nagios4/nagios.cfg", "/etc/nagios-plugins/config/dummy.cfg"))
	t.Parallel()
	r := newSite(t).recipesReader(t, []string{"/etc/nagios4", "/etc/nagios-plugins"}, "/etc/nagios4/", "/usr/local/bin/")
	verifyNagios(t, r.debianNagios(t))
	bin := filepath.Join(r.root, "bin")
	write(t, filepath.Join(bin, "send_nsca"), "#!/bin/sh\ncat\n", 0o755)
	r.twice(t, fmt.Sprintf("PATH=%s:$PATH %s", bin, filepath.Join(r.root, "usr/local/bin/imap_session_nsca")), func(out string, broken bool) {
		want := "mail\tIMAP\t0\tIMAP_SESSION OK - "
		if broken {
			want = "mail\tIMAP\t2\tIMAP_SESSION CRITICAL - "
		}
		if !strings.HasPrefix(out, want) || strings.Count(out, "\n") != 1 || len(out) > 2048 {
			t.Errorf("with a broken password %v send_nsca gets %q", broken, out)
		}
	})
}
