package imaptest

import (
	"slices"
	"sync"
)

// Record collects the lines that clients send. The zero value is ready, and it may be
// used from several goroutines. With Pipe it is complete when the client has closed,
// with a Server when that is closed.
type Record struct {
	mu    sync.Mutex
	lines []string
}

// add does nothing for nil.
func (r *Record) add(line string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

// Received returns every line received so far, in the order they were read and
// without CRLF. A literal read by serve is part of the line that follows it, as on the
// wire.
func (r *Record) Received() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}
