//go:build linux

package schedtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

const (
	nrpe      = "/usr/sbin/nrpe"
	checkNRPE = "/usr/lib/nagios/plugins/check_nrpe"
	sshd      = "/usr/sbin/sshd"
	checkSSH  = "/usr/lib/nagios/plugins/check_by_ssh"
)

// TestNRPE runs the shipped commands through a daemon that takes no arguments.
func TestNRPE(t *testing.T) {
	servertest.Need(t, servertest.Installed(nrpe, checkNRPE))
	t.Parallel()
	s := newSite(t)
	dir := filepath.Join(s.dir, "nrpe")
	port := freePort(t)
	ini := filepath.Join(s.dir, "secrets/nrpe.ini")
	write(t, ini, fmt.Sprintf("[check_imap_session]\nhostname = imap.test\naddress = %s\nusername = bob\npassword = %s\nwarning = time=~:7,time_login=@7:8\n[silent]\nhostname = imap.test\naddress = %s\nauth = none\n", s.mail, iniPassword, s.silent), 0o400)
	giveToNagios(t, filepath.Dir(ini))
	// Only the folders differ from what is shipped.
	shipped := strings.NewReplacer("/usr/lib/nagios/plugins", s.plugins, "/etc/nagios/imap_session.ini", ini).Replace(read(t, "../../contrib/nrpe/check_imap_session.cfg"))
	write(t, filepath.Join(dir, "nrpe.cfg"), fmt.Sprintf("server_address=127.0.0.1\nserver_port=%s\npid_file=%s/pid\nlog_file=%s/log\nnrpe_user=nagios\nnrpe_group=nagios\nallowed_hosts=127.0.0.1\ncommand_timeout=60\n%s\ncommand[silent]=%s/check_imap_session --extra-opts=silent@%s\n",
		port, dir, dir, shipped, s.plugins, ini), 0o644)
	giveToNagios(t, dir)
	start(t, dir, exec.Command(nrpe, "-f", "-c", filepath.Join(dir, "nrpe.cfg")))
	waitFor(t, "nrpe", func() bool { return listening("127.0.0.1:" + port) })

	ask := func(args ...string) stored {
		out, code := output(t, checkNRPE, append([]string{"-H", "127.0.0.1", "-p", port}, args...)...)
		return run{out: out, code: code}.stored()
	}
	s.checkStored(t, ask("-c", "imap_session"))
	if got := ask("-c", "imap_session_demo"); got.state != 0 || !strings.Contains(got.first, "DEMO healthy") {
		t.Errorf("the demo through NRPE: %+v", got)
	}
	// Version 2 of the protocol carries 1024 bytes: all of line 1.
	short := ask("-2", "-c", "imap_session")
	if short.state != 0 || !strings.Contains(short.first, "INBOX: 2 messages") || !strings.Contains(short.perf, "message_size=") {
		t.Errorf("through version 2: %+v", short)
	}
	// check_nrpe gives up after 10 s; the plugin's own words come before.
	hung := ask("-c", "silent")
	checkCase(t, check{name: "silent", state: 2, want: "tls timed out"}, hung)
	s.checkStored(t, hung)
	s.checkRuns(t)
	if found := leaks(read(t, filepath.Join(dir, "log")), iniPassword); found != nil {
		t.Errorf("nrpe's log shows %q", found)
	}
}

// TestSSH runs the plugin through check_by_ssh, where a login shell takes the
// words apart once more. Of our values only ~: needs quotes there, which bash
// takes for a home folder even behind a =; 7 means the same for all times.
func TestSSH(t *testing.T) {
	servertest.Need(t, servertest.Installed(sshd, checkSSH, "/usr/bin/ssh-keygen"))
	t.Parallel()
	s := newSite(t)
	dir := subdir(t, s.dir, "ssh")
	subdir(t, "/run", "sshd") // sshd insists on it, and its service usually makes it
	for _, name := range []string{"host", "client"} {
		if out, code := output(t, "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)); code != 0 {
			t.Fatalf("ssh-keygen: %s", out)
		}
	}
	port := freePort(t)
	write(t, filepath.Join(dir, "sshd_config"), fmt.Sprintf("ListenAddress 127.0.0.1\nPort %s\nHostKey %s/host\nAuthorizedKeysFile %s/client.pub\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n", port, dir, dir), 0o644)
	start(t, dir, exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "sshd_config")))
	waitFor(t, "sshd", func() bool { return listening("127.0.0.1:" + port) })

	ask := func(words string) stored {
		out, code := output(t, checkSSH, "-H", "127.0.0.1", "-p", port, "-l", "root", "-i", filepath.Join(dir, "client"), "-q",
			"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-C", filepath.Join(s.plugins, "check_imap_session")+" "+words)
		return run{out: out, code: code}.stored()
	}
	base := "-H imap.test --address " + s.mail + " -U alice --password-file=" + s.dir + "/secrets/alice "
	for _, c := range []struct {
		check
		args string
	}{
		{check{name: "ok", state: 0, want: "INBOX: 2 messages"}, "-w time=7,time_login=@7:8 -c messages=1:"},
		{check{name: "warning", state: 1, want: "the whole session took"}, "-w @0:8"},
		{check{name: "usage", state: 3, want: "usage"}, "-w bogus=1"},
	} {
		got := ask(base + c.args)
		checkCase(t, c.check, got)
		s.checkStored(t, got)
	}
	s.checkRuns(t)
}
