// Package single, when imported, takes the process down to one processor: a
// session does one thing after the other, and handing work around between
// threads costs a tenth of the processor time of a check.
//
// It does so while packages are initialised, and imports nothing but runtime, so
// that its turn is before that of most others (The Go Programming Language
// Specification, Program initialization): what they allocate on a second
// processor would have to be handed over.
package single

import "runtime"

var _ = runtime.GOMAXPROCS(1)
