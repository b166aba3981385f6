//go:build linux

package servertest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// courierConfig is what Debian's /etc/courier/imapd and imapd-ssl put into the
// environment.
const courierConfig = `PATH=/usr/bin:/bin
IMAP_CAPABILITY=IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE
IMAP_KEYWORDS=1
IMAP_ACL=1
IMAP_IDLE_TIMEOUT=60
IMAP_MAILBOX_SANITY_CHECK=1
IMAP_UMASK=022
IMAP_USELOCKS=1
IMAP_ENHANCEDIDLE=0
IMAP_TRASHFOLDERNAME=Trash
IMAP_EMPTYTRASH=Trash:7
IMAP_TLS_REQUIRED=0
COURIERTLS=/usr/bin/couriertls
TLS_CERTFILE=/etc/courier/imapd.pem
TLS_VERIFYPEER=NONE
`

const courierAuthConfig = `authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=2
authdaemonvar=/run/courier/authdaemon
`

// courier is an instance about to start.
type courier struct {
	tb   testing.TB
	root string // its chroot
	log  string
}

// Courier starts a Courier-IMAP 5.0 from the install script's folder. Paths
// are compiled into it, so each instance gets a chroot of its own. User names
// may hold anything but tabs and line breaks. Lines of Spec.Extra are settings
// as in /etc/courier/imapd, NAME=value, without a shell's expansion.
//
// Courier's mailboxes are all below the INBOX, see Server.MailboxName, and it
// takes 5 seconds to refuse a password, which cannot be changed.
func Courier(tb testing.TB, spec Spec) *Server {
	tb.Helper()
	from := tree("courier")
	Need(tb, Installed(filepath.Join(from, "usr/sbin/couriertcpd"), filepath.Join(from, "usr/bin/imapd"), filepath.Join(from, "lib64")))
	cert, key := readPEM(tb, spec)
	s := newServer(tb, "courier")
	s.prefix, s.delim = "INBOX.", "."
	c := courier{tb: tb, root: filepath.Join(s.dir, "root"), log: filepath.Join(s.dir, "log")}
	if err := linkTree(from, c.root); err != nil {
		tb.Fatal(err)
	}
	nobody := lookup(tb, "nobody")
	for _, sub := range []string{"dev", "tmp", "home", "etc/courier", "run/courier/authdaemon"} {
		makeDir(tb, filepath.Join(c.root, sub), owner{})
	}
	writeFile(tb, filepath.Join(c.root, "dev/null"), "", 0o666) // a plain file will do
	writeFile(tb, filepath.Join(c.root, "etc/passwd"), fmt.Sprintf("courier:x:%d:%d::/:/bin/false\n", nobody.uid, nobody.gid), 0o644)
	writeFile(tb, filepath.Join(c.root, "etc/group"), fmt.Sprintf("courier:x:%d:\n", nobody.gid), 0o644)
	writeFile(tb, filepath.Join(c.root, "etc/courier/authdaemonrc"), courierAuthConfig, 0o644)
	writeFile(tb, filepath.Join(c.root, "etc/courier/imapd.pem"), cert+"\n"+key, 0o644)
	c.addUsers(spec.Accounts, nobody)

	s.procs = append(s.procs, Start(tb, c.command("/usr/lib/courier/courier-authlib/authdaemond"), c.log))
	socket := filepath.Join(c.root, "run/courier/authdaemon/socket")
	if !waitFor(startLimit, func() bool { return accepts("unix", socket) }) {
		tb.Fatalf("courier: authdaemond does not answer; %s", tail(c.log))
	}
	instance := filepath.Base(s.dir)
	s.procs = append(s.procs, c.monitor(instance, nobody))
	extra := "GAM_CLIENT_ID=" + instance + "\n" + spec.Extra
	login := []string{"/usr/lib/courier/courier/imaplogin", "/usr/bin/imapd", "Maildir"}
	tls := append([]string{"/usr/bin/couriertls", "-server", "-tcpd", "-user=courier"}, login...)
	s.procs = append(s.procs,
		c.listen(s.IMAP, extra, "IMAP_STARTTLS=YES", login),
		c.listen(s.IMAPS, extra, "IMAP_TLS=1", tls))
	if !waitFor(startLimit, func() bool { return accepts("tcp4", s.addr(s.IMAPS)) }) {
		tb.Fatalf("courier does not listen on the port of IMAPS; %s", tail(c.log))
	}
	s.awaitGreeting(tb)
	s.seed(tb, spec)
	c.renew()
	return s
}

// renew makes appended messages \Recent: Courier puts them among those a
// session has seen (cur), an MTA would put them among the new ones.
func (c courier) renew() {
	c.tb.Helper()
	for _, pattern := range []string{"home/*/Maildir/cur/*", "home/*/Maildir/.*/cur/*"} {
		files, err := filepath.Glob(filepath.Join(c.root, pattern))
		if err != nil {
			c.tb.Fatal(err)
		}
		for _, file := range files {
			base, _, _ := strings.Cut(filepath.Base(file), ":") // the flags
			if err := os.Rename(file, filepath.Join(filepath.Dir(file), "../new", base)); err != nil {
				c.tb.Fatal(err)
			}
		}
	}
}

// addUsers makes the accounts' folders and the database of their passwords,
// which are stored as hashes, so that any byte may be in them.
func (c courier) addUsers(accounts []Account, nobody owner) {
	c.tb.Helper()
	var users, passwords strings.Builder
	for i, a := range accounts {
		if strings.ContainsAny(a.User, "\t\r\n") {
			c.tb.Fatalf("courier: user %q: userdb cannot hold this name", a.User)
		}
		home := fmt.Sprintf("/home/%d", i)
		for _, sub := range []string{"", "Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"} {
			makeDir(c.tb, filepath.Join(c.root, home, sub), nobody)
		}
		hash := sha256.Sum256([]byte(a.Password))
		fmt.Fprintf(&users, "%s\tuid=%d|gid=%d|home=%s|mail=%s/Maildir\n", a.User, nobody.uid, nobody.gid, home, home)
		fmt.Fprintf(&passwords, "%s\timappw={SHA256}%s|hmac-md5pw=%s\n", a.User, base64.StdEncoding.EncodeToString(hash[:]), hmacMD5(a.Password))
	}
	for file, text := range map[string]string{"userdb": users.String(), "userdbshadow": passwords.String()} {
		file = "/etc/courier/" + file
		cmd := c.command("/usr/lib/courier/courier-authlib/makedatprog", "-", file+".tmp", file+".dat")
		cmd.Stdin = strings.NewReader(text + ".\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			c.tb.Fatalf("courier: write %s: %v: %s", file, err, out)
		}
	}
}

// hmacMD5 is what Courier keeps of a password for CRAM-MD5: the states of MD5 after
// the outer and after the inner key of HMAC, each word with its low byte first.
// See RFC 2195 section 3 and courier-authlib, userdb/userdbpw.c.
func hmacMD5(password string) string {
	key := make([]byte, md5.BlockSize)
	if len(password) > len(key) {
		sum := md5.Sum([]byte(password))
		copy(key, sum[:])
	} else {
		copy(key, password)
	}
	var states []byte
	for _, pad := range []byte{0x5c, 0x36} {
		h := md5.New()
		for _, b := range key {
			h.Write([]byte{b ^ pad})
		}
		state, _ := h.(encoding.BinaryMarshaler).MarshalBinary() // "md5\x01", then the words, high byte first
		for word := range slices.Chunk(state[4:4+md5.Size], 4) {
			slices.Reverse(word)
			states = append(states, word...)
		}
	}
	return hex.EncodeToString(states)
}

// command prepares a program to run in the chroot.
func (c courier) command(name string, args ...string) *exec.Cmd {
	return &exec.Cmd{
		Path: name, Args: append([]string{name}, args...), Dir: "/", Env: []string{"PATH=/usr/bin:/bin"},
		SysProcAttr: &syscall.SysProcAttr{Chroot: c.root},
	}
}

// monitor starts the file monitor gamin for all accounts, which are one system
// user. It must be there before imapd misses it: imapd would wait a second,
// complain to the client and perhaps start one that outlives the session. Its
// socket is in the abstract namespace, which a chroot does not divide, so
// every instance names its own; the zero bytes belong to the name.
func (c courier) monitor(instance string, o owner) *Process {
	c.tb.Helper()
	cmd := c.command("/usr/libexec/gam_server", "--notimeout", instance)
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	p := Start(c.tb, cmd, c.log)
	socket := "@/tmp/fam-courier-" + instance
	socket += strings.Repeat("\x00", len(syscall.RawSockaddrUnix{}.Path)-len(socket))
	if !waitFor(startLimit, func() bool { return accepts("unix", socket) }) {
		c.tb.Fatalf("courier: the file monitor does not answer; %s", tail(c.log))
	}
	return p
}

// listen starts a couriertcpd, which starts program for every connection.
func (c courier) listen(port int, extra, setting string, program []string) *Process {
	c.tb.Helper()
	args := []string{"-address=127.0.0.1", "-nodnslookup", "-noidentlookup", "-maxprocs=1000", "-maxperip=1000", fmt.Sprint(port)}
	cmd := c.command("/usr/sbin/couriertcpd", append(args, program...)...)
	cmd.Env = nil
	for line := range strings.Lines(courierConfig + setting + "\n" + extra) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			cmd.Env = append(cmd.Env, name+"="+strings.Trim(value, `"'`)) // of two, os/exec takes the later
		}
	}
	return Start(c.tb, cmd, c.log)
}

// accepts reports whether an address accepts connections.
func accepts(network, address string) bool {
	conn, err := net.Dial(network, address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// linkTree makes a copy of a folder whose files are hard links, or true copies
// where the file systems differ.
func linkTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.Mkdir(target, 0o755)
		}
		if d.Type()&fs.ModeSymlink != 0 {
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		if os.Link(path, target) == nil {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o755)
	})
}
