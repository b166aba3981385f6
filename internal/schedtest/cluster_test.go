//go:build linux

package schedtest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

const distributed = "../../contrib/icinga2/distributed"

const (
	masterName    = "master1.example.com"
	secondName    = "master2.example.com" // of TestTwoMasters
	satelliteName = "satellite1.example.com"
	agentName     = "agent1.example.com"
)

// clusterBase stands in for Debian's icinga2.conf, constants.conf and features:
// the node's name and zone, its folder of plugins, its own folder.
const clusterBase = `const NodeName = "%[1]s"
const ZoneName = "%[2]s"
const PluginDir = "/usr/lib/nagios/plugins"
const PluginContribDir = "%[3]s"
const TicketSalt = ""
const MaxConcurrentChecks = 3
include "zones.conf"
include <itl>
include <plugins>
include "api.conf"
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

// pager, on the master, writes down whom it would call about what.
const pager = `object NotificationComponent "notification" { }
object User "oncall" { }
object NotificationCommand "page" {
  command = [ "%[1]s/page", "$host.name$!$service.name$" ]
}
template Notification "page" {
  command = "page"
  users = [ "oncall" ]
  types = [ Problem ]
  interval = 0
}
apply Notification "page" to Host {
  import "page"
  assign where true
}
apply Notification "page" to Service {
  import "page"
  assign where true
}
`

// faults is a further file of the satellite's zone: what goes wrong on either
// node.
const faults = `object Host "faults" {
  check_command = "dummy"
  address = "192.0.2.7"
  vars.imap_session_hostname = "imap.example.com"
  vars.imap_session_username = "probe"
  vars.imap_session_password_file = "/etc/nagios/imap.password"
  vars.imap_mailboxes["missing"] = { imap_session_mailbox = "No/such mailbox" }
}
object Host "faults-from-branch" {
  check_command = "dummy"
  address = "192.0.2.7"
  vars.imap_endpoint = "agent1.example.com"
  vars.imap_session_hostname = "imap.example.com"
  vars.imap_session_username = "probe"
  vars.imap_mailboxes["wrong password"] = {
    imap_session_mailbox = "INBOX"
    imap_session_password_file = "{dir}/secrets/wrong"
    imap_session_critical = { time = 7, time_login = "~:7" }
    imap_session_verbose = 1
  }
}
`

// cluster is a master, a satellite below it and an agent below that, each of
// which has a recorder of its own in front of the plugin.
type cluster struct {
	*site
	master, satellite, agent *icinga
}

// newCluster starts the shipped layout. With synced the CheckCommand comes from
// the master's global zone, else it is a file of each node, as the package has
// it. certs names a node's folder of certificates.
func newCluster(t *testing.T, s *site, certs func(name string) string, synced bool) *cluster {
	t.Helper()
	dir := filepath.Join(s.dir, fmt.Sprintf("cluster-%t", synced))
	c := &cluster{site: s}
	shipped := strings.NewReplacer(
		"192.0.2.7", s.mail,
		`"probe"`, `"alice"`, `username = "support"`, `username = "alice"`,
		"/etc/nagios/imap.password", s.dir+"/secrets/alice", "/etc/nagios/imap-support.password", s.dir+"/secrets/alice",
		`"hostalive"`, `"dummy"`, // which would want ICMP
		// A loaded machine is slower than a mail server should be.
		"time = 2,", "time = 7,", "time = 5,", "time = 7.5,", "time = 4 ", "time = 7 ", "time = 8 ", "time = 7.5 ",
		"{dir}", s.dir,
	)
	// Each node has its own of loopback's addresses, and Icinga's usual port.
	addresses := map[string]string{"master": address(), "satellite": address(), "agent": address()}
	node := func(role, name, zone string) *icinga {
		i := newIcinga(t, name, filepath.Join(dir, role), addresses[role]+":5665")
		plugins := filepath.Join(dir, "plugins-"+role)
		write(t, filepath.Join(plugins, "check_imap_session"), read(t, filepath.Join(s.plugins, "check_imap_session")), 0o755)
		for _, f := range []string{name + ".key", name + ".crt", "ca.crt"} {
			write(t, filepath.Join(i.dir, "data/certs", f), read(t, filepath.Join(certs(name), f)), 0o600)
		}
		conf := func(file, text string) { write(t, filepath.Join(i.dir, "conf", file), text, 0o644) }
		text := fmt.Sprintf(clusterBase, name, zone, plugins, i.dir)
		if !synced {
			conf("check_imap_session.conf", read(t, "../../contrib/icinga2/check_imap_session.conf"))
			text += "include \"check_imap_session.conf\"\n"
		}
		conf("icinga2.conf", text)
		conf("zones.conf", strings.NewReplacer("192.0.2.1", addresses["master"], "192.0.2.2", addresses["satellite"]).
			Replace(read(t, filepath.Join(distributed, role, "zones.conf"))))
		api := strings.Replace(read(t, filepath.Join(distributed, role, "api.conf")),
			`object ApiListener "api" {`, `object ApiListener "api" {`+"\n  bind_host = \""+addresses[role]+`"`, 1)
		if synced {
			api = strings.Replace(api, "accept_config = false", "accept_config = true", 1)
		}
		conf("api.conf", api)
		return i
	}
	c.master = node("master", masterName, "master")
	c.satellite = node("satellite", satelliteName, "satellite")
	c.agent = node("agent", agentName, agentName)

	zones := filepath.Join(c.master.dir, "conf/zones.d")
	files, err := filepath.Glob(filepath.Join(distributed, "zones.d/*/*.conf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), distributed, err)
	}
	for _, f := range files {
		rel, _ := filepath.Rel(filepath.Join(distributed, "zones.d"), f)
		write(t, filepath.Join(zones, rel), shipped.Replace(read(t, f)), 0o644)
	}
	if synced {
		write(t, filepath.Join(zones, "global-templates/check_imap_session.conf"), read(t, "../../contrib/icinga2/check_imap_session.conf"), 0o644)
	}
	write(t, filepath.Join(zones, "satellite/faults.conf"), shipped.Replace(faults), 0o644)
	write(t, filepath.Join(zones, "master/pager.conf"), fmt.Sprintf(pager, dir), 0o644)
	write(t, filepath.Join(dir, "pages"), "", 0o644)
	write(t, filepath.Join(dir, "page"), "#!/bin/sh\necho \"$1\" >>"+dir+"/pages\n", 0o755)
	give(t, dir)

	// From the top down: who finds nobody above tries again after 10 s.
	c.master.run(t)
	c.satellite.run(t)
	// The satellite loads what the master sent, starts again and connects again.
	waitFor(t, "the satellite has the master's services", func() bool {
		there, err := c.satellite.objects("services")
		here, _ := c.master.objects("services")
		return err == nil && len(there) > 0 && len(there) == len(here) && c.master.connected(satelliteName)
	})
	c.agent.run(t)
	waitFor(t, "the agent has the command", func() bool {
		_, err := c.agent.api("GET", "objects/checkcommands/imap_session", "")
		return err == nil && c.satellite.connected(agentName)
	})
	return c
}

// certificates makes those of all nodes, as docs/distributed.md says: the
// master signs what the nodes ask for. It returns the folder of the node with
// that name.
func certificates(t *testing.T, dir string) func(name string) string {
	t.Helper()
	pki := func(words ...string) {
		t.Helper()
		out, code := output(t, icingaProgram, append(append([]string{"pki"}, words...), "-D", "DataDir="+dir)...)
		if code != 0 {
			t.Fatalf("icinga2 pki %v: exit %d\n%s", words, code, out)
		}
	}
	of := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{masterName, secondName, satelliteName, agentName} {
		write(t, filepath.Join(of(name), ".keep"), "", 0o644)
	}
	give(t, dir)
	pki("new-ca")
	for _, name := range []string{masterName, secondName, satelliteName, agentName} {
		base := filepath.Join(of(name), name)
		pki("new-cert", "--cn", name, "--key", base+".key", "--csr", base+".csr")
		pki("sign-csr", "--csr", base+".csr", "--cert", base+".crt")
		write(t, filepath.Join(of(name), "ca.crt"), read(t, filepath.Join(dir, "ca/ca.crt")), 0o644)
	}
	return of
}

// connected says whether an endpoint is.
func (i *icinga) connected(endpoint string) bool {
	text, err := i.api("GET", "objects/endpoints/"+endpoint, "")
	return err == nil && strings.Contains(string(text), `"connected":true`) && strings.Contains(string(text), `"syncing":false`)
}

// clusterChecks are the services of the cluster, by host!name: the node that
// runs it, the state, and words of the first line.
var clusterChecks = map[string]struct {
	node  string
	state int
	want  string
}{
	"imap.example.com!imap INBOX":            {"satellite", 0, "INBOX: 2 messages"},
	"imap.example.com!imap Sent Items":       {"satellite", 0, "Sent Items: 1 message"},
	"imap.example.com!imap support":          {"satellite", 0, "INBOX: 2 messages"},
	"imap-from-branch!imap INBOX":            {"agent", 0, "INBOX: 2 messages"},
	"faults!imap missing":                    {"satellite", 2, "No/such mailbox"},
	"faults-from-branch!imap wrong password": {"agent", 2, "login as alice rejected"},
}

// check has every service checked and wants on the master what the plugin
// printed on the node that is to run it.
func (c *cluster) check(t *testing.T) {
	t.Helper()
	found := c.master.checked(t, c.satellite.force(t, "Service", "true"), len(clusterChecks))
	runs := c.runs(t)
	for name, want := range clusterChecks {
		node := map[string]*icinga{"satellite": c.satellite, "agent": c.agent}[want.node]
		got := found[name].stored()
		checkCase(t, check{name: name, state: want.state, want: want.want}, got)
		if source := found[name].Result.Source; source != node.name {
			t.Errorf("%s: checked by %s, want %s", name, source, node.name)
		}
		folder := filepath.Join(filepath.Dir(node.dir), "plugins-"+want.node)
		if !slices.ContainsFunc(runs, func(r run) bool { return r.folder == folder && r.stored() == got }) {
			t.Errorf("%s: the master stores %+v, which no run on the %s printed", name, got, want.node)
			c.checkStored(t, got)
		}
	}
}

// checkNowhere wants no secret on any node: in no answer, file, process.
func (c *cluster) checkNowhere(t *testing.T) {
	t.Helper()
	c.checkRuns(t)
	for _, i := range []*icinga{c.master, c.satellite, c.agent} {
		texts := filesBelow(t, i.dir)
		for _, path := range []string{"objects/services", "objects/hosts", "objects/checkcommands", "status"} {
			answer, err := i.api("GET", path, "")
			if err != nil {
				t.Fatal(err)
			}
			texts[i.name+": "+path] = string(answer)
		}
		for where, text := range texts {
			if found := leaks(text, filePassword, wrongPassword); found != nil {
				t.Errorf("%s shows %q", where, found)
			}
		}
		i.daemon.checkProcesses(t)
	}
}

// lost wants a host that stands for a node to go down for good. It is checked
// again and again by a node above; Icinga alone would wait for retry_interval.
func (c *cluster) lost(t *testing.T, by *icinga, host string) {
	t.Helper()
	asked := 0.0
	waitFor(t, host+" is down", func() bool {
		hosts, err := c.master.objects("hosts")
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(hosts, func(h service) bool { return h.Name == host })
		if i < 0 {
			t.Fatalf("no host %s", host)
		}
		if hosts[i].State == 1 && hosts[i].StateType == 1 {
			return true
		}
		if hosts[i].Result == nil || hosts[i].Result.Start >= asked {
			asked = by.force(t, "Host", `host.name=="`+host+`"`)
		}
		return false
	})
}

// reachable wants the master to take a result for these services, and for no
// others: a dependency is what keeps it from taking one.
func (c *cluster) reachable(t *testing.T, want func(node string) bool) {
	t.Helper()
	for name, s := range clusterChecks {
		host, service, _ := strings.Cut(name, "!")
		answer, err := c.master.api("POST", "actions/process-check-result", fmt.Sprintf(
			`{"type":"Service","filter":"host.name==\"%s\" && service.name==\"%s\"","exit_status":%d,"plugin_output":"by hand"}`, host, service, s.state))
		if err != nil {
			t.Fatal(err)
		}
		if got := !strings.Contains(string(answer), "unreachable"); got != want(s.node) {
			t.Errorf("%s reachable: got %t, want %t: %s", name, got, want(s.node), answer)
		}
	}
}

// pages returns about what the pager was called, after it was about that much.
func (c *cluster) pages(t *testing.T, count int) []string {
	t.Helper()
	var all []string
	waitFor(t, fmt.Sprintf("%d pages", count), func() bool {
		text := read(t, filepath.Join(filepath.Dir(c.master.dir), "pages"))
		all = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		return text != "" && len(all) >= count
	})
	slices.Sort(all)
	return all
}

// TestCluster runs the layout of contrib/icinga2/distributed, with what
// docs/distributed.md says of certificates, secrets and lost nodes.
func TestCluster(t *testing.T) {
	servertest.Need(t, servertest.Installed(icingaProgram, "/usr/share/icinga2/include/itl"))
	s := newSite(t)
	certs := certificates(t, filepath.Join(s.dir, "certs"))
	t.Run("command of the package", func(t *testing.T) {
		c := newCluster(t, s, certs, false)
		c.check(t)
		c.check(t)
		c.check(t) // max_check_attempts
		c.checkNowhere(t)
		c.pages(t, 2)
		c.reachable(t, func(string) bool { return true })

		c.agent.daemon.stop(t)
		c.lost(t, c.satellite, agentName)
		c.reachable(t, func(node string) bool { return node != "agent" })

		c.satellite.daemon.stop(t)
		c.lost(t, c.master, "satellite")
		c.reachable(t, func(string) bool { return false })
		want := []string{agentName + "!", "faults!imap missing", "faults-from-branch!imap wrong password", "satellite!"}
		slices.Sort(want)
		if got := c.pages(t, len(want)); !slices.Equal(got, want) {
			t.Errorf("called about %q, want %q", got, want)
		}
	})
	t.Run("command of the global zone", func(t *testing.T) {
		newCluster(t, s, certs, true).check(t)
	})
}
