//go:build linux

package schedtest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/servertest"
)

const (
	readme     = "../../README.md"
	nagiosPage = "../../docs/nagios.md"
	icingaPage = "../../docs/icinga.md"
)

// shell runs commands of a page from the top of the source, with the password
// typed, and checks that they succeed.
func (r *reader) shell(t *testing.T, text string) string {
	t.Helper()
	cmd := exec.Command("bash", "-euc", r.moved(text))
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	cmd.Stdin = strings.NewReader(r.password + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the page's commands\n%s\n%v:\n%s", text, err, out)
	}
	return string(out)
}

// breakPassword writes a wrong password where the pages keep theirs.
func (r *reader) breakPassword(t *testing.T) {
	t.Helper()
	path := filepath.Join(r.root, "etc/nagios/imap.password")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Fatalf("the password file: %v, %v; want mode 0400", info, err)
	}
	if got := read(t, path); got != filePassword+"\n" {
		t.Fatalf("the password file holds %q", got)
	}
	write(t, path, wrongPassword+"\n", 0o400)
	giveToNagios(t, path)
}

// rejected says whether a result names the broken password.
func rejected(s stored) bool {
	return s.state == 2 && strings.Contains(s.first, "login") && strings.Contains(s.first, "[AUTHENTICATIONFAILED]") &&
		strings.Contains(s.first, "check user name and password")
}

// TestNagiosPages does what README.md and docs/nagios.md say on Debian's own
// configuration of Nagios: it loads without a warning, the services turn green,
// and red with the right words once the password is wrong.
func TestNagiosPages(t *testing.T) {
	servertest.Need(t, servertest.Installed(nagios, "/etc/nagios4/nagios.cfg", "/etc/nagios-plugins/config/mail.cfg"))
	for _, page := range []string{readme, nagiosPage} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			r := s.newReader(t, "root", "/etc/nagios4", "/etc/nagios-plugins")
			// What the package brings.
			r.put(t, "/etc/nagios-plugins/config/check_imap_session.cfg", read(t, "../../contrib/nagios/check_imap_session.cfg"))
			r.follow(t, page, "/etc/nagios4/")
			main := r.debianNagios(t)
			verifyNagios(t, main)
			start(t, r.root, exec.Command(nagios, main))
			ours := r.nagiosServices(t)
			for name, got := range r.forceNagios(t, ours) {
				if got.state != 0 || !strings.Contains(got.perf, "time=") {
					t.Errorf("%s: %+v; want OK", name, got)
				}
			}
			r.breakPassword(t)
			for name, got := range r.forceNagios(t, ours) {
				if !ours[name] && got.state != 0 || ours[name] && !rejected(got) {
					t.Errorf("%s with a wrong password: %+v", name, got)
				}
			}
		})
	}
}

// debianNagios brings Debian's configuration to the test's folders and returns
// its main file.
func (r *reader) debianNagios(t *testing.T) string {
	t.Helper()
	main := filepath.Join(r.root, "etc/nagios4/nagios.cfg")
	state := filepath.Join(r.root, "state")
	text := r.moved(read(t, main))
	for _, f := range []string{"/var/lib/nagios4", "/var/log/nagios4", "/var/run/nagios4"} {
		text = strings.ReplaceAll(text, f, state)
	}
	text = strings.ReplaceAll(text, "use_syslog=1", "use_syslog=0")
	text = regexp.MustCompile(`(?m)^(check_for_updates|enable_notifications|execute_host_checks)=1$`).ReplaceAllString(text, "$1=0")
	text = regexp.MustCompile(`(?m)^(status_update_interval|check_result_reaper_frequency)=.*`).ReplaceAllString(text, "$1=1")
	write(t, main, text, 0o644)
	resource := filepath.Join(r.root, "etc/nagios4/resource.cfg")
	write(t, resource, r.moved(read(t, resource)), 0o644)
	for _, d := range []string{"rw", "spool/checkresults", "archives"} {
		subdir(t, state, d)
	}
	giveToNagios(t, r.root)
	return main
}

// nagiosServices returns the names of the plugin's services, and whether each
// logs in with the password file.
func (r *reader) nagiosServices(t *testing.T) map[string]bool {
	t.Helper()
	ours := map[string]bool{}
	for _, text := range filesBelow(t, filepath.Join(r.root, "etc/nagios4/conf.d")) {
		for _, define := range strings.SplitAfter(text, "\n}\n") {
			name := regexp.MustCompile(`(?m)^ *service_description +(.*)$`).FindStringSubmatch(define)
			if name != nil && strings.Contains(define, "check_imap_session") {
				ours[name[1]] = !strings.Contains(define, "no_login") && !strings.Contains(define, "_demo")
			}
		}
	}
	if len(ours) == 0 {
		t.Fatal("the page defines no services")
	}
	return ours
}

// forceNagios has services checked at once and returns the results.
func (r *reader) forceNagios(t *testing.T, names map[string]bool) map[string]stored {
	t.Helper()
	state := filepath.Join(r.root, "state")
	status := func() map[string]map[string]string { return nagiosStatus(filepath.Join(state, "status.dat")) }
	last := func(fields map[string]string) int64 {
		n, _ := strconv.ParseInt(fields["last_check"], 10, 64) // 0 before the first
		return n
	}
	pipe := filepath.Join(state, "rw/nagios.cmd")
	var before map[string]map[string]string
	waitFor(t, "a second after the last check", func() bool {
		before = status()
		for name := range names {
			if f := before[name]; f == nil || last(f) >= time.Now().Unix() {
				return false
			}
		}
		_, err := os.Stat(pipe)
		return err == nil
	})
	var commands strings.Builder
	for name := range names {
		fmt.Fprintf(&commands, "[%[1]d] SCHEDULE_FORCED_SVC_CHECK;mail;%[2]s;%[1]d\n", time.Now().Unix(), name)
	}
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString(commands.String()); err != nil {
		t.Fatal(err)
	}
	results := map[string]stored{}
	waitFor(t, "all services of the page checked", func() bool {
		all := status()
		for name := range names {
			f := all[name]
			got, err := nagiosStored(f)
			if err != nil || last(f) <= last(before[name]) {
				return false
			}
			results[name] = got
		}
		return true
	})
	return results
}

// TestIcingaPages does what README.md and docs/icinga.md say on Debian's own
// configuration of Icinga 2.
func TestIcingaPages(t *testing.T) {
	servertest.Need(t, servertest.Installed(icingaProgram, "/etc/icinga2/icinga2.conf", "/usr/share/icinga2/include/plugins-contrib.d"))
	for _, page := range []string{readme, icingaPage} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			r := s.newReader(t, "root", "/etc/icinga2")
			r.follow(t, page, "/etc/icinga2/")
			i := r.debianIcinga(t)
			i.run(t)
			ours := map[string]bool{} // whether it logs in with the password file
			all, err := i.objects("services")
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range all {
				if o.Host == "mail" && o.Command == "imap_session" {
					ours["mail!"+o.Name] = o.Vars["imap_session_auth"] != "none" && o.Vars["imap_session_demo"] == nil
				}
			}
			if len(ours) == 0 {
				t.Fatal("the page makes no services")
			}
			const filter = `service.check_command == "imap_session"`
			check := func() map[string]service {
				since := i.force(t, "Service", filter)
				var found map[string]service
				waitFor(t, "all services of the page checked", func() bool {
					found = i.since(t, since)
					maps.DeleteFunc(found, func(_ string, o service) bool { return o.Command != "imap_session" })
					return len(found) == len(ours)
				})
				return found
			}
			for name, o := range check() {
				if got := o.stored(); got.state != 0 || !strings.Contains(got.perf, "time=") {
					t.Errorf("%s: %+v; want OK", name, got)
				}
			}
			r.breakPassword(t)
			for name, o := range check() {
				if got := o.stored(); !ours[name] && got.state != 0 || ours[name] && !rejected(got) {
					t.Errorf("%s with a wrong password: %+v", name, got)
				}
			}
		})
	}
}

// debianIcinga makes a node of Debian's configuration and of Icinga's own
// definitions, to which the package adds the command. An API is added, through
// which the test asks.
func (r *reader) debianIcinga(t *testing.T) *icinga {
	t.Helper()
	i := newIcinga(t, "debian", filepath.Join(r.root, "icinga"), "127.0.0.1:"+freePort(t))
	i.certify(t)
	conf, include := filepath.Join(r.root, "etc/icinga2"), filepath.Join(r.root, "include")
	if err := os.CopyFS(include, os.DirFS("/usr/share/icinga2/include")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(include, "plugins-contrib.d/imap-session.conf"), read(t, "../../contrib/icinga2/check_imap_session.conf"), 0o644)
	constants := filepath.Join(conf, "constants.conf")
	write(t, constants, r.moved(read(t, constants))+"const NodeName = \"debian\"\n", 0o644)
	write(t, filepath.Join(conf, "conf.d/api-of-the-test.conf"), fmt.Sprintf("object ApiListener \"api\" {\n  bind_host = \"127.0.0.1\"\n  bind_port = %s\n}\nobject ApiUser \"test\" {\n  password = \"%s\"\n  permissions = [ \"*\" ]\n}\n", port(t, i.addr), apiPassword), 0o600)
	if err := os.RemoveAll(filepath.Join(i.dir, "conf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(conf, filepath.Join(i.dir, "conf")); err != nil {
		t.Fatal(err)
	}
	i.include = include
	giveToNagios(t, r.root)
	return i
}
