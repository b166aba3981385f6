package wire

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// Response is one response of the server: a line and the literals in it.
type Response struct {
	Tag string    // "*", "+" or a tag, as sent; "" for a line without words
	At  time.Time // when its last byte arrived

	// Line is the whole response, its tag included, without line ends; of a
	// literal only its announcement stands there. Valid until the next call of
	// Response.
	Line     []byte
	literals []literal
}

// literal is one literal of a response (RFC 9051 section 4.3).
type literal struct {
	at   int    // offset in Line of the announcement's "{"
	end  int    // offset behind its "}"
	size int64  // bytes the server sent
	data []byte // the first Limits.Keep of them
}

// LiteralBytes returns how many bytes came in literals.
func (r *Response) LiteralBytes() int64 {
	var n int64
	for _, l := range r.literals {
		n += l.size
	}
	return n
}

// Words returns the first n words behind the tag, upper case, as far as there
// are any.
func (r *Response) Words(n int) []string {
	rest := r.Line[min(len(r.Tag), len(r.Line)):]
	words := make([]string, 0, n)
	for len(words) < n {
		rest = bytes.TrimLeft(rest, " \t")
		if len(rest) == 0 {
			break
		}
		i := bytes.IndexAny(rest, " \t")
		if i < 0 {
			i = len(rest)
		}
		words = append(words, strings.ToUpper(string(rest[:i])))
		rest = rest[i:]
	}
	return words
}

// IsFetch says whether the first two words of an untagged response are those of
// FETCH. Its list may follow without a space.
func IsFetch(words []string) bool {
	return len(words) == 2 && strings.HasPrefix(words[1], "FETCH")
}

// Status reads the response as a status response (RFC 9051 section 7.1); ok is false
// for another one. It forgives what mail clients forgive: lower case, several spaces,
// a missing text, an unclosed code.
func (r *Response) Status() (reply report.Reply, ok bool) {
	kind, rest := r.statusType()
	if kind == "" {
		return report.Reply{}, false
	}
	reply.Status = kind
	text := bytes.TrimSpace(rest)
	if len(text) > 0 && text[0] == '[' {
		if end := codeEnd(text); end > 0 {
			code, arg, _ := strings.Cut(strings.TrimSpace(string(text[1:end])), " ")
			reply.Code, reply.Arg = strings.ToUpper(code), strings.TrimSpace(arg)
			text = bytes.TrimSpace(text[end+1:])
		}
	}
	reply.Text = string(text)
	return reply, true
}

// statusType returns the type of a status response and what stands behind it, or ""
// for another response. It copies nothing: a line may have a megabyte.
func (r *Response) statusType() (kind string, rest []byte) {
	rest = bytes.TrimLeft(r.Line[len(r.Tag):], " \t")
	i := bytes.IndexAny(rest, " \t[")
	if i < 0 {
		i = len(rest)
	}
	for _, kind := range []string{"OK", "NO", "BAD", "BYE", "PREAUTH"} {
		if len(kind) == i && strings.EqualFold(string(rest[:i]), kind) {
			return kind, rest[i:]
		}
	}
	return "", nil
}

// codeEnd returns the offset of the "]" that closes the code text begins with,
// or 0 when none does. A "]" inside a quoted string or a list, whose flags may have
// it in them, does not close it, unless the quote or list itself is never closed.
func codeEnd(text []byte) int {
	var n nesting
	for i, b := range text {
		if b == ']' && !n.quoted && n.depth <= 0 {
			return i
		}
		n.read(b)
	}
	return max(bytes.IndexByte(text, ']'), 0)
}

// maxLiterals bounds the literals of one response: an ENVELOPE of 5,000
// recipients with a literal for each of their parts has 20,000.
const maxLiterals = 1 << 15

// Response reads the next response. Its error is a report.ErrTooLarge, or the first
// error of the connection, io.EOF among them; Unfinished says what had come then.
func (c *Conn) Response() (*Response, error) {
	if errors.Is(c.err, report.ErrTooLarge) {
		return nil, c.err // whatever is still in the buffer
	}
	r := &Response{}
	if err := c.response(r); err != nil {
		c.leave(r)
		return nil, err
	}
	c.tr.server(r)
	return r, nil
}

// response reads into r, which holds what had come when it fails.
func (c *Conn) response(r *Response) error {
	var lists nesting
	kept := 0 // bytes of literals, bounded like the line itself
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		first := r.Tag == "" && r.literals == nil
		if first {
			r.Line = line
			r.Tag = tagOf(line)
		} else {
			r.Line = append(r.Line, line...)
		}
		r.At = c.at
		if first && !hasLiterals(r) {
			break
		}
		// Only the depth is limited: a message may have 5,000 recipients side by side.
		for _, b := range line {
			if lists.read(b); lists.depth > c.lim.Depth {
				return c.fail(overLimit("parentheses", int64(c.lim.Depth)))
			}
		}
		size, at, ok := announced(line)
		if !ok {
			break
		}
		at += len(r.Line) - len(line)
		if len(r.Line) > c.lim.Line {
			return c.fail(overLimit("line", int64(c.lim.Line)))
		}
		if first {
			r.Line = bytes.Clone(r.Line) // reading on reuses the buffer
		}
		if len(r.literals) == maxLiterals {
			return c.fail(overLimit("number of literals", maxLiterals))
		}
		lit := literal{at: at, end: len(r.Line), size: size}
		var left int64
		lit.data, left, err = c.literal(size, min(c.lim.Keep, c.lim.Line-kept))
		if err != nil {
			lit.size -= left
			r.literals = append(r.literals, lit)
			c.unfinished = Unfinished{Literal: lit.size, Size: size}
			return err
		}
		kept += len(lit.data)
		r.literals = append(r.literals, lit)
	}
	return nil
}

// tagOf returns the first word of a line: "*", "+" or a tag. "*" and "+" need
// no space behind them.
func tagOf(line []byte) string {
	if len(line) > 0 && (line[0] == '*' || line[0] == '+') {
		return string(line[:1])
	}
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return string(line[:i])
	}
	return string(line)
}

// hasLiterals says whether a line of this kind can announce a literal. Status
// responses cannot (RFC 9051 section 9, resp-text), whatever their text ends
// with; nor can a continuation request.
func hasLiterals(r *Response) bool {
	return r.Tag == "*" && !isStatus(r)
}

// announced reports the literal that a line announces at its end:
// "{12}", "{12+}" or "~{12}".
func announced(line []byte) (size int64, at int, ok bool) {
	n := len(line)
	if n < 3 || line[n-1] != '}' {
		return 0, 0, false
	}
	at = bytes.LastIndexByte(line, '{')
	if at < 0 {
		return 0, 0, false
	}
	digits := strings.TrimSuffix(string(line[at+1:n-1]), "+")
	size, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || size < 0 || digits[0] == '+' {
		return 0, 0, false
	}
	return size, at, true
}

// literal reads size bytes and returns the first ones of them, as many as keep
// says, and how many have not come when it fails.
func (c *Conn) literal(size int64, keep int) (kept []byte, left int64, err error) {
	if room := c.lim.Total - c.got + int64(c.w-c.r); size > room {
		return nil, size, c.fail(overLimit("literal", room))
	}
	c.inner = nil // the server has gone on behind it
	kept = make([]byte, 0, max(min(size, int64(keep)), 0))
	for size > 0 {
		if c.r == c.w {
			if err := c.fillOrFail(); err != nil {
				return kept, size, err
			}
		}
		n := int(min(int64(c.w-c.r), size))
		kept = append(kept, c.buf[c.r:c.r+min(n, cap(kept)-len(kept))]...)
		c.r += n
		size -= int64(n)
	}
	return kept, 0, nil
}

// nesting says where in a response a byte stands: inside a quoted string, and how
// many parentheses deep.
type nesting struct {
	depth           int // open parentheses; negative when more were closed
	quoted, escaped bool
}

// read takes in the next byte.
func (n *nesting) read(b byte) {
	switch {
	case n.escaped:
		n.escaped = false
	case n.quoted && b == '\\':
		n.escaped = true
	case b == '"':
		n.quoted = !n.quoted
	case n.quoted:
	case b == '(':
		n.depth++
	case b == ')':
		n.depth--
	}
}
