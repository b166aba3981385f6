//go:build linux

package schedtest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

const distributed = "../../contrib/icinga2/distributed"

const (
	masterName    = "master1.example.com"
	secondName    = "master2.example.com" // of TestTwoMasters
	satelliteName = "satellite1.example.com"
	agentName     = "agent1.example.com"
)

// shipped changes the files of the layout to the test's server, user and folders, and
// replaces more words.
func (s *site) shipped(more ...string) *strings.Replacer {
	return strings.NewReplacer(append([]string{
		"192.0.2.7", s.mail,
		`"probe"`, `"alice"`, `username = "support"`, `username = "alice"`,
		"/etc/nagios/imap.password", s.dir + "/secrets/alice", "/etc/nagios/imap-support.password", s.dir + "/secrets/alice",
		`"hostalive"`, `"dummy"`, // which would want ICMP
		// A loaded machine is slower than a mail server should be.
		"time = 2,", "time = 7,", "time = 5,", "time = 7.5,", "time = 4 ", "time = 7 ", "time = 8 ", "time = 7.5 ",
		"{dir}", s.dir,
	}, more...)...)
}

// putObjects gives a master the objects of the layout.
func putObjects(t *testing.T, master *icinga, shipped *strings.Replacer) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(distributed, "zones.d/*/*.conf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), distributed, err)
	}
	for _, f := range files {
		rel, _ := filepath.Rel(filepath.Join(distributed, "zones.d"), f)
		write(t, filepath.Join(master.dir, "conf/zones.d", rel), shipped.Replace(read(t, f)), 0o644)
	}
}

// member is a node of a cluster.
type member struct {
	name, zone string
	role       string // the name of its folder
	addr       string // one of loopback's
	zones, api string // files of the layout
	more       string // further lines of icinga2.conf
}

// newMember prepares a node of a cluster below dir, with the shipped files as they are
// changed and a recorder of its own in front of the plugin. It listens on Icinga's
// usual port. certs names a node's folder of certificates.
func (s *site) newMember(t *testing.T, dir string, certs func(name string) string, shipped *strings.Replacer, m member) *icinga {
	t.Helper()
	i := newIcinga(t, m.name, filepath.Join(dir, m.role), m.addr+":5665")
	plugins := filepath.Join(dir, "plugins-"+m.role)
	write(t, filepath.Join(plugins, "check_imap_session"), read(t, filepath.Join(s.plugins, "check_imap_session")), 0o755)
	for _, f := range []string{m.name + ".key", m.name + ".crt", "ca.crt"} {
		write(t, filepath.Join(i.dir, "data/certs", f), read(t, filepath.Join(certs(m.name), f)), 0o600)
	}
	layout := func(file string) string { return shipped.Replace(read(t, filepath.Join(distributed, file))) }
	const listener = `object ApiListener "api" {`
	for file, text := range map[string]string{
		"icinga2.conf": fmt.Sprintf(nodeConf, m.name, m.zone, plugins, i.dir) + "include \"zones.conf\"\ninclude \"api.conf\"\n" + m.more,
		"zones.conf":   layout(m.zones),
		"api.conf":     strings.Replace(layout(m.api), listener, listener+"\n  bind_host = \""+m.addr+`"`, 1),
	} {
		write(t, filepath.Join(i.dir, "conf", file), text, 0o644)
	}
	return i
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
		subdir(t, dir, name)
	}
	giveToNagios(t, dir)
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
