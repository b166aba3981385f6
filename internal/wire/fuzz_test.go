package wire_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// seeds are what servers say: the examples of RFC 9051, and what healthy
// servers get wrong.
var seeds = []string{
	"* OK [CAPABILITY IMAP4rev2 STARTTLS AUTH=GSSAPI] IMAP4rev2 Service Ready\r\n",
	"* 23 FETCH (FLAGS (\\Seen) UID 4827313)\r\n",
	"* 12 FETCH (BODY[HEADER] {342}\r\nDate: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n)\r\n",
	"* 12 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286 ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) NIL NIL ((NIL NIL \"imap\" \"cac.washington.edu\")) NIL NIL NIL \"<B27397-0100000@cac.washington.edu>\") BODYSTRUCTURE (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92))\r\n",
	"* LIST (\\Noselect) \"/\" ~/Mail/foo\r\n* LIST () \"/\" {3}\r\na/b\r\nA002 OK LIST completed\r\n",
	"A142 OK [READ-WRITE] SELECT completed\r\n* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited\r\n",
	"* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)\r\n* SEARCH 2 3 6\r\n* BYE Autologout; idle for too long\r\n",
	"+ Ready for additional command text\r\n+ YGgGCSqGSIb3EgECAgIAb1kwV6AD\r\n",
	"* FLAGS ( )\r\n* 1 FETCH (FLAGS ()  UID 1)\r\n* Too many invalid logon attempts.\r\n",
	"* LIST () \"\\\" \"a\tb\"\r\n* LIST () \"/\" a\tb\r\n* LIST () \"/\" \"&AOQ\"\r\n",
	"* 1 FETCH (ENVELOPE (NIL \"say \"hi\" to\" ((\"O\"Neil\" NIL \"o\" \"h\"))))\r\n",
	"* 1 FETCH (INTERNALDATE \" 1-Feb-1996 02:44:25 -070\")\r\n* CAPABILITY IMAP4rev1 \r\nT1 OK\r\n",
	"* ok \xb9\xfa\r\n+\r\nt1 no [ALERT] x\r\n* NO [UNCLOSED x\r\n* OK [X \"a]\r\n",
	"* OK hi\r\n* OK a\nT1 OK b\r\n* OK c\n* OK d\rT1 OK e\r\n",
	"* OK hi\n* X ~{3}\n\x00)( {0}\n (((((\n",
	"* X {1}\r\na {1+}\r\nb {99999999999}\r\n",
}

// fuzzLimits are small, so that inputs reach them.
var fuzzLimits = wire.Limits{Total: 8 << 10, Line: 5 << 10, Depth: 8, Keep: 16}

// buffer is what may be read at once, and so what a limit may be exceeded by.
const buffer = 8 << 10

// record is what a response says, kept beyond the next one.
type record struct {
	line   string
	status report.Reply
	tokens []string
	bytes  int64
}

// drain reads until an error and holds each response to what is always true.
func drain(t *testing.T, c *wire.Conn, sent int) (out []record, err error) {
	t.Helper()
	var last time.Time
	for range sent + 1 { // no response is shorter than a byte
		r, err := c.Response()
		if c.Received() > fuzzLimits.Total+buffer {
			t.Fatalf("got %d bytes read, the limit is %d", c.Received(), fuzzLimits.Total)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, report.ErrTooLarge) {
				t.Fatalf("got error %v, want EOF or a limit", err)
			}
			if _, again := c.Response(); again == nil {
				t.Fatalf("read on after %v", err)
			}
			return out, err
		}
		if r.At.IsZero() || r.At.Before(last) {
			t.Fatalf("At: got %v after %v", r.At, last)
		}
		last = r.At
		if len(r.Line) > 2*buffer || r.LiteralBytes() > fuzzLimits.Total {
			t.Fatalf("got a line of %d bytes and %d in literals", len(r.Line), r.LiteralBytes())
		}
		if !strings.HasPrefix(string(r.Line), r.Tag) {
			t.Fatalf("tag %q is not the start of %q", r.Tag, r.Line)
		}
		if got := r.Words(3); len(got) > 3 {
			t.Fatalf("got %d words of 3", len(got))
		}
		status, _ := r.Status()
		out = append(out, record{string(r.Line), status, tokens(t, r), r.LiteralBytes()})
	}
	t.Fatalf("more responses than bytes")
	return nil, nil
}

// FuzzResponse reads arbitrary bytes in one piece, cut up, and with silences.
// How they arrive must not change what they say, but for the silences.
func FuzzResponse(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), i%7, i%4)
	}
	f.Fuzz(func(t *testing.T, data []byte, size, silence int) {
		size, silence = max(1, size&0xfff), max(2, silence&0xff)
		read := func(fd *feed) ([]record, error) {
			fd.pieces = []string{string(data)}
			return drain(t, wire.New(fd, fuzzLimits, wire.NewTranscript(time.Now(), true)), len(data))
		}
		whole, err := read(&feed{})
		parts, err2 := read(&feed{size: size})
		read(&feed{size: size, silence: silence})
		if err != io.EOF || err2 != io.EOF {
			return // a limit may strike a buffer earlier or later
		}
		if !slices.EqualFunc(whole, parts, func(a, b record) bool {
			return a.line == b.line && a.status == b.status && a.bytes == b.bytes && slices.Equal(a.tokens, b.tokens)
		}) {
			t.Errorf("in one piece: %+v\nin reads of %d: %+v", whole, size, parts)
		}
	})
}

// eachOf calls f for every response in what a server says, until its first error.
func eachOf(said string, f func(*wire.Response)) {
	c := wire.New(&feed{pieces: []string{said}}, fuzzLimits, nil)
	for {
		r, err := c.Response()
		if err != nil {
			return
		}
		f(r)
	}
}

// FuzzStatus holds that a status response has one of five types, and says no more
// than its line.
func FuzzStatus(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	types := []string{"OK", "NO", "BAD", "BYE", "PREAUTH"}
	f.Fuzz(func(t *testing.T, said string) {
		eachOf(said, func(r *wire.Response) {
			reply, ok := r.Status()
			if ok != slices.Contains(types, reply.Status) || !ok && reply != (report.Reply{}) {
				t.Errorf("%q: got %+v, %t", r.Line, reply, ok)
			}
			line := bytes.TrimSpace(r.Line)
			if reply.Code != strings.ToUpper(reply.Code) || !bytes.Contains(line, []byte(reply.Arg)) || !bytes.HasSuffix(line, []byte(reply.Text)) {
				t.Errorf("%q: got %+v", r.Line, reply)
			}
		})
	})
}

// FuzzScan holds that each way through a response comes to its end: token by token,
// over a whole list, and what is left of it as text.
func FuzzScan(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, said string) {
		eachOf(said, func(r *wire.Response) {
			tokens(t, r)
			s := r.Data()
			for range len(r.Line) + 1 {
				if rest := s.Rest(); !bytes.HasSuffix(r.Line, []byte(rest)) {
					t.Errorf("%q: got rest %q", r.Line, rest)
				}
				switch token := s.Next(); {
				case token.Kind == wire.TokenOpen:
					s.Skip()
				case token.Kind == wire.TokenEnd:
					return
				case token.Size < int64(len(token.Text)) && token.Kind == wire.TokenString:
					t.Errorf("%q: got %d bytes, and %q of them", r.Line, token.Size, token.Text)
				}
			}
			t.Errorf("%q: more tokens than bytes", r.Line)
		})
	})
}

// FuzzTranscript logs in to a server that says anything, and then throws the
// password back at us with it, as far as it cannot pass for a status.
func FuzzTranscript(f *testing.F) {
	for i, s := range seeds {
		f.Add(s, "hunter2"+s[:i], i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, said, password string, content bool) {
		const mark = "\x01pass\x01" // what makes a password impossible to guess
		if strings.Contains(said, mark) {
			return
		}
		secret := mark + password
		tr := wire.NewTranscript(time.Now(), content)
		c := wire.New(&feed{pieces: []string{"* OK hi\r\n", said, "\r\n+ " + secret + "\r\n"}}, fuzzLimits, tr)
		tr.Secret(true)
		if err := c.Send([]byte("T1 LOGIN alice "+secret+"\r\n"), "T1 LOGIN alice ***"); err != nil {
			t.Fatal(err)
		}
		if err := c.Send([]byte(secret+"\r\n"), "***"); err != nil {
			t.Fatal(err)
		}
		for {
			r, err := c.Response()
			if err != nil {
				break
			}
			if bytes.Contains(r.Line, []byte(mark)) && !strings.HasPrefix(string(r.Line), "+ "+mark) {
				return // it became part of a text or of a literal
			}
		}
		tr.Secret(false)
		for _, e := range tr.Lines() {
			if strings.Contains(e.Text, mark) {
				t.Errorf("the transcript shows the password: %q", e.Text)
			}
		}
		if got := lines(tr); !slices.Contains(got, "C: T1 LOGIN alice ***") {
			t.Errorf("got %q, want what was sent, redacted", got)
		}
	})
}

// FuzzPeek looks at what has come before it is read.
func FuzzPeek(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), i)
	}
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		fd := &feed{pieces: []string{string(data)}, size: max(1, size&0xff), silence: 3}
		c := wire.New(fd, fuzzLimits, nil)
		got, err := c.Peek(time.Second, func(b []byte) bool { return bytes.IndexByte(b, '\n') >= 0 })
		if len(data) == 0 {
			if err != io.EOF {
				t.Errorf("nothing: got %q, %v, want EOF", got, err)
			}
			return
		}
		if err != nil || len(got) == 0 || !bytes.HasPrefix(data, got) || errors.Is(c.Err(), os.ErrDeadlineExceeded) {
			t.Errorf("%q: got %q, %v", data, got, err)
		}
		drain(t, c, len(data))
	})
}
