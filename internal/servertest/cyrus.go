//go:build linux

package servertest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// cyrusConfig is imapd.conf: folder. It lets plain passwords in without TLS,
// answers wrong ones at once and gives every user an INBOX at the first login.
// The server's name is also the realm of the passwords.
const cyrusConfig = `servername: localhost
configdirectory: %[1]s/conf
defaultpartition: default
partition-default: %[1]s/spool
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: %[1]s/conf/sasldb2
sasl_mech_list: PLAIN LOGIN
allowplaintext: yes
failedloginpause: 0
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 0
tls_server_cert: %[1]s/cert.pem
tls_server_key: %[1]s/key.pem
`

// cyrusServices is cyrus.conf: imapd, imapd.conf, port of IMAP, port of IMAPS.
const cyrusServices = `START {
}
SERVICES {
  imap cmd="%[1]s -C %[2]s" listen="127.0.0.1:%[3]d" proto="tcp4" prefork=1
  imaps cmd="%[1]s -s -C %[2]s" listen="127.0.0.1:%[4]d" proto="tcp4" prefork=0
}
EVENTS {
}
`

// Cyrus starts a Cyrus 3.6 from the install script's folder. It refuses user
// names with a backslash, a slash or letters beyond ASCII, as it makes folders
// of them. Lines of Spec.Extra go to imapd.conf and take the place of ours.
// Cyrus logs to syslog only, so the log of a failed start is short.
func Cyrus(tb testing.TB, spec Spec) *Server {
	tb.Helper()
	usr := filepath.Join(tree("cyrus"), "usr")
	master, imapd := filepath.Join(usr, "lib/cyrus/bin/master"), filepath.Join(usr, "lib/cyrus/bin/imapd")
	saslpasswd := filepath.Join(usr, "sbin/saslpasswd2")
	Need(tb, Installed(master, imapd, saslpasswd))
	cert, key := readPEM(tb, spec)
	s := newServer(tb, "cyrus")
	dir := s.dir

	cyrus := lookup(tb, "cyrus")
	for _, sub := range []string{"spool", "conf", "conf/db", "conf/lock", "conf/log", "conf/msg", "conf/proc", "conf/socket"} {
		makeDir(tb, filepath.Join(dir, sub), cyrus)
	}
	main, services := filepath.Join(dir, "imapd.conf"), filepath.Join(dir, "cyrus.conf")
	writeFile(tb, main, overrideLines(fmt.Sprintf(cyrusConfig, dir), spec.Extra), 0o644)
	writeFile(tb, services, fmt.Sprintf(cyrusServices, imapd, main, s.IMAP, s.IMAPS), 0o644)
	writeFile(tb, filepath.Join(dir, "cert.pem"), cert, 0o644)
	writeFile(tb, filepath.Join(dir, "key.pem"), key, 0o644)

	// Everything runs as cyrus from the start: a process which changes its
	// user later loses the signal at its parent's death, see Start.
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=/usr/bin:/bin", "LD_LIBRARY_PATH=" + filepath.Join(usr, "lib/x86_64-linux-gnu")}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(cyrus.uid), Gid: uint32(cyrus.gid)}}
		return cmd
	}
	for _, a := range spec.Accounts {
		cmd := command(saslpasswd, "-c", "-p", "-f", filepath.Join(dir, "conf/sasldb2"), "-u", "localhost", a.User)
		cmd.Stdin = strings.NewReader(a.Password)
		if out, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("cyrus: set the password of %q: %v: %s", a.User, err, out)
		}
	}
	// -D keeps the master in our process group.
	cmd := command(master, "-D", "-C", main, "-M", services, "-p", filepath.Join(dir, "conf/pid"))
	s.procs = append(s.procs, Start(tb, cmd, filepath.Join(dir, "log")))
	s.awaitGreeting(tb)
	s.seed(tb, spec)
	return s
}

// overrideLines appends extra to conf, without the lines of conf whose option
// extra sets too: Cyrus refuses to start if an option is there twice.
func overrideLines(conf, extra string) string {
	option := func(line string) string {
		name, _, _ := strings.Cut(line, ":")
		return strings.TrimSpace(name)
	}
	var set []string
	for line := range strings.Lines(extra) {
		set = append(set, option(line))
	}
	var b strings.Builder
	for line := range strings.Lines(conf) {
		if !slices.Contains(set, option(line)) {
			b.WriteString(line)
		}
	}
	return b.String() + extra + "\n"
}
