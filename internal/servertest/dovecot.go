//go:build linux

package servertest

import (
	"encoding/base64"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const dovecotProgram = "/usr/sbin/dovecot"

// dovecotConfig is the main configuration: folder, port of IMAP, port of
// IMAPS. It lets plain passwords in without TLS, answers wrong ones at once,
// and forgets them: the anvil socket closed below would slow down every later
// login from the same address.
const dovecotConfig = `# Written by the test.
base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
default_internal_user = dovecot
default_internal_group = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:~/mail
mail_max_userip_connections = 1000
ssl = yes
ssl_cert = <%[1]s/cert.pem
ssl_key = <%[1]s/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
auth_username_format = %%u
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%u %[1]s/users
}
userdb {
  driver = passwd-file
  args = username_format=%%u %[1]s/users
}
namespace inbox {
  inbox = yes
  separator = /
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = %[2]d
  }
  inet_listener imaps {
    port = %[3]d
    ssl = yes
  }
}
`

// dovecotHAProxy adds the listeners behind the PROXY protocol: port of IMAP,
// port of IMAPS.
const dovecotHAProxy = `haproxy_trusted_networks = 127.0.0.0/8
service imap-login {
  inet_listener imap_haproxy {
    port = %d
    haproxy = yes
  }
  inet_listener imaps_haproxy {
    port = %d
    ssl = yes
    haproxy = yes
  }
}
`

// Dovecot starts a Dovecot 2.3 from Debian's dovecot-imapd. User names may
// hold anything but a colon or a line break.
func Dovecot(tb testing.TB, spec Spec) *Server {
	tb.Helper()
	Need(tb, Installed(dovecotProgram, "/usr/lib/dovecot/imap-login"))
	cert, key := readPEM(tb, spec)
	s := newServer(tb, "dovecot")
	dir := s.dir
	conf := fmt.Sprintf(dovecotConfig, dir, s.IMAP, s.IMAPS)
	if spec.HAProxy {
		s.ProxyIMAP, s.ProxyIMAPS = FreePort(tb), FreePort(tb)
		conf += fmt.Sprintf(dovecotHAProxy, s.ProxyIMAP, s.ProxyIMAPS)
	}

	// Dovecot escapes the name it looks for, but not the names in the file.
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`)
	nobody := lookup(tb, "nobody")
	var users strings.Builder
	for i, a := range spec.Accounts {
		if strings.ContainsAny(a.User, ":\r\n") {
			tb.Fatalf("dovecot: user %q: a passwd-file cannot hold this name", a.User)
		}
		home := fmt.Sprintf("%s/home%d", dir, i)
		makeDir(tb, home, nobody)
		password := base64.StdEncoding.EncodeToString([]byte(a.Password))
		fmt.Fprintf(&users, "%s:{PLAIN.b64}%s:%d:%d::%s\n", escape.Replace(a.User), password, nobody.uid, nobody.gid, home)
	}
	writeFile(tb, filepath.Join(dir, "users"), users.String(), 0o644)
	writeFile(tb, filepath.Join(dir, "cert.pem"), cert, 0o644)
	writeFile(tb, filepath.Join(dir, "key.pem"), key, 0o600)
	main := filepath.Join(dir, "dovecot.conf")
	writeFile(tb, main, conf+spec.Extra+"\n", 0o644)

	// -F keeps the master in the foreground, so its process id is ours.
	s.procs = append(s.procs, Start(tb, exec.Command(dovecotProgram, "-F", "-c", main), filepath.Join(dir, "log")))
	s.awaitGreeting(tb)
	s.seed(tb, spec)
	return s
}
