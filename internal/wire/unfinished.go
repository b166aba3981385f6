package wire

import (
	"bytes"
	"fmt"
)

// Unfinished is what has come of a response that is not complete.
type Unfinished struct {
	Line          int64 // bytes behind the last line end; 0 inside a literal
	Literal, Size int64 // bytes of a literal that have come, and that were announced
}

// Unfinished returns what had come of the response that could not be read; the
// zero value when nothing had.
func (c *Conn) Unfinished() Unfinished { return c.unfinished }

// Pending returns the bytes that have arrived and that no response has used. They
// are valid until the next read.
func (c *Conn) Pending() []byte { return c.buf[c.r:c.w] }

// leave notes what has come of a response that will not be complete.
func (c *Conn) leave(r *Response) {
	if c.unfinished.Size == 0 {
		c.unfinished.Line = int64(len(c.Pending()))
	}
	if c.tr == nil {
		return
	}
	if c.unfinished.Size == 0 {
		r.Line = append(bytes.Clone(r.Line), c.Pending()...)
		r.Tag = tagOf(r.Line)
	}
	if len(r.Line) > 0 {
		r.At = c.at
		c.tr.unfinished(r)
	}
}

// maxUnfinished is how much of an unfinished response a transcript shows.
const maxUnfinished = 1000

// unfinished adds what has come of a response. A row that is not complete is given by
// its size, as a mail is.
func (t *Transcript) unfinished(r *Response) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
	words := r.Words(2)
	text := t.shown(r, words)
	if t.hidesRow(r, words) {
		text = fmt.Sprintf("* %s {%d bytes}", words[0], len(r.Line))
	}
	t.add(r.At, "S", fmt.Sprintf("%.*s (not complete)", maxUnfinished, text))
}
