//go:build linux

package schedtest

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

// TestInstallPage runs the commands of docs/install.md, and then those of
// docs/troubleshooting.md.
func TestInstallPage(t *testing.T) {
	servertest.Need(t, servertest.Installed("/usr/bin/setpriv"))
	t.Parallel()
	r := newSite(t).newReader(t, "root")
	for _, page := range []string{"../../docs/install.md", "../../docs/troubleshooting.md"} {
		if out := r.follow(t, page); !strings.HasPrefix(out, "IMAP_SESSION OK - imap.example.com") {
			t.Errorf("the commands of %s print %q", page, out)
		}
	}
}

// TestReadmeCommands does what README.md says for a shell, for NRPE and for
// Prometheus.
func TestReadmeCommands(t *testing.T) {
	servertest.Need(t, servertest.Installed(nrpe, checkNRPE, "/etc/nagios/nrpe.cfg"))
	t.Parallel()
	s := newSite(t)
	r := s.newReader(t, "root")
	out := r.follow(t, readme, "/usr/local/bin/")
	if !strings.HasPrefix(out, "IMAP_SESSION OK - imap.example.com") {
		t.Errorf("the first real check prints %q", out)
	}
	if out, code := output(t, filepath.Join(r.root, "built/check_imap_session"), "--demo", "--brief"); code != 0 {
		t.Errorf("the program built as the page says: exit %d, %s", code, out)
	}
	r.breakPasswordAfter(t, func(broken bool) {
		r.checkMetrics(t, broken)
		r.checkReadmeNRPE(t, broken)
	})
}

// breakPasswordAfter calls a function twice, before and after the password is
// broken.
func (r *reader) breakPasswordAfter(t *testing.T, f func(broken bool)) {
	t.Helper()
	f(false)
	r.breakPassword(t)
	f(true)
}

// checkMetrics runs the script for Prometheus.
func (r *reader) checkMetrics(t *testing.T, broken bool) {
	t.Helper()
	dir := subdir(t, r.root, "var/lib/prometheus/node-exporter")
	if out, code := output(t, filepath.Join(r.root, "usr/local/bin/imap_session_metrics")); code != 0 {
		t.Fatalf("the script ends with %d: %s", code, out)
	}
	text := read(t, filepath.Join(dir, "imap_session.prom"))
	if regexp.MustCompile(`imap_session_step_success{.*step="login".*} 0`).MatchString(text) != broken || !strings.Contains(text, "# EOF") {
		t.Errorf("with a broken password %v the metrics are\n%s", broken, text)
	}
}

// checkReadmeNRPE asks Debian's daemon, with its own configuration.
func (r *reader) checkReadmeNRPE(t *testing.T, broken bool) {
	t.Helper()
	dir := subdir(t, r.root, "nrpe")
	conf, port := filepath.Join(r.root, "etc/nagios/nrpe.cfg"), freePort(t)
	text := r.moved(read(t, "/etc/nagios/nrpe.cfg"))
	text = strings.NewReplacer("server_port=5666", "server_port="+port, "/run/nagios/nrpe.pid", dir+"/pid",
		"disable_syslog=0", "disable_syslog=1", "log_facility=daemon", "server_address=127.0.0.1\nlog_file="+dir+"/log").Replace(text)
	write(t, conf, text, 0o644)
	giveToNagios(t, dir)
	daemon := start(t, dir, exec.Command(nrpe, "-f", "-c", conf))
	defer daemon.stop(t)
	waitFor(t, "nrpe", func() bool { return listening("127.0.0.1:" + port) })
	out, code := output(t, checkNRPE, "-H", "127.0.0.1", "-p", port, "-c", "imap_session")
	got := run{out: out, code: code}.stored()
	if broken && !rejected(got) || !broken && got.state != 0 {
		t.Errorf("through NRPE, with a broken password %v: %+v", broken, got)
	}
}
