// Package servertest starts real IMAP servers for tests: Dovecot, Cyrus and
// Courier, each from a private configuration in a temporary folder, on ports
// of 127.0.0.1 that are free, and stopped when the test ends. It is
// imported by tests only and checks nothing itself. Tests of other daemons use its
// Need, Start and FreePort.
//
// The servers come from Debian's packages and are put in place by
// .ci/install-servers. Two environment variables matter here:
//
//   - CHECK_IMAP_SESSION_SERVERS is the folder with the unpacked Cyrus and
//     Courier; without it /opt/imap-servers is used. Dovecot is taken from
//     where its package puts it.
//   - CHECK_IMAP_SESSION_REQUIRE_SERVERS=1 makes a missing server fail the
//     test, 0 skips the test also where the server is installed. Without it the
//     test is skipped where the server is missing. See Need.
//
// The servers drop their privileges, so root must start them; for other users they
// count as missing.
package servertest

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Spec says what a server should hold.
type Spec struct {
	CertFile, KeyFile string    // PEM; the server's chain and its key, both required
	Accounts          []Account // at least one
	Extra             string    // raw lines after the server's main configuration, where they win; empty means none
	HAProxy           bool      // Dovecot only: two more listeners, which expect the PROXY protocol
}

// Account is a user who can log in. A server which cannot hold the name or
// the password fails the test: see the launchers' comments.
type Account struct {
	User, Password string
	Mailboxes      []Mailbox // besides the INBOX, which always exists
}

// Mailbox is a mailbox and its messages, which are new to the first session:
// \Recent and not \Seen.
type Mailbox struct {
	Name     string   // in UTF-8, levels divided by '/'; "INBOX" gives the INBOX its messages
	Messages []string // in the format of RFC 5322; lines may end in LF or CRLF
}

// Server is a running server. Its ports accept connections.
type Server struct {
	Name                  string // "dovecot", "cyrus", "courier"
	Host                  string // "127.0.0.1"
	IMAP, IMAPS           int    // ports; IMAP offers STARTTLS and takes passwords without it
	ProxyIMAP, ProxyIMAPS int    // the same behind the PROXY protocol, 0 without Spec.HAProxy

	dir    string     // its folder
	prefix string     // of every mailbox but INBOX, "INBOX." in Courier
	delim  string     // between levels of mailbox names
	procs  []*Process // in the order of their start
}

// MailboxName returns the name under which the server lists a mailbox of
// the Spec: Courier's for "Archive/2024" is "INBOX.Archive.2024".
func (s *Server) MailboxName(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return s.prefix + strings.ReplaceAll(name, "/", s.delim)
}

// addr is one of the server's ports in the form of net.Dial.
func (s *Server) addr(port int) string {
	return net.JoinHostPort(s.Host, strconv.Itoa(port))
}

// Launcher is a server a test can start.
type Launcher struct {
	Name  string
	Start func(testing.TB, Spec) *Server
}

// All returns every launcher, for tests over all servers.
func All() []Launcher {
	return []Launcher{{"dovecot", Dovecot}, {"cyrus", Cyrus}, {"courier", Courier}}
}

// tree returns the folder in which the install script unpacked a server.
func tree(name string) string {
	root := os.Getenv("CHECK_IMAP_SESSION_SERVERS")
	if root == "" {
		root = "/opt/imap-servers"
	}
	return filepath.Join(root, name)
}

// Need ends a test of installed programs, servers or schedulers that must not or
// cannot run, where lack is what is missing, nil for nothing: it is skipped, or
// fails, as CHECK_IMAP_SESSION_REQUIRE_SERVERS says. All such tests ask here.
func Need(tb testing.TB, lack error) {
	tb.Helper()
	switch require := os.Getenv("CHECK_IMAP_SESSION_REQUIRE_SERVERS"); {
	case require == "0":
		tb.Skip("skip: CHECK_IMAP_SESSION_REQUIRE_SERVERS=0")
	case lack != nil && require == "1":
		tb.Fatalf("%v (run .ci/install-servers and .ci/install-schedulers)", lack)
	case lack != nil:
		tb.Skipf("skip: not installed: %v", lack)
	}
}

// Installed returns what a server or scheduler lacks: one of its files, or root, as it
// changes its user.
func Installed(files ...string) error {
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			return err
		}
	}
	if os.Geteuid() != 0 {
		return errors.New("starting it takes root")
	}
	return nil
}

// tempDir makes a folder which other users may enter and which is gone after
// the test. It is not tb.TempDir: that one is closed to others, and too long
// for the Unix sockets inside (108 bytes).
func tempDir(tb testing.TB) string {
	tb.Helper()
	root := os.TempDir()
	if len(root) > 32 {
		root = "/tmp"
	}
	dir, err := os.MkdirTemp(root, "imapd-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("remove the server's folder: %v", err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// owner is the system user a file should belong to.
type owner struct{ uid, gid int }

// lookup finds a system user. The install script made it.
func lookup(tb testing.TB, name string) owner {
	tb.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	if err := errors.Join(errUID, errGID); err != nil {
		tb.Fatal(err)
	}
	return owner{uid, gid}
}

// writeFile writes a file with the given mode, whatever the umask.
func writeFile(tb testing.TB, path, text string, mode fs.FileMode) {
	tb.Helper()
	err := os.WriteFile(path, []byte(text), mode)
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// makeDir makes a folder of the owner's inside an existing one.
func makeDir(tb testing.TB, path string, o owner) {
	tb.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.Chown(path, o.uid, o.gid); err != nil {
		tb.Fatal(err)
	}
}

// readPEM reads the certificate and the key. Servers get copies in their own
// folder, since the test's may be closed to the user they run as.
func readPEM(tb testing.TB, spec Spec) (cert, key string) {
	tb.Helper()
	c, errCert := os.ReadFile(spec.CertFile)
	k, errKey := os.ReadFile(spec.KeyFile)
	if err := errors.Join(errCert, errKey); err != nil {
		tb.Fatal(err)
	}
	if len(spec.Accounts) == 0 {
		tb.Fatal("servertest: a Spec needs at least one account")
	}
	return string(c), string(k)
}

// tail returns the last lines of a log, for the message of a failed start.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) > 20 {
		lines = lines[len(lines)-20:]
	}
	return "log:\n" + strings.Join(lines, "\n")
}
