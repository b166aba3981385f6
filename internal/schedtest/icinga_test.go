//go:build linux

package schedtest

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/servertest"
)

const (
	icingaProgram = "/usr/sbin/icinga2"
	apiPassword   = "api-password-of-a-test"
)

// icinga is a private Icinga 2.
type icinga struct {
	name, dir string
	include   string // Icinga's own definitions; "" is the installed ones
	addr      string // of its API
	client    *http.Client
	daemon    daemon // zero until run
}

// newIcinga prepares a node with its folders.
func newIcinga(t *testing.T, name, dir, addr string) *icinga {
	t.Helper()
	for _, d := range []string{"data/certs", "log", "cache", "spool", "run", "conf/zones.d"} {
		subdir(t, dir, d)
	}
	return &icinga{name: name, dir: dir, addr: addr, client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}}
}

// certify gives a node that stands alone a certificate.
func (i *icinga) certify(t *testing.T) {
	t.Helper()
	ca := certtest.Must(t, "Icinga CA")
	certFile, keyFile := certtest.WriteFiles(t, t.TempDir(), ca.Leaf(t, certtest.Leaf{CommonName: i.name, DNSNames: []string{i.name}}))
	write(t, filepath.Join(i.dir, "data/certs", i.name+".crt"), read(t, certFile), 0o644)
	write(t, filepath.Join(i.dir, "data/certs", i.name+".key"), read(t, keyFile), 0o600)
	write(t, filepath.Join(i.dir, "data/certs/ca.crt"), read(t, ca.WriteFile(t, t.TempDir())), 0o644)
}

// nodeConf is the beginning of every node's icinga2.conf, in place of Debian's
// icinga2.conf, constants.conf and features: its name and its zone, its folder of
// plugins, its own folder.
const nodeConf = `const NodeName = "%[1]s"
const ZoneName = "%[2]s"
const PluginDir = "/usr/lib/nagios/plugins"
const PluginContribDir = "%[3]s"
const TicketSalt = ""
const MaxConcurrentChecks = 3
include <itl>
include <plugins>
object CheckerComponent "checker" { }
object FileLogger "main" {
  severity = "information"
  path = "%[4]s/log/icinga2.log"
}
object ApiUser "test" {
  password = "` + apiPassword + `"
  permissions = [ "*" ]
}
`

// aloneConf is what follows in a node that stands alone, with its port. The Director
// connects to the endpoint.
const aloneConf = `object ApiListener "api" {
  bind_host = "127.0.0.1"
  bind_port = %[1]s
  accept_commands = true
  accept_config = true
}
object Endpoint NodeName {
  host = "127.0.0.1"
  port = %[1]s
}
object Zone ZoneName {
  endpoints = [ NodeName ]
}
`

// newAlone prepares a node that stands alone, with its plugins and more lines of
// configuration.
func (s *site) newAlone(t *testing.T, plugins string, more ...string) *icinga {
	t.Helper()
	i := newIcinga(t, "node", filepath.Join(s.dir, "icinga"), "127.0.0.1:"+freePort(t))
	i.certify(t)
	write(t, filepath.Join(i.dir, "conf/icinga2.conf"),
		fmt.Sprintf(nodeConf, i.name, i.name, plugins, i.dir)+fmt.Sprintf(aloneConf, port(t, i.addr))+strings.Join(more, ""), 0o600)
	return i
}

// writers are the configuration of Icinga's writers to these ports of Graphite and
// InfluxDB.
func writers(graphite, influx string) string {
	return fmt.Sprintf("object GraphiteWriter \"graphite\" {\n  port = %s\n  enable_send_thresholds = true\n  enable_send_metadata = true\n}\n", graphite) +
		fmt.Sprintf("object InfluxdbWriter \"influx\" {\n  port = %s\n  database = \"icinga2\"\n  enable_send_thresholds = true\n  enable_send_metadata = true\n  flush_interval = 1s\n}\n", influx)
}

func (i *icinga) args(words ...string) []string {
	for name, d := range map[string]string{"DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run", "ConfigDir": "conf", "ZonesDir": "conf/zones.d"} {
		words = append(words, "-D", name+"="+filepath.Join(i.dir, d))
	}
	if i.include != "" {
		words = append(words, "-D", "IncludeConfDir="+i.include)
	}
	return append(words, "-c", filepath.Join(i.dir, "conf/icinga2.conf"))
}

// run checks that the configuration has no warning, and starts the daemon.
func (i *icinga) run(t *testing.T) {
	t.Helper()
	giveToNagios(t, i.dir)
	out, code := output(t, icingaProgram, i.args("daemon", "-C")...)
	if code != 0 || strings.Contains(out, "warning/") || strings.Contains(out, "critical/") {
		t.Fatalf("icinga2 daemon -C: exit %d\n%s", code, out)
	}
	i.daemon = start(t, i.dir, exec.Command(icingaProgram, i.args("daemon")...))
	waitFor(t, "the API of "+i.name, func() bool {
		_, err := i.api("GET", "objects/services", "")
		return err == nil
	})
}

// await waits for words in the log.
func (i *icinga) await(t *testing.T, words string) {
	t.Helper()
	waitFor(t, i.name+" says "+words, func() bool {
		text, _ := readFile(filepath.Join(i.dir, "log/icinga2.log"))
		return strings.Contains(text, words)
	})
}

// api asks and returns the answer.
func (i *icinga) api(method, path, body string) ([]byte, error) {
	req, err := http.NewRequest(method, "https://"+i.addr+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth("test", apiPassword)
	req.Header.Set("Accept", "application/json")
	resp, err := i.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, text)
	}
	return text, err
}

// service is what the API says of one, or of a host.
type service struct {
	Name      string         `json:"name"`
	Host      string         `json:"host_name"`
	Command   string         `json:"check_command"`
	Vars      map[string]any `json:"vars"`
	State     float64        `json:"state"`
	StateType float64        `json:"state_type"` // 1 is hard
	Result    *struct {
		State   float64 `json:"state"`
		Exit    float64 `json:"exit_status"`
		Output  string  `json:"output"`
		Perf    []any   `json:"performance_data"`
		Command any     `json:"command"`
		Source  string  `json:"check_source"`
		Start   float64 `json:"execution_start"` // Unix time
	} `json:"last_check_result"`
}

func (s service) stored() stored {
	first, long, _ := strings.Cut(s.Result.Output, "\n")
	var perf []string
	for _, p := range s.Result.Perf {
		perf = append(perf, fmt.Sprint(p))
	}
	return stored{int(s.Result.State), strings.TrimRight(first, " "), long, strings.Join(perf, " ")}
}

// checkNow has all services checked at once and returns them, by host!name,
// when they are. Results from before do not count: a writer may not have been
// ready for them. A service whose check was running just then ignores the request, which
// is sent again.
func (i *icinga) checkNow(t *testing.T, count int) map[string]service {
	t.Helper()
	asked := i.force(t, "Service", "true")
	again := time.Now().Add(5 * time.Second)
	var found map[string]service
	waitFor(t, "all services checked", func() bool {
		if found = i.since(t, asked); len(found) < count && time.Now().After(again) {
			again = time.Now().Add(5 * time.Second)
			for name := range i.since(t, 0) {
				if host, service, _ := strings.Cut(name, "!"); found[name].Result == nil {
					i.force(t, "Service", fmt.Sprintf("host.name == %q && service.name == %q", host, service))
				}
			}
		}
		return len(found) == count
	})
	return found
}

// force has the objects checked at once that a filter finds, and returns the
// time of asking. In a cluster the node has to be the one that schedules them:
// in the minute after its start it accepts no such request from another node
// (ClusterEvents::NextCheckChangedAPIHandler).
func (i *icinga) force(t *testing.T, kind, filter string) float64 {
	t.Helper()
	asked := unix(time.Now())
	body, err := json.Marshal(map[string]any{"type": kind, "filter": filter, "force": true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.api("POST", "actions/reschedule-check", string(body)); err != nil {
		t.Fatal(err)
	}
	return asked
}

// checked returns the services, by host!name, when so many have a result of a
// check that began since then.
func (i *icinga) checked(t *testing.T, since float64, count int) map[string]service {
	t.Helper()
	var found map[string]service
	waitFor(t, "all services checked", func() bool {
		found = i.since(t, since)
		return len(found) == count
	})
	return found
}

// since returns the services with a result of a check that began since then.
func (i *icinga) since(t *testing.T, since float64) map[string]service {
	t.Helper()
	all, err := i.objects("services")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]service{}
	for _, s := range all {
		if s.Result != nil && s.Result.Start >= since {
			found[s.Host+"!"+s.Name] = s
		}
	}
	return found
}

// unix writes a time as the API does.
func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// objects returns all services, or all hosts.
func (i *icinga) objects(kind string) ([]service, error) {
	text, err := i.api("GET", "objects/"+kind, "")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []struct{ Attrs service }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	var out []service
	for _, r := range answer.Results {
		out = append(out, r.Attrs)
	}
	return out, nil
}

// quote writes a string for Icinga's configuration, in which $ is special.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", "$$").Replace(s) + `"`
}

// icingaHosts writes the hosts, from whose variables the shipped rule makes the
// services.
func (s *site) icingaHosts() string {
	var b strings.Builder
	for name, addr := range map[string]string{"mail": s.mail, "silent": s.silent} {
		fmt.Fprintf(&b, "object Host \"%s\" {\n  check_command = \"dummy\"\n  address = \"%s\"\n", name, addr)
		for _, c := range checks {
			if c.icinga == "" || c.host != name {
				continue
			}
			// The name that clients use is not the host's.
			if !strings.Contains(c.icinga, "imap_session_hostname") {
				c.icinga += "\nimap_session_hostname = \"imap.test\""
			}
			fmt.Fprintf(&b, "  vars.imap_sessions[\"%s\"] = {\n%s\n}\n", c.name,
				strings.NewReplacer("{dir}", s.dir, "{mail}", s.mail, "{port}", strconv.Itoa(s.port), "{env}", quote(envPassword)).Replace(c.icinga))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func TestIcinga(t *testing.T) {
	servertest.Need(t, servertest.Installed(icingaProgram, "/usr/share/icinga2/include/itl"))
	s := newSite(t)
	graphite, influx := newGraphite(t), newInflux(t)
	i := s.newAlone(t, s.plugins, read(t, "../../contrib/icinga2/check_imap_session.conf"), read(t, "../../contrib/icinga2/services.conf"),
		writers(graphite.port, influx.port), s.icingaHosts())
	i.run(t)
	// Until then the writer drops what it gets.
	i.await(t, "Finished reconnecting to Graphite")

	count := 0
	for _, c := range checks {
		if c.icinga != "" {
			count++
		}
	}
	found := i.checkNow(t, count)
	for _, c := range checks {
		if c.icinga == "" {
			continue
		}
		got := found[c.host+"!"+c.name].stored()
		checkCase(t, c, got)
		s.checkStored(t, got)
		graphite.check(t, c.host, c.name, got.perf)
		influx.check(t, c.host, c.name, got.perf)
		if shown := leaks(fmt.Sprint(found[c.host+"!"+c.name].Result.Command), envPassword); shown != nil {
			t.Errorf("%s: the stored command shows %q", c.name, shown)
		}
	}
	s.checkRuns(t, envPassword)
	i.checkSecrets(t)
	i.daemon.checkProcesses(t)
}

// checkSecrets checks that no answer of the API and no file that Icinga wrote has a
// secret, but for the variable that holds one in the configuration.
func (i *icinga) checkSecrets(t *testing.T) {
	t.Helper()
	for _, kind := range []string{"services", "hosts", "checkcommands"} {
		text, err := i.api("GET", "objects/"+kind+"?meta=used_by", "")
		if err != nil {
			t.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		if found := leaks(fmt.Sprint(plain), filePassword, iniPassword); found != nil {
			t.Errorf("the API shows %q among %s", found, kind)
		}
		// The documentation says so; should it end, say that instead.
		if found := leaks(fmt.Sprint(plain), strings.ReplaceAll(envPassword, "$", "$$")); kind == "services" && found == nil {
			t.Error("the API no longer shows imap_session_password: correct docs/icinga.md")
		}
	}
	text, err := i.api("GET", "status?"+url.Values{"verbose": {"1"}}.Encode(), "")
	if err != nil {
		t.Fatal(err)
	}
	if found := leaks(string(text), filePassword, iniPassword, envPassword); found != nil {
		t.Errorf("the status shows %q", found)
	}
	for path, text := range filesBelow(t, i.dir) {
		secrets := []string{filePassword, iniPassword, envPassword}
		if strings.Contains(path, "/conf/") || strings.HasSuffix(path, "icinga2.debug") || strings.HasSuffix(path, "icinga2.vars") {
			secrets = secrets[:2] // the configuration, and what Icinga copied of it
		}
		if found := leaks(text, secrets...); found != nil {
			t.Errorf("%s shows %q", path, found)
		}
	}
}
