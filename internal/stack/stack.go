// Package stack gives goroutines their stack at once. A goroutine begins with
// 2 KiB, and each time that is not enough the runtime looks up every function
// that is being called to move their frames: tables of the program are read
// from the file, and mapped, that nothing else would need.
package stack

// Go calls f in a new goroutine, with a stack as Grow makes it. That all begin in
// one function saves the runtime from reading in the name of each.
func Go(f func()) {
	go begin(f)
}

func begin(f func()) {
	Grow()
	f()
}

// Grow makes the stack of the calling goroutine 32 KiB large, which a whole
// session needs. It costs little where few functions have been called yet; no
// memory of it is touched before it is used.
//
//go:noinline
func Grow() {
	if never {
		var frame [17 << 10]byte
		use(&frame)
	}
}

// never is a variable, so that the compiler does not know that it stays false.
var never bool

//go:noinline
func use(frame *[17 << 10]byte) { frame[0]++ }
