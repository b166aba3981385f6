// Package single, when imported, takes the process down to one processor. A check
// does one thing after the other. With more processors the runtime wakes a thread
// for each goroutine that becomes ready, and the check takes an eighth more CPU
// (docs/dev/performance.md).
//
// It does so while packages are initialised. It imports so little that its turn is
// before that of most others (The Go Programming Language Specification, Program
// initialization); as the first statement of main most of the gain is lost.
//
// It can go when the scheduler leaves an idle processor idle for short work, see
// https://go.dev/issue/54622, and a check takes no more CPU without it.
package single

import "runtime"

var _ = runtime.GOMAXPROCS(1)
