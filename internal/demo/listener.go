package demo

import (
	"crypto/tls"
	"net"
	"sync"
)

// listener puts TLS on every connection and keeps count of them, so that shut
// can end all and wait for their end.
type listener struct {
	net.Listener
	config *tls.Config

	mu   sync.Mutex
	open map[*conn]bool // nil after shut
	left sync.WaitGroup // one per connection that imapserver has not yet closed
}

func newListener(ln net.Listener, config *tls.Config) *listener {
	return &listener{Listener: ln, config: config, open: map[*conn]bool{}}
}

// Accept returns a *tls.Conn; imapserver allows a login only on that type. The
// handshake comes with the greeting.
func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		_ = raw.Close()
		return nil, net.ErrClosed
	}
	c := &conn{Conn: raw, listener: l}
	l.open[c] = true
	l.left.Add(1)
	return tls.Server(c, l.config), nil
}

// shut closes the port and the connections and waits until imapserver has let
// go of each. The sockets are closed under it: a reader wakes up at once, and
// no close_notify waits for a client that does not read.
func (l *listener) shut() error {
	err := l.Listener.Close()
	l.mu.Lock()
	open := l.open
	l.open = nil
	for c := range open {
		_ = c.Conn.Close()
	}
	l.mu.Unlock()
	l.left.Wait()
	return err
}

// conn is taken off its listener's count when imapserver closes it, the last thing
// that its goroutine does.
type conn struct {
	net.Conn
	listener *listener
	once     sync.Once
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.listener.mu.Lock()
		delete(c.listener.open, c) // a nil map is fine
		c.listener.mu.Unlock()
		c.listener.left.Done()
	})
	return err
}
