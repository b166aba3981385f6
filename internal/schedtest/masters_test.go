//go:build linux

package schedtest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/servertest"
)

// mastersMail is a file of the masters' zone: six services that the two share.
const mastersMail = `object Host "mail" {
  check_command = "dummy"
  address = "192.0.2.7"
  vars.imap_session_hostname = "imap.example.com"
  vars.imap_session_username = "probe"
  vars.imap_session_password_file = "/etc/nagios/imap.password"
  for (number in range(6)) {
    vars.imap_mailboxes["box" + number] = {
      imap_session_mailbox = "INBOX"
      imap_session_list = "box" + number // is different in each run
    }
  }
}
`

// TestTwoMasters runs the layout of contrib/icinga2/distributed with a second
// master, and stops the first.
func TestTwoMasters(t *testing.T) {
	servertest.Need(t, servertest.Installed(icingaProgram, "/usr/share/icinga2/include/itl"))
	s := newSite(t)
	certs := certificates(t, filepath.Join(s.dir, "certs"))
	graphite := newGraphite(t)
	writer := fmt.Sprintf("object GraphiteWriter \"graphite\" {\n  port = %s\n  enable_ha = true\n}\n", graphite.port)
	addresses := map[string]string{"192.0.2.1": address(), "192.0.2.4": address(), "192.0.2.2": address()}
	words := []string{"check_interval = 5m", "check_interval = 4s"}
	for documented, used := range addresses {
		words = append(words, documented, used)
	}
	shipped := s.shipped(words...)
	node := func(name string, m member) *icinga {
		m.name, m.addr = name, addresses[m.addr]
		m.role, _, _ = strings.Cut(name, ".")
		m.more += read(t, "../../contrib/icinga2/check_imap_session.conf")
		return s.newMember(t, s.dir, certs, shipped, m)
	}
	first := node(masterName, member{zone: "master", addr: "192.0.2.1", zones: "two-masters/masters.conf", api: "master/api.conf", more: writer})
	second := node(secondName, member{zone: "master", addr: "192.0.2.4", zones: "two-masters/masters.conf", api: "two-masters/master2-api.conf", more: writer})
	satellite := node(satelliteName, member{zone: "satellite", addr: "192.0.2.2", zones: "two-masters/satellite.conf", api: "satellite/api.conf"})
	putObjects(t, first, shipped)
	write(t, filepath.Join(first.dir, "conf/zones.d/master/mail.conf"), shipped.Replace(mastersMail), 0o644)
	first.run(t)
	second.run(t)
	started := unix(time.Now())
	satellite.run(t)
	waitFor(t, "all nodes are connected and have the services", func() bool {
		there, err := second.objects("services")
		return err == nil && len(there) >= 6 && first.connected(secondName) && first.connected(satelliteName) && second.connected(satelliteName)
	})

	// Every service has been checked twice, and by one of the two alone.
	by := map[string][]string{} // the runs of a service, by the folder of the node
	ran := func() bool {
		clear(by)
		for _, r := range s.runs(t) {
			for i, word := range r.argv {
				if word == "--list" {
					by[r.argv[i+1]] = append(by[r.argv[i+1]], filepath.Base(r.folder))
				}
			}
		}
		return len(by) == 6 && !slices.ContainsFunc(slices.Collect(maps.Values(by)), func(n []string) bool { return len(n) < 2 })
	}
	waitFor(t, "six services checked twice", ran)
	var nodes []string
	for name, n := range by {
		slices.Sort(n)
		if n = slices.Compact(n); len(n) > 1 {
			t.Errorf("%s was run by %q", name, n)
		}
		nodes = append(nodes, n...)
	}
	slices.Sort(nodes)
	if nodes = slices.Compact(nodes); !slices.Equal(nodes, []string{"plugins-master1", "plugins-master2"}) {
		t.Errorf("checks were run by %q only", nodes)
	}
	graphite.once(t)

	// One is lost. The other takes over, at the earliest half a minute after its start.
	lost := unix(time.Now())
	first.daemon.stop(t)
	end := time.Now().Add(2 * time.Minute)
	taken := func(i *icinga) bool {
		found := i.since(t, lost)
		for n := range 6 {
			s, ok := found[fmt.Sprintf("mail!imap box%d", n)]
			if !ok || s.Result.Source != secondName || s.State != 0 {
				return false
			}
		}
		_, ok := found["imap.example.com!imap INBOX"] // the satellite's
		return ok
	}
	for !taken(second) {
		if time.Now().After(end) {
			t.Fatal("the second master does not take over")
		}
		time.Sleep(pollEvery)
	}
	t.Logf("taken over after %.0f s, %.0f s after the second master's start", unix(time.Now())-lost, unix(time.Now())-started)
	for n := range 6 {
		path := fmt.Sprintf("icinga2.mail.services.imap_box%d.imap_session.perfdata.time.value ", n)
		waitFor(t, "performance data of "+path, func() bool { return graphite.after(path, lost) })
	}
	graphite.once(t)
}

// once checks that no value has arrived from two writers.
func (s *sink) once(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, line := range s.lines {
		words := strings.Fields(line)
		key := words[0] + " " + words[2]
		if strings.HasSuffix(words[0], ".time.value") && seen[key] {
			t.Errorf("came twice: %s", line)
		}
		seen[key] = true
	}
}

// after says whether a value of later than then has arrived.
func (s *sink) after(path string, then float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.lines, func(line string) bool {
		if !strings.HasPrefix(line, path) {
			return false
		}
		var value, at float64
		_, err := fmt.Sscan(line[len(path):], &value, &at)
		return err == nil && at > then
	})
}
