package systemtest

import (
	"context"
	"flag"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/app"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

//go:generate go test -run ^Test(Checks|Demo|Explain)Page$ -update .

var update = flag.Bool("update", false, "write what the program prints into README.md and docs")

// page is a page of the documentation with blocks that the program writes:
//
//	<!-- NAME -->
//	BLOCK
//	<!-- end -->
type page struct{ path, text string }

func openPage(t *testing.T, path string) *page {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return &page{path, string(text)}
}

// hold compares the block of that name with what the program prints; -update
// takes it over.
func (p *page) hold(t *testing.T, name, block string) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(p.text, begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no %q with an end behind it", p.path, begin)
	}
	if p.text = before + begin + block + end + after; old != block && !*update {
		t.Errorf("%s is not what the program prints (go generate ./... writes it):\n%s", p.path, block)
	}
}

func (p *page) save(t *testing.T) {
	t.Helper()
	if !*update {
		return
	}
	if err := os.WriteFile(p.path, []byte(p.text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDemoPage holds the first look of README.md to what --demo prints, with the
// clock of a synctest bubble and a line that is as slow every time.
func TestDemoPage(t *testing.T) {
	readme := openPage(t, "../../README.md")
	for name, args := range map[string][]string{
		"demo":             {"--demo"},
		"demo auth-failed": {"--demo=auth-failed"},
	} {
		t.Run(name, func(t *testing.T) {
			var out string
			synctest.Test(t, func(t *testing.T) { out = rehearsed(t, args) })
			readme.hold(t, name, "```\n$ go run ./cmd/check_imap_session "+strings.Join(args, " ")+"\n"+out+"```\n")
		})
	}
	readme.save(t)
}

// TestSlowDemo waits on the virtual clock for the login that takes 3 s.
func TestSlowDemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := rehearsed(t, strings.Fields("--demo=slow-login -w time_login=2 -c time_login=5"))
		if want := "IMAP_SESSION WARNING - DEMO slow-login: imap.example.com login as demo took 3.000 s, limit 2 s"; !strings.HasPrefix(out, want) {
			t.Errorf("got %q, want %q", out, want)
		}
	})
}

// rehearsed is what a demo prints over a line that takes 2 ms one way.
func rehearsed(t *testing.T, args []string) string {
	l := &line{calls: make(chan net.Conn), closed: make(chan struct{})}
	return runIn(t, app.Env{
		Getenv:  environment{}.get,
		Listen:  func(context.Context) (net.Listener, error) { return l, nil },
		Session: func(c *session.Config) { c.Dial.Dial = l.dial },
	}, args...).out
}

// line is a listener in memory.
type line struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *line) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *line) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns an address that is not used.
func (l *line) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 41993} }

func (l *line) dial(context.Context, string, string) (net.Conn, error) {
	time.Sleep(2 * way)
	client, server := net.Pipe()
	l.calls <- server
	return &slow{Conn: client}, nil
}

// way is how long the line takes in one direction.
const way = 2 * time.Millisecond

// slow takes its time before what was said arrives.
type slow struct {
	net.Conn
	waiting bool // something was said since the last wait
}

func (s *slow) Write(p []byte) (int, error) {
	s.waiting = true
	return s.Conn.Write(p)
}

func (s *slow) Read(p []byte) (int, error) {
	if s.waiting {
		s.waiting = false
		time.Sleep(2 * way)
	}
	return s.Conn.Read(p)
}

// TestExplainPage holds docs/by-hand.md to what --explain prints.
func TestExplainPage(t *testing.T) {
	p := openPage(t, "../../docs/by-hand.md")
	for name, args := range map[string]string{
		"explain": "-H imap.example.com -U probe --password-file=/etc/nagios/imap.password -w 2,time_login=500ms -c 5 -D 21,7",
	} {
		out := runMain(t, nil, append([]string{"--explain"}, strings.Fields(args)...)...).out
		p.hold(t, name, "```text\n$ check_imap_session --explain "+args+"\n"+out+"```\n")
	}
	failing := recipe{
		args: append(strings.Fields(probe), "-v", "-m", "Sent Items"), state: report.Critical,
		script: "serve EXAMINE\nS: {tag} NO [NONEXISTENT] Mailbox doesn't exist: Sent Items\n",
	}
	var out string
	synctest.Test(t, func(t *testing.T) { out = failing.run(t) })
	_, below, found := strings.Cut(out, "[CRITICAL]")
	lines := strings.SplitAfterN(below, "\n", 5)
	if !found || len(lines) < 5 || !strings.Contains(lines[3], "by hand: ") {
		t.Fatalf("no line to type by hand below the failure:\n%s", out)
	}
	p.hold(t, "by hand", "```text\n[CRITICAL]"+strings.Join(lines[:4], "")+"```\n")
	p.save(t)
}
