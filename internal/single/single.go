// Package single, when imported, prepares the process for a single session. It
// takes it down to one processor: a session does one thing after the other, and
// handing work around between threads costs a tenth of the processor time of a
// check. And it gives the main goroutine its stack.
//
// It does so while packages are initialised, and imports so little that its turn
// is before that of most others (The Go Programming Language Specification,
// Program initialization): what they allocate on a second processor would have
// to be handed over, and what they call would have to be looked up.
package single

import (
	"runtime"

	"check_imap_session/internal/stack"
)

var _ = prepare()

func prepare() struct{} {
	runtime.GOMAXPROCS(1)
	stack.Grow()
	return struct{}{}
}
