package imaptest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const bufferSize = 64 << 10

// flow is one direction of a pipe: bytes on their way from a writer to a
// reader. It blocks in sync.Cond only, as synctest requires.
type flow struct {
	mu      sync.Mutex
	changed *sync.Cond
	data    []byte
	end     error // for the reader after the data; nil: the writer may go on
	refuse  error // for the writer; nil: the reader is there
	closed  bool  // the reader itself has closed
	reader  deadline
	writer  deadline
}

func newFlow() *flow {
	f := &flow{}
	f.changed = sync.NewCond(&f.mu)
	return f
}

// deadline wakes the flow when it is reached.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// setDeadline sets d, which is one of the two of f.
func (f *flow) setDeadline(d *deadline, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = at
	if !at.IsZero() {
		d.timer = time.AfterFunc(time.Until(at), func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.changed.Broadcast()
		})
	}
	f.changed.Broadcast()
}

func (f *flow) read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.closed:
			return 0, net.ErrClosed
		case f.reader.passed():
			return 0, os.ErrDeadlineExceeded
		case len(f.data) > 0 || len(b) == 0:
			n := copy(b, f.data)
			f.data = f.data[n:]
			f.changed.Broadcast()
			return n, nil
		case f.end != nil:
			return 0, f.end
		}
		f.changed.Wait()
	}
}

func (f *flow) write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	done := 0
	for {
		switch {
		case f.end != nil:
			return done, net.ErrClosed
		case f.refuse != nil:
			return done, f.refuse
		case f.writer.passed():
			return done, os.ErrDeadlineExceeded
		}
		n := min(bufferSize-len(f.data), len(b)-done)
		if n > 0 {
			f.data = append(f.data, b[done:done+n]...)
			done += n
			f.changed.Broadcast()
		}
		if done == len(b) {
			return done, nil
		}
		f.changed.Wait()
	}
}

// finish is the writer's close. A reset also takes what is still on its way.
func (f *flow) finish(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if why != io.EOF {
		f.data = nil
	}
	if f.end == nil || why != io.EOF {
		f.end = why
	}
	f.changed.Broadcast()
}

// leave is the reader's close.
func (f *flow) leave(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed, f.refuse, f.data = true, why, nil
	f.changed.Broadcast()
}

// end is one end of a pipe.
type end struct {
	in, out *flow
	local   net.Addr
	remote  net.Addr

	mu     sync.Mutex
	abort  bool // Close resets
	closed bool
}

// newPipe returns the client's end and the server's.
func newPipe(port int) (*end, *end) {
	a, b := newFlow(), newFlow()
	loopback := net.IPv4(127, 0, 0, 1)
	near := &net.TCPAddr{IP: loopback, Port: 49152}
	far := &net.TCPAddr{IP: loopback, Port: port}
	return &end{in: a, out: b, local: near, remote: far}, &end{in: b, out: a, local: far, remote: near}
}

func (e *end) Read(b []byte) (int, error) {
	n, err := e.in.read(b)
	return n, e.wrap("read", err)
}

func (e *end) Write(b []byte) (int, error) {
	n, err := e.out.write(b)
	return n, e.wrap("write", err)
}

// wrap makes an error look like that of a TCP connection.
func (e *end) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if _, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, err)
	}
	return &net.OpError{Op: op, Net: "tcp", Source: e.local, Addr: e.remote, Err: err}
}

// CloseWrite is the FIN of one direction.
func (e *end) CloseWrite() error {
	e.out.finish(io.EOF)
	return nil
}

// SetLinger with 0 makes Close a reset, as it does on a net.TCPConn.
func (e *end) SetLinger(sec int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.abort = sec == 0
	return nil
}

func (e *end) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return e.wrap("close", net.ErrClosed)
	}
	e.closed = true
	why, refuse := io.EOF, error(syscall.EPIPE)
	if e.abort {
		why, refuse = syscall.ECONNRESET, syscall.ECONNRESET
	}
	e.out.finish(why)
	e.in.leave(refuse)
	return nil
}

func (e *end) LocalAddr() net.Addr  { return e.local }
func (e *end) RemoteAddr() net.Addr { return e.remote }

func (e *end) SetDeadline(t time.Time) error {
	e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.reader, t)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.setDeadline(&e.out.writer, t)
	return nil
}
