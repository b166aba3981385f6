package systemtest

import (
	"bufio"
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/app"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/session"
)

const (
	randomRuns    = 500
	randomTimeout = 300 * time.Millisecond
)

// TestRandomServer runs the program against servers that send random mixes of
// valid lines, broken ones, garbage, pauses and endings: whatever comes, it ends
// with one of the four states, in time, with output of the right form.
//
// CHECK_IMAP_SESSION_RANDOM_RUNS makes more runs than the usual, and
// CHECK_IMAP_SESSION_RANDOM_SEED repeats those of an earlier test.
func TestRandomServer(t *testing.T) {
	number := func(name string, usual uint64) uint64 {
		n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
		if err != nil {
			return usual
		}
		return n
	}
	runs := number("CHECK_IMAP_SESSION_RANDOM_RUNS", randomRuns)
	seed := number("CHECK_IMAP_SESSION_RANDOM_SEED", rand.Uint64())
	t.Logf("CHECK_IMAP_SESSION_RANDOM_SEED=%d", seed)
	states := map[int]int{}
	synctest.Test(t, func(t *testing.T) {
		config := newCertificates(t).tls
		for i := range runs {
			states[randomRun(t, rand.New(rand.NewPCG(seed, i)), config)]++
			if t.Failed() {
				t.Fatalf("run %d", i)
			}
		}
	})
	t.Logf("runs by exit code: %v", states)
}

// randomRun makes one run against a server of its own.
func randomRun(t *testing.T, r *rand.Rand, config *tls.Config) int {
	mode := []string{"none", "none", "implicit", "starttls"}[r.IntN(4)]
	srv := &randomServer{r: r, config: config, implicit: mode == "implicit"}
	args := []string{"-H", "imap.test", "--address", "127.0.0.1", "-p", "143",
		"--tls=" + mode, "-t", randomTimeout.String(), "-U", "alice", "--insecure"}
	for _, some := range [][]string{{"--auth=plain"}, {"--fetch=envelope"}, {"--fetch=body"}, {"--message=uid:7"}, {"--read-write"}, {"-c", "message_age=1h"}} {
		if r.IntN(6) == 0 {
			args = append(args, some...)
		}
	}
	if mode == "none" {
		args = append(args, "--allow-plaintext-auth")
	}
	if r.IntN(2) == 0 { // from here on r is the server's
		args = append(args, "-o", "json")
	}
	start := time.Now()
	client, server := imaptest.NewPipe(143)
	var talking sync.WaitGroup
	talking.Go(func() { srv.talk(server) })
	defer talking.Wait() // it may be in a pause: a bubble must not end before its servers
	defer client.Close()
	got := runIn(t, app.Env{Getenv: password(faultPassword).get, Session: func(c *session.Config) {
		c.Dial.Dial = func(context.Context, string, string) (net.Conn, error) { return client, nil }
	}}, args...)
	if took := time.Since(start); took > randomTimeout {
		t.Errorf("%q: took %v:\n%s", args, took, got.out)
	}
	for _, word := range []string{faultPassword, `"kind":"internal"`, "internal error", `"kind":"usage"`} {
		if strings.Contains(got.out, word) {
			t.Errorf("%q: %s in\n%s", args, word, got.out)
		}
	}
	return got.code
}

// randomServer is a server that behaves well most of the time.
type randomServer struct {
	r        *rand.Rand
	config   *tls.Config
	implicit bool
	last     string // the client's last line
	tag      string
}

// randomLines are valid in some place; {tag} stands for the last tag.
var randomLines = []string{
	"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] ready", "* PREAUTH welcome", "* BYE going down", "* NO [ALERT] careful",
	"* BAD what?", "* CAPABILITY IMAP4rev1 LOGINDISABLED", "{tag} OK done", "{tag} NO [AUTHENTICATIONFAILED] no", "{tag} BAD what?",
	"{tag} NO [UNAVAILABLE] later", "+ ", "+ AAAA", "+", `* LIST (\HasNoChildren) "/" INBOX`, `* LIST () NIL {5}` + "\r\nINBOX",
	`* LIST () "\" "a "b" c"`, "* FLAGS (\\Seen)", "* 42 EXISTS", "* 0 EXISTS", "* 4294967296 EXISTS", "* 1 RECENT", "* OK [UIDNEXT 7]",
	"* 42 EXPUNGE", `* 42 FETCH (FLAGS () INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 42 BODY[HEADER]<0> {3}` + "\r\na\r\n)",
	`* 42 FETCH (ENVELOPE ("x" "y "z"" ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL NIL NIL))`, "* 42 FETCH (BODY[] {99999999}",
	"* X {4294967295}", "", "HTTP/1.1 400 Bad Request", "220 mail ESMTP", "+OK POP3", "\x15\x03\x03\x00\x02\x02\x28",
	"* OK " + strings.Repeat("long ", 5000), "* X " + strings.Repeat("(", 600), "* OK a|b [OK] \x1b[2J\u202e\xff",
}

// randomAnswers are the healthy answers, by command.
var randomAnswers = map[string]string{
	"CAPABILITY": "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n",
	"LIST":       "* LIST () \"/\" INBOX\r\n* LIST () \"/\" Sent\r\n",
	"EXAMINE":    "* FLAGS ()\r\n* 42 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] ok\r\n",
	"SELECT":     "* FLAGS ()\r\n* 42 EXISTS\r\n* 0 RECENT\r\n",
	"FETCH":      "* 42 FETCH (FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 42 BODY[HEADER]<0> {3}\r\na\r\n)\r\n",
	"UID":        "* 42 FETCH (UID 7 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 42 BODY[HEADER]<0> \"\")\r\n",
	"LOGOUT":     "* BYE see you\r\n",
}

// talk serves one connection until it has enough.
func (s *randomServer) talk(c net.Conn) {
	raw := c
	defer func() { raw.Close() }()
	raw.SetDeadline(time.Now().Add(20 * randomTimeout)) // should the client not close
	if s.implicit && s.r.IntN(10) > 0 {
		c = tls.Server(c, s.config)
	}
	in := bufio.NewReader(c)
	if !s.act(c, raw, "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] ready\r\n") {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		s.last = line
		tag, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			s.act(c, raw, "") // an answer to a challenge
			continue
		}
		verb, _, _ := strings.Cut(rest, " ")
		s.tag = tag
		if !s.act(c, raw, randomAnswers[verb]+tag+" OK done\r\n") {
			return
		}
		if verb == "STARTTLS" {
			c = tls.Server(c, s.config)
			in = bufio.NewReader(c)
		}
	}
}

// act sends the healthy answer, or does something else, or both. It returns
// false when the connection is over.
func (s *randomServer) act(c, raw net.Conn, healthy string) bool {
	for s.r.IntN(8) == 0 {
		switch s.r.IntN(9) {
		case 0:
			s.write(c, s.line())
		case 1:
			s.write(c, s.mutate(healthy))
			return true
		case 2:
			s.write(c, s.mutate(s.line()))
		case 3:
			s.write(c, s.garbage())
		case 4:
			time.Sleep(time.Duration(s.r.IntN(100)) * time.Millisecond)
		case 5:
			s.write(c, healthy[:s.r.IntN(len(healthy)+1)])
			raw.(interface{ SetLinger(int) error }).SetLinger(s.r.IntN(2) - 1) // 0 is RST, -1 is FIN
			return false
		case 6:
			s.write(raw, s.garbage()) // below TLS, where there is TLS
		case 7:
			s.write(c, "* NO "+s.last+s.tag+" NO "+s.last) // an echo, of the password too
		case 8:
			return true // no answer
		}
	}
	s.write(c, healthy)
	return true
}

func (s *randomServer) line() string {
	return strings.ReplaceAll(randomLines[s.r.IntN(len(randomLines))], "{tag}", s.tag) + "\r\n"
}

// mutate changes a few bytes: one else, one less, one more, a piece twice.
func (s *randomServer) mutate(text string) string {
	b := []byte(text)
	for range 1 + s.r.IntN(4) {
		if len(b) == 0 {
			return ""
		}
		i := s.r.IntN(len(b))
		switch s.r.IntN(4) {
		case 0:
			b[i] = byte(s.r.IntN(256))
		case 1:
			b = append(b[:i], b[i+1:]...)
		case 2:
			const telling = "\r\n \"\\(){}[]*+<>~%\x00\x80"
			b = append(b[:i], append([]byte{telling[s.r.IntN(len(telling))]}, b[i:]...)...)
		case 3:
			b = append(b, b[i:]...)
		}
	}
	return string(b)
}

func (s *randomServer) garbage() string {
	b := make([]byte, s.r.IntN(3000))
	for i := range b {
		b[i] = byte(s.r.IntN(256))
	}
	return string(b)
}

// write writes in pieces. It ignores that the client may have closed.
func (s *randomServer) write(c net.Conn, text string) {
	for text != "" {
		n := len(text)
		if s.r.IntN(3) == 0 {
			n = 1 + s.r.IntN(n)
		}
		if _, err := c.Write([]byte(text[:n])); err != nil {
			return
		}
		text = text[n:]
	}
}
