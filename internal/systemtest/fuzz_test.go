package systemtest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/outputtest"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

const (
	fuzzTimeout = 300 * time.Millisecond
	fuzzPromise = 100 * time.Millisecond
)

// FuzzSession feeds a whole session with a byte stream as the server, judges and
// prints it. In the stream the byte 1 waits for a line of the client, 2 pauses
// for 50 ms, 3 closes, and {tag} stands for the tag of the client's last line.
// Time is synctest's, so it can be held to the promise. Tags differ from run to
// run: -fuzzminimizetime 10x keeps go test from minimizing for ever.
func FuzzSession(f *testing.F) {
	const greeting = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n"
	const list = "\x01* LIST () \"/\" {5}\r\nINBOX\r\n{tag} OK\r\n"
	const examine = "\x01* FLAGS ()\r\n* 42 EXISTS\r\n* OK [UIDNEXT 7] x\r\n{tag} OK [READ-ONLY] done\r\n"
	const fetch = "\x01* 42 FETCH (FLAGS ( )  INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4 BODY[HEADER]<0> {4}\r\na\r\n\r\n)\r\n{tag} OK\r\n"
	const logout = "\x01* BYE\r\n{tag} OK\r\n\x03"
	f.Add(byte(0), []byte(greeting+"\x01{tag} OK\r\n"+list+examine+fetch+logout))
	f.Add(byte(1), []byte(greeting+"\x01+ \r\n\x01{tag} OK\r\n"+list+examine+fetch+logout))
	f.Add(byte(2), []byte("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n\x01{tag} OK go\r\n\x16\x03\x03\x00\x02"))
	f.Add(byte(4), []byte(greeting+"\x01{tag} OK\r\n"+list+examine+
		"\x01* 42 FETCH (ENVELOPE (\"a\" \"b \"c\" d\" ((NIL NIL \"a\" \"b\")) NIL) RFC822.SIZE 4)\r\n{tag} OK\r\n"+logout))
	f.Add(byte(0), []byte("* OK hi\n\x01* CAPABILITY IMAP4rev1\n{tag} ok\n\x01* NO a\r\n\x02{tag} NO [UNAVAILABLE] x\r\n"))
	f.Add(byte(24), []byte("*{0}\n"))
	f.Add(byte(0), []byte("* PREAUTH [ALERT] hi\r\n"+"\x01* CAPABILITY\r\n{tag} OK\r\n"+list+"\x01* BYE no\r\n\x02\x03"))
	f.Add(byte(0), []byte("220 mail ESMTP\r\n"))
	f.Fuzz(func(t *testing.T, mode byte, stream []byte) {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			var wg sync.WaitGroup
			wg.Go(func() { playStream(server, stream) })
			rep := fuzzRun(client, mode)
			client.Close()
			wg.Wait()
			if rep.Elapsed > fuzzTimeout+fuzzPromise {
				t.Errorf("took %v", rep.Elapsed)
			}
			verdict := judge.Judge(rep, judge.Policy{})
			for _, f := range verdict.Findings {
				if f.Kind == "internal" {
					t.Errorf("%+v", f)
				}
			}
			mask := secret.NewMasker(secret.New(faultPassword)).Replace
			text := render.Nagios(rep, verdict, render.Options{Mask: mask, Verbosity: 1})
			if _, err := outputtest.Plugin(string(text), int(verdict.State)); err != nil {
				t.Error(err)
			}
			object := render.JSON(rep, verdict, render.Options{Mask: mask, Transcript: true})
			if _, err := outputtest.JSON(string(object), int(verdict.State)); err != nil {
				t.Error(err)
			}
		})
	})
}

// fuzzRun runs a session over a connection.
func fuzzRun(client net.Conn, mode byte) *report.Report {
	cfg := session.Config{
		Dial: dial.Config{Host: "imap.test", Port: 143,
			Address: netip.MustParseAddr("192.0.2.7"),
			Dial:    func(context.Context, string, string) (net.Conn, error) { return client, nil }},
		TLS:     session.TLSNone,
		Auth:    auth.Auto,
		Mailbox: "INBOX", ListPattern: "*", Fetch: session.FetchHeaders,
		Username: "alice", Password: secret.New(faultPassword), AllowPlaintext: true,
		Timeout: fuzzTimeout, Transcript: true, Content: mode&8 != 0,
	}
	if mode&1 != 0 {
		cfg.Auth = auth.Plain
	}
	if mode&2 != 0 {
		cfg.TLS, cfg.Cert.Insecure = session.TLSStart, true
	}
	if mode&4 != 0 {
		cfg.Fetch = session.FetchEnvelope
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), fuzzTimeout, report.ErrTimeout)
	defer cancel()
	plan, err := session.Plan(cfg)
	if err != nil {
		panic(err) // none of these flags contradict each other
	}
	return session.Run(ctx, cfg, plan)
}

// playStream is the server. Its reads and writes end when the client closes.
func playStream(c net.Conn, stream []byte) {
	defer c.Close()
	lines := make(chan string, 1000)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		in := bufio.NewReader(c)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			select {
			case lines <- line:
			default:
			}
		}
	}()
	tag := ""
	for len(stream) > 0 {
		n := bytes.IndexAny(stream, "\x01\x02\x03")
		if n != 0 {
			if n < 0 {
				n = len(stream)
			}
			text := strings.ReplaceAll(string(stream[:n]), "{tag}", tag)
			if _, err := io.WriteString(c, text); err != nil {
				break
			}
			stream = stream[n:]
			continue
		}
		switch stream[0] {
		case 1:
			select {
			case line := <-lines:
				tag, _, _ = strings.Cut(line, " ")
			case <-gone:
				return
			}
		case 2:
			select {
			case <-time.After(50 * time.Millisecond):
			case <-gone:
				return
			}
		case 3:
			return
		}
		stream = stream[1:]
	}
	<-gone
}
