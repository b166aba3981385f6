package imaptest

import (
	"sync"
	"time"
)

// Line is one line that a client sent, without its CRLF. A literal read by
// serve is part of the line that follows it, as on the wire.
type Line struct {
	Conn int           // the connection, from 0 in the order they were accepted
	At   time.Duration // when it was read, from the start of the connection
	Text string
}

// Record collects what clients send. The zero value is ready, and it may be
// used from several goroutines. With Pipe it is complete when the client has
// closed, with a Server when that is closed.
type Record struct {
	mu    sync.Mutex
	lines []Line
}

func (r *Record) add(l Line) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
}

// Lines returns every line received so far, in the order they were read.
func (r *Record) Lines() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Line(nil), r.lines...)
}

// Received returns the text of every line received so far.
func (r *Record) Received() []string {
	var texts []string
	for _, l := range r.Lines() {
		texts = append(texts, l.Text)
	}
	return texts
}
