package session

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

var greetingStep = Step{
	Name:   report.StepGreeting,
	Doc:    "the server's greeting, RFC 9051 section 7.1",
	Needs:  Connected,
	Gives:  Greeted,
	Wanted: always,
	Explain: func(c Config) Explanation {
		h := Explanation{Does: "waits for the greeting"}
		if re := c.Expect.Greeting; re != nil {
			h.Expects = []string{"it matches " + re.String()}
		}
		return h
	},
	Run: runGreeting,
}

// sniff is how long a service that is no IMAP server may go on with its first
// line after its first bytes.
const sniff = 300 * time.Millisecond

// maxEmpty is how many empty lines may stand before the greeting.
const maxEmpty = 5

func runGreeting(_ context.Context, s *Session, rec *Recorder) error {
	rec.Waiting("the greeting")
	s.pending = true
	for empty := 0; ; {
		first, err := s.conn.Peek(0, nil)
		if err != nil {
			return err
		}
		if !mayGreet(first[0]) {
			return s.otherService()
		}
		r, err := s.conn.Response()
		if err != nil {
			return err
		}
		s.fresh = false
		rec.End(r.At)
		if len(bytes.TrimSpace(r.Line)) == 0 {
			if empty++; empty > maxEmpty {
				return &report.StepError{Err: &report.NotIMAP{}}
			}
			continue
		}
		st, ok := r.Status()
		if r.Tag != "*" {
			return foreign(string(r.Line))
		}
		if !ok {
			s.untagged(r) // some servers list their capabilities first
			continue
		}
		s.pending = false
		return s.greeted(rec, st)
	}
}

// mayGreet says whether a greeting may begin with b.
func mayGreet(b byte) bool { return b == '*' || b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func (s *Session) greeted(rec *Recorder, st wire.Status) error {
	reply := replyOf(st)
	s.greeting = reply.Text
	rec.Fact("greeting", reply.String())
	s.learn(st)
	s.expectGreeting(rec, reply.String())
	switch st.Type {
	case "OK":
		s.warn(rec, reply)
		rec.Detail(reply.Text)
	case "PREAUTH":
		s.preauth = true
		rec.Fact("preauth", true)
		if s.cfg.TLS == TLSStart {
			// RFC 9051 section 6.2.1 allows STARTTLS in the not authenticated
			// state only: going on would be going on in clear.
			return &report.StepError{Err: report.ErrStartTLSRefused, Reply: reply}
		}
		rec.Detail("PREAUTH: the server has already logged us in")
	case "BYE":
		s.bye = reply
		return &report.StepError{Err: report.ErrBye, Reply: reply}
	case "NO":
		return &report.StepError{Err: report.ErrNo, Reply: reply}
	default:
		return &report.StepError{Err: report.ErrBad, Reply: reply}
	}
	return nil
}

// otherService is foreign for a line that has not been read yet and may never end.
func (s *Session) otherService() error {
	said, _ := s.conn.Peek(sniff, func(b []byte) bool { return bytes.IndexByte(b, '\n') >= 0 })
	line, _, _ := strings.Cut(string(said), "\n")
	e := foreign(strings.TrimRight(line, "\r"))
	s.transcript.Add("S", fmt.Sprintf("%.200s", e.Line))
	return e
}

// foreign is the error of a first line that is no IMAP.
func foreign(line string) *report.StepError {
	n := identify(line)
	n.Said = line
	if n.Service == "TLS" {
		n.Said = ""
	}
	return &report.StepError{Err: n, Line: n.Said}
}

// services are the first bytes by which other services are known.
var services = []struct{ prefix, contains, service, hint string }{
	{"+OK", "IMAP", "an IMAP server that greets with +OK, as in Microsoft's article Q189326: RFC 9051 wants * OK", ""},
	{"+OK", "", "POP3", ""},
	{"-ERR", "", "POP3", ""},
	{"220", "FTP", "FTP", ""},
	{"220", "LMTP", "LMTP", ""},
	{"220", "", "SMTP", ""},
	{"421", "", "SMTP", ""},
	{"554", "", "SMTP", ""},
	{"HTTP/", "", "HTTP", ""},
	{"<", "", "HTTP", ""},
	{"SSH-", "", "SSH", ""},
	{`"IMPLEMENTATION"`, "", "ManageSieve", ""},
	{`"`, "SIEVE", "ManageSieve", ""},
	{"200 ", "", "NNTP", ""},
	{"201 ", "", "NNTP", ""},
	{"\x15\x03", "", "TLS", "--tls=implicit"},
	{"\x16\x03", "", "TLS", "--tls=implicit"},
	{"RFB ", "", "VNC", ""},
	{"@RSYNCD", "", "rsync", ""},
	{"\xff", "", "Telnet", ""},
}

// identify names the service that begins with line.
func identify(line string) *report.NotIMAP {
	upper := strings.ToUpper(line)
	for _, sv := range services {
		if strings.HasPrefix(upper, sv.prefix) && strings.Contains(upper, sv.contains) {
			return &report.NotIMAP{Service: sv.service, Hint: sv.hint}
		}
	}
	return &report.NotIMAP{}
}

// plainService names what answered a TLS handshake in plain text; first is all
// of it that is known, five bytes.
func plainService(first string) *report.NotIMAP {
	if strings.HasPrefix(first, "* ") {
		return &report.NotIMAP{Service: "IMAP without TLS", Hint: "--tls=starttls", Said: first}
	}
	n := identify(first)
	if n.Service == "" {
		n.Service = "a service without TLS"
	} else {
		n.Service += " without TLS"
	}
	n.Said = first
	return n
}
