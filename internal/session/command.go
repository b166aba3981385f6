package session

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// byePatience is how long a server that has said BYE is given to answer the
// command under way or to close.
const byePatience = time.Second

// command is one command being put together: text, and the places where the
// server must first agree to a literal.
type command struct {
	name   string // "LOGIN", for words to the user
	chunks []chunk
	sync   bool // literals wait for the server's "+"
}

// chunk is what is sent in one write; the server's "+" is awaited between two.
type chunk struct{ data, shown []byte }

// newCommand returns the beginning of a command. words are sent as they are.
func (s *Session) newCommand(name string, words ...string) *command {
	return s.newCommandWith(s.caps, name, words...)
}

func (s *Session) newCommandWith(caps imap.CapSet, name string, words ...string) *command {
	c := &command{name: name, chunks: make([]chunk, 1)}
	// Without LITERAL+ (RFC 7888) every literal costs a round trip.
	c.sync = !caps.Has(imap.CapLiteralPlus) && !caps.Has(imap.CapLiteralMinus)
	c.text(name)
	for _, w := range words {
		c.text(" " + w)
	}
	return c
}

// text adds text that is neither data nor secret.
func (c *command) text(t string) *command {
	last := &c.chunks[len(c.chunks)-1]
	last.data = append(last.data, t...)
	last.shown = append(last.shown, t...)
	return c
}

// str adds a space and a string argument: quoted where that can hold it, else
// as a literal. See RFC 9051 section 4.3.
func (c *command) str(v string) *command { return c.add(v, v) }

// secret adds a string argument that the transcript does not show.
func (c *command) secret(v string) *command { return c.add(v, "[redacted]") }

// hidden adds text that the transcript does not show.
func (c *command) hidden(t string) *command {
	last := &c.chunks[len(c.chunks)-1]
	last.data = append(last.data, t...)
	last.shown = append(last.shown, " [redacted]"...)
	return c
}

func (c *command) add(v, shown string) *command {
	c.text(" ")
	last := &c.chunks[len(c.chunks)-1]
	if quotable(v) {
		last.data = append(last.data, quote(v)...)
		if shown == v {
			shown = quote(v)
		}
		last.shown = append(last.shown, shown...)
		return c
	}
	return c.literal(v, shown)
}

// literal adds a string as a literal, without a space before it.
func (c *command) literal(v, shown string) *command {
	last := &c.chunks[len(c.chunks)-1]
	if c.sync {
		last.data = append(last.data, fmt.Sprintf("{%d}\r\n", len(v))...)
		last.shown = append(last.shown, "{literal}"...)
		c.chunks = append(c.chunks, chunk{data: []byte(v), shown: []byte(shown)})
		return c
	}
	last.data = append(last.data, fmt.Sprintf("{%d+}\r\n%s", len(v), v)...)
	last.shown = append(last.shown, shown...)
	return c
}

// quotable says whether a quoted string can hold v. Eight-bit text cannot stand
// in one before UTF8=ACCEPT is enabled, which this plugin never does.
func quotable(v string) bool {
	if len(v) > 1000 {
		return false
	}
	for i := range len(v) {
		if b := v[i]; b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

func quote(v string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), `"`, `\"`) + `"`
}

// newTag returns a tag that nobody can know before the command is sent, so that
// a reply sent ahead of its question answers nothing.
func (s *Session) newTag(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	b := []byte("A" + strconv.Itoa(n))
	for range 4 {
		b = append(b, letters[rand.IntN(len(letters))])
	}
	return string(b)
}

// exchange is a command that has been sent and not answered.
type exchange struct {
	s         *Session
	tag       string
	name      string
	each      func(*wire.Response) // sees every untagged response; may be nil
	stray     func(line []byte)    // sees lines that are no IMAP; nil makes them a failure
	challenge string               // what stood behind the last "+"
	answer    *report.Reply        // the tagged reply, once it came
	arrive    time.Time            // when it came
}

// do sends a command and waits for its answer. The step's time runs from the
// first byte sent to the tagged line's last byte received. A NO or BAD is an
// error with the reply in it.
func (s *Session) do(rec *Recorder, c *command, each func(*wire.Response)) (*report.Reply, error) {
	return s.doLoose(rec, c, each, nil)
}

func (s *Session) doLoose(rec *Recorder, c *command, each func(*wire.Response), stray func([]byte)) (*report.Reply, error) {
	x, err := s.start(rec, c)
	if err != nil {
		return nil, err
	}
	x.each, x.stray = each, stray
	for x.answer == nil {
		if _, err := x.next(); err != nil {
			return nil, err
		}
	}
	return x.finish(rec)
}

// start sends a command, literals included.
func (s *Session) start(rec *Recorder, c *command) (*exchange, error) {
	if s.bye != nil {
		return nil, &report.StepError{Err: report.ErrBye, Reply: s.bye}
	}
	s.said, s.warned, s.chat = nil, nil, ""
	s.tagged++
	x := &exchange{s: s, tag: s.newTag(s.tagged), name: c.name}
	rec.Begin()
	rec.Waiting("the answer to " + c.name)
	s.pending = true
	for i, ch := range c.chunks {
		data, shown := ch.data, string(ch.shown)
		if i == 0 {
			data = append([]byte(x.tag+" "), data...)
			shown = x.tag + " " + shown
		}
		if i == len(c.chunks)-1 {
			data = append(data, '\r', '\n')
		}
		if err := x.send(data, shown); err != nil {
			return nil, err
		}
		for i < len(c.chunks)-1 {
			more, err := x.next()
			if err != nil {
				return nil, err
			}
			if more {
				break
			}
			if x.answer != nil { // the literal was refused
				return x, nil
			}
		}
	}
	return x, nil
}

// send writes data. When that fails the server may have said why before it
// closed, so what it said is read first.
func (x *exchange) send(data []byte, shown string) error {
	err := x.s.conn.Send(data, shown)
	if err == nil {
		return nil
	}
	for x.answer == nil {
		switch _, rerr := x.next(); {
		case isAlert(rerr): // a client certificate that TLS 1.3 refuses, say
			return rerr
		case rerr != nil:
			return err
		}
	}
	return nil
}

// next reads one response and takes it in. more is true when the server asks
// to go on ("+").
func (x *exchange) next() (more bool, err error) {
	s := x.s
	if s.bye != nil {
		s.limitTo(byePatience)
	}
	r, err := s.conn.Response()
	if err != nil {
		return false, err
	}
	s.fresh = false
	switch {
	case r.Tag == "*":
		s.untagged(r)
		if x.each != nil {
			x.each(r)
		}
	case r.Tag == "+":
		x.challenge = challengeOf(r)
		return true, nil
	case strings.EqualFold(r.Tag, x.tag):
		st, ok := r.Status()
		if !ok || st.Type == "PREAUTH" {
			return false, x.garbled(r.Line)
		}
		x.answer, x.arrive = replyOf(st), r.At
		s.learn(st)
	case len(strings.TrimSpace(string(r.Line))) == 0:
		// An empty line between responses: nobody minds.
	case x.stray != nil:
		x.stray(r.Line)
	default:
		return false, x.garbled(r.Line)
	}
	return false, nil
}

// garbled is the error of a line that makes no sense here.
func (x *exchange) garbled(line []byte) error {
	return &report.StepError{Err: report.ErrProtocol, Line: string(line)}
}

// finish takes the answer as the end of the step's time and as its result.
func (x *exchange) finish(rec *Recorder) (*report.Reply, error) {
	x.s.pending = false
	rec.End(x.arrive)
	rec.Waiting("")
	switch a := x.answer; a.Status {
	case "OK":
		x.s.warn(rec, a)
		return a, nil
	case "NO":
		return a, &report.StepError{Err: report.ErrNo, Reply: a}
	case "BAD":
		return a, &report.StepError{Err: report.ErrBad, Reply: a}
	default:
		return a, &report.StepError{Err: report.ErrBye, Reply: a}
	}
}

// untagged takes in what an untagged response says about the session as such;
// it may come at any time. See RFC 9051 section 5.2.
func (s *Session) untagged(r *wire.Response) {
	if st, ok := r.Status(); ok {
		s.learn(st)
		switch {
		case st.Type == "BYE":
			s.bye = replyOf(st)
		case st.Type != "OK" || st.Code == "ALERT":
			s.quote(replyOf(st).String())
			s.warned = lastFew(append(s.warned, replyOf(st).String()))
		case st.Code == "":
			s.chat = st.Text
		}
		return
	}
	words := r.Words(2)
	switch {
	case len(words) > 0 && words[0] == "CAPABILITY":
		sc := r.Scan()
		sc.Next()
		s.setCaps(sc.Rest())
	case len(words) == 2 && words[1] == "EXISTS":
		if n, err := strconv.ParseUint(words[0], 10, 32); err == nil {
			s.messages = uint32(n)
		}
	case len(words) == 2 && words[1] == "EXPUNGE":
		s.expunged = true
		s.messages = max(s.messages, 1) - 1
	case len(words) > 0 && !known(words):
		s.quote(strings.TrimSpace(string(r.Line[1:])))
	}
}

// known says whether an untagged response is of a kind that servers send;
// others are kept as words that may explain a failure.
func known(words []string) bool {
	kind := words[0]
	if len(words) > 1 && kind != "" && kind[0] >= '0' && kind[0] <= '9' {
		kind = words[1]
	}
	switch kind {
	case "LIST", "LSUB", "XLIST", "STATUS", "SEARCH", "ESEARCH", "FLAGS", "EXISTS", "RECENT", "EXPUNGE", "VANISHED",
		"FETCH", "NAMESPACE", "ID", "QUOTA", "QUOTAROOT", "ENABLED", "SORT", "THREAD", "ACL", "METADATA", "CAPABILITY":
		return true
	}
	return false
}

// quote keeps the last few lines that may explain what comes next.
func (s *Session) quote(line string) {
	if line == "" {
		return
	}
	s.said = lastFew(append(s.said, line))
}

// lastFew returns the last three lines.
func lastFew(lines []string) []string { return lines[max(len(lines)-3, 0):] }

// warn makes remarks of what the server warned of while all went well. RFC 9051
// section 7.1 wants an ALERT shown, and has untagged NO as a warning.
func (s *Session) warn(rec *Recorder, answer *report.Reply) {
	if answer.Code == "ALERT" {
		s.warned = append(s.warned, answer.String())
	}
	for _, line := range s.warned {
		rec.Remark("the server says: " + line)
	}
}

// learn takes in the response codes that matter at any time.
func (s *Session) learn(st wire.Status) {
	if st.Code == "CAPABILITY" {
		s.setCaps(st.Arg)
	}
}

func (s *Session) setCaps(words string) {
	s.caps = imap.CapSet{}
	for _, w := range strings.Fields(words) {
		s.caps[imap.Cap(strings.ToUpper(w))] = struct{}{}
	}
}

func replyOf(st wire.Status) *report.Reply {
	return &report.Reply{Status: st.Type, Code: st.Code, Arg: st.Arg, Text: st.Text}
}

// challengeOf returns what stands behind a "+".
func challengeOf(r *wire.Response) string { return strings.TrimSpace(string(r.Line[1:])) }
