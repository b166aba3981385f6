//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	dovecotProgram = "/usr/sbin/dovecot"
	startLimit     = 20 * time.Second // for Dovecot to greet
	userName       = "alice"
	password       = "secret"
)

// dovecotConfig is the main configuration: folder, port of IMAP, port of
// IMAPS, the user's ids. The login processes are those of Dovecot's
// high-performance mode, as big servers have them, so that less of what is
// measured is the server's.
const dovecotConfig = `base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
default_internal_user = dovecot
default_internal_group = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:%[1]s/home
mail_max_userip_connections = 1000
ssl = yes
ssl_cert = <%[1]s/cert.pem
ssl_key = <%[1]s/key.pem
disable_plaintext_auth = no
passdb {
  driver = static
  args = password=` + password + `
}
userdb {
  driver = static
  args = uid=%[4]s gid=%[5]s home=%[1]s/home
}
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  service_count = 0
  process_min_avail = 2
  inet_listener imap {
    port = %[2]d
  }
  inet_listener imaps {
    port = %[3]d
    ssl = yes
  }
}
`

// dovecot is a running server. Its ports accept connections.
type dovecot struct {
	imap, imaps int
	home        maildir
	cmd         *exec.Cmd
	ended       chan struct{} // closed when it has
}

// startDovecot starts a Dovecot in an empty folder of its own. It wants root,
// as Dovecot gives privileges away.
func startDovecot(ctx context.Context, dir string, c certificates) (*dovecot, error) {
	if _, err := os.Stat(dovecotProgram); err != nil || os.Geteuid() != 0 {
		return nil, errors.New("wants Dovecot installed (.ci/install-servers), and root to start it")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	d := &dovecot{ended: make(chan struct{})}
	for _, port := range []*int{&d.imap, &d.imaps} {
		if *port, err = freePort(); err != nil {
			return nil, err
		}
	}
	conf := fmt.Sprintf(dovecotConfig, dir, d.imap, d.imaps, nobody.Uid, nobody.Gid)
	for name, text := range map[string]string{"cert.pem": string(c.chain), "key.pem": string(c.key), "dovecot.conf": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	if d.home, err = newMaildir(filepath.Join(dir, "home"), nobody); err != nil {
		return nil, err
	}
	// -F keeps the master in the foreground, so its process id is ours.
	d.cmd = exec.Command(dovecotProgram, "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := d.start(); err != nil {
		return nil, err
	}
	if err := d.awaitGreeting(ctx); err != nil {
		d.stop()
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("dovecot: %w\n%s", err, log)
	}
	return d, nil
}

// start starts the process, which the kernel ends should this one be killed.
// That happens when the thread ends that forked (https://go.dev/issue/27505), so
// a thread is kept for it.
func (d *dovecot) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := d.cmd.Start()
		started <- err
		if err == nil {
			_ = d.cmd.Wait() // how it ended is in its log
			close(d.ended)
		}
	}()
	return <-started
}

// stop ends the server and its children, the hard way: it takes a second over
// a soft one, and its folder goes too.
func (d *dovecot) stop() {
	_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL) // gone already is fine
	<-d.ended
}

func (d *dovecot) awaitGreeting(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		err := greeted(d.imap)
		if err == nil {
			return nil
		}
		select {
		case <-poll.C:
		case <-d.ended:
			return errors.New("ended at its start")
		case <-ctx.Done():
			return err
		}
	}
}

func greeted(port int) error {
	c, err := net.Dial("tcp4", loopback(port))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(startLimit)); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "* OK") {
		err = fmt.Errorf("greeting is %q", line)
	}
	return err
}

// loopback is a port of this machine as net.Dial wants it.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePort returns a port that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", loopback(0))
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
