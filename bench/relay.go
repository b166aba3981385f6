//go:build linux

package main

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// relay hands on what comes from either side after a time, as a long line does.
// Only the TCP handshake is not delayed: loopback makes it at once.
type relay struct {
	ln    net.Listener
	to    string
	delay time.Duration // each way
}

// newRelay starts a relay in front of a port.
func newRelay(port int, delay time.Duration) (*relay, error) {
	ln, err := net.Listen("tcp4", loopback(0))
	if err != nil {
		return nil, err
	}
	r := &relay{ln: ln, to: loopback(port), delay: delay}
	go r.serve()
	return r, nil
}

func (r *relay) port() int { return r.ln.Addr().(*net.TCPAddr).Port }

func (r *relay) close() { r.ln.Close() }

func (r *relay) serve() {
	for {
		client, err := r.ln.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp4", r.to)
		if err != nil {
			client.Close()
			continue
		}
		go func() {
			var back sync.WaitGroup
			var there, here atomic.Int64
			back.Go(func() { r.carry(client, server, &here, &there) })
			r.carry(server, client, &there, &here)
			back.Wait()
			client.Close()
			server.Close()
		}()
	}
}

// piece is what was read at once, and when it is due at the other side.
type piece struct {
	data []byte
	due  time.Time
}

// carry hands on one direction, and its end. A busy machine wakes it late, for
// which the answer makes up: late is by how much this direction was, in
// nanoseconds, and other the same of the other one.
func (r *relay) carry(to, from net.Conn, late, other *atomic.Int64) {
	line := make(chan piece, 1024)
	go func() {
		defer close(line)
		for {
			b := make([]byte, 16<<10)
			n, err := from.Read(b)
			line <- piece{b[:n], time.Now().Add(r.delay - time.Duration(other.Swap(0)))}
			if err != nil {
				return
			}
		}
	}()
	var err error
	for p := range line {
		time.Sleep(time.Until(p.due))
		late.Store(int64(time.Since(p.due)))
		if err == nil && len(p.data) > 0 {
			_, err = to.Write(p.data)
		}
	}
	_ = to.(*net.TCPConn).CloseWrite()
}
