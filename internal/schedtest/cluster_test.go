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

// pager makes the master write down about what it would notify.
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
// the master's global zone, else each node has it, as with the package. certs names a node's folder of certificates.
func newCluster(t *testing.T, s *site, certs func(name string) string, synced bool) *cluster {
	t.Helper()
	dir := filepath.Join(s.dir, fmt.Sprintf("cluster-%t", synced))
	c := &cluster{site: s}
	// Each node has its own of loopback's addresses.
	addresses := map[string]string{"master": address(), "satellite": address(), "agent": address()}
	words := []string{"192.0.2.1", addresses["master"], "192.0.2.2", addresses["satellite"]}
	command := read(t, "../../contrib/icinga2/check_imap_session.conf")
	more := command
	if synced {
		words, more = append(words, "accept_config = false", "accept_config = true"), ""
	}
	shipped := s.shipped(words...)
	node := func(role, name, zone string) *icinga {
		return s.newMember(t, dir, certs, shipped, member{name: name, zone: zone, role: role, addr: addresses[role],
			zones: role + "/zones.conf", api: role + "/api.conf", more: more})
	}
	c.master = node("master", masterName, "master")
	c.satellite = node("satellite", satelliteName, "satellite")
	c.agent = node("agent", agentName, agentName)

	zones := filepath.Join(c.master.dir, "conf/zones.d")
	putObjects(t, c.master, shipped)
	if synced {
		write(t, filepath.Join(zones, "global-templates/check_imap_session.conf"), command, 0o644)
	}
	write(t, filepath.Join(zones, "satellite/faults.conf"), shipped.Replace(faults), 0o644)
	write(t, filepath.Join(zones, "master/pager.conf"), fmt.Sprintf(pager, dir), 0o644)
	write(t, filepath.Join(dir, "pages"), "", 0o644)
	write(t, filepath.Join(dir, "page"), "#!/bin/sh\necho \"$1\" >>"+dir+"/pages\n", 0o755)
	giveToNagios(t, dir)

	// From the top down: a node that cannot connect tries again after 10 s.
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

// check has every service checked, and checks that the master stores what the plugin
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

// checkNowhere checks that no node has a secret in an answer, a file or a process.
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

// lost waits until a host that stands for a node is down, in a hard state. It is checked
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

// reachable checks that the master accepts a result for the services of these nodes, and
// for no others: a dependency makes it refuse one.
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
