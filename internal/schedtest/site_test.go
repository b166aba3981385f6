//go:build linux

package schedtest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/servertest"
)

// The passwords are as awkward as people make them, and all different, so that
// a leak says which way it came.
const (
	filePassword = `fil3-way two words "q" it's $HOME; |x| \back!`
	iniPassword  = `in1-way i'n"i $USER1$ ; $ARG1$ \n # end!`
	envPassword  = `enviro-way e'n"v $HOME; $host.name$ \n !`

	wrongPassword = "not-the-password"
)

// site is a mail server, the plugin behind a recorder, and a folder.
type site struct {
	dir     string // everybody may read it
	plugins string // holds check_imap_session, the recorder
	mail    string // address with Dovecot on the usual ports 143 and 993
	silent  string // address that accepts on 993 and says nothing
	port    int    // Dovecot's own port of IMAPS on 127.0.0.1
}

// run is one run of the plugin.
type run struct {
	folder  string // of the recorder
	argv    []string
	environ []string
	out     string
	stderr  string
	code    int
}

// recorder stands in front of the plugin, for which it also makes the test's
// root one of the system's.
const recorder = `#!/bin/bash
d=$(mktemp -d %[1]s/runs/new.XXXXXXXXXX)
printf '%%s\0' "$@" >"$d/argv"
cat /proc/$$/environ >"$d/environ"
echo "${0%%/*}" >"$d/folder"
SSL_CERT_FILE=%[1]s/ca.pem %[1]s/plugin "$@" >"$d/out" 2>"$d/stderr"
code=$?
echo $code >"$d/code"
mv "$d" "%[1]s/runs/run.${d##*.}"
cat "%[1]s/runs/run.${d##*.}/out"
exit $code
`

func newSite(t *testing.T) *site {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "sched-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && os.Getenv("KEEP") != "" {
			t.Logf("kept %s", dir)
			return
		}
		os.RemoveAll(dir)
	})
	s := &site{dir: dir, plugins: filepath.Join(dir, "plugins")}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "plugin"), "../../cmd/check_imap_session")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	write(t, filepath.Join(s.plugins, "check_imap_session"), fmt.Sprintf(recorder, dir), 0o755)
	if err := os.Mkdir(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	ca := certtest.Must(t, "Test Root")
	certFile, keyFile := certtest.WriteFiles(t, t.TempDir(), ca.Leaf(t, certtest.Leaf{CommonName: "imap.example.com", DNSNames: []string{"imap.test", "imap.example.com"}}))
	write(t, filepath.Join(dir, "ca.pem"), read(t, ca.WriteFile(t, t.TempDir())), 0o644)
	spec := servertest.Spec{CertFile: certFile, KeyFile: keyFile}
	for user, password := range map[string]string{"alice": filePassword, "bob": iniPassword, "carol": envPassword, "probe": filePassword} {
		spec.Accounts = append(spec.Accounts, servertest.Account{User: user, Password: password, Mailboxes: []servertest.Mailbox{
			{Name: "INBOX", Messages: []string{"Subject: one\n\nOne\n", "Subject: two\n\nTwo\n"}},
			{Name: "Sent Items", Messages: []string{"Subject: three\n\nThree\n"}},
		}})
	}
	server := servertest.Dovecot(t, spec)
	s.port = server.IMAPS
	s.mail = address()
	s.silent = address()
	forward(t, s.mail+":993", server.IMAPS)
	forward(t, s.mail+":143", server.IMAP)
	forward(t, s.silent+":993", 0)
	write(t, filepath.Join(dir, "secrets/alice"), filePassword+"\n", 0o400)
	write(t, filepath.Join(dir, "secrets/wrong"), wrongPassword+"\n", 0o400)
	write(t, filepath.Join(dir, "secrets/imap.ini"), "[bob]\nusername = bob\npassword = "+iniPassword+"\nmailbox = Sent Items\n"+
		"[silent]\nusername = bob\npassword = "+iniPassword+"\ntimeout = 1\n"+
		"[addresses]\nusername = bob\npassword = "+iniPassword+"\nall-addresses = any\nserver-name = imap.test\nport = "+strconv.Itoa(s.port)+"\n", 0o400)
	giveToNagios(t, filepath.Join(dir, "secrets"))
	return s
}

// address returns one of loopback's many addresses.
func address() string {
	return fmt.Sprintf("127.%d.%d.%d", 16+rand.IntN(200), rand.IntN(250), 2+rand.IntN(250))
}

// forward passes connections on to a port of 127.0.0.1, and with port 0 leaves
// them unanswered.
func forward(t *testing.T, from string, port int) {
	t.Helper()
	l, err := net.Listen("tcp4", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if port == 0 {
					_, _ = io.Copy(io.Discard, c)
					return
				}
				to, err := net.Dial("tcp4", "127.0.0.1:"+strconv.Itoa(port))
				if err != nil {
					return
				}
				defer to.Close()
				go func() { _, _ = io.Copy(to, c); to.Close() }()
				_, _ = io.Copy(c, to)
			}()
		}
	}()
}

// runs returns what the recorder saw so far.
func (s *site) runs(t *testing.T) []run {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(s.dir, "runs", "run.*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []run
	for _, d := range dirs {
		words := func(name string) []string {
			return strings.Split(strings.TrimSuffix(read(t, filepath.Join(d, name)), "\x00"), "\x00")
		}
		code, err := strconv.Atoi(strings.TrimSpace(read(t, filepath.Join(d, "code"))))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, run{strings.TrimSpace(read(t, filepath.Join(d, "folder"))), words("argv"), words("environ"), read(t, filepath.Join(d, "out")), read(t, filepath.Join(d, "stderr")), code})
	}
	return out
}

// stored is what a core keeps of a check.
type stored struct {
	state             int
	first, long, perf string
}

// stored returns what should be kept of a run.
func (r run) stored() stored {
	first, long, _ := strings.Cut(strings.TrimSuffix(r.out, "\n"), "\n")
	text, perf, _ := strings.Cut(first, " | ")
	return stored{r.code, text, long, perf}
}

// checkStored checks that a result is that of a run, byte for byte.
func (s *site) checkStored(t *testing.T, got stored) {
	t.Helper()
	var near *run
	for _, r := range s.runs(t) {
		want := r.stored()
		if want == got {
			if r.stderr != "" {
				t.Errorf("the plugin wrote to stderr: %q", r.stderr)
			}
			return
		}
		if want.first == got.first {
			near = &r
		}
	}
	t.Errorf("stored %+v, which no run printed", got)
	if near != nil {
		t.Errorf("the nearest run printed %+v", near.stored())
	}
}

// leaks returns the secrets that stand in a text, as they are or in base64's
// and configuration's forms.
func leaks(text string, secrets ...string) []string {
	var found []string
	for _, secret := range secrets {
		// A piece without characters that anybody escapes.
		for _, piece := range []string{secret, strings.Fields(secret)[0]} {
			if strings.Contains(text, piece) {
				found = append(found, piece)
			}
		}
	}
	return found
}

// filesBelow returns the content of all files below a folder.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // gone meanwhile
		}
		b, err := os.ReadFile(path)
		if err == nil && !bytes.HasPrefix(b, []byte("\x7fELF")) {
			out[path] = string(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
