//go:build linux

package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// tap is a server with TLS that hands every line on to a server without, and
// remembers what was said and when. One visitor at a time.
type tap struct {
	ln     net.Listener
	conf   *tls.Config
	to     string
	visits chan visit
}

// visit is one connection to a tap.
type visit struct {
	accepted time.Time // the client has reached the server
	last     time.Time // the last line of the server was written
	commands []string  // the client's, without tags and arguments
	// flights are the times that the client spoke, after having listened, and was
	// answered; those of the TLS handshake too. What it sends after the last
	// answer, close_notify, is none.
	flights int
}

// newTap starts a tap in front of a port.
func newTap(c certificates, port int) (*tap, error) {
	pair, err := tls.X509KeyPair(c.chain, c.key)
	if err != nil {
		return nil, err
	}
	t := &tap{conf: &tls.Config{Certificates: []tls.Certificate{pair}}, to: loopback(port), visits: make(chan visit, 1)}
	t.ln, err = net.Listen("tcp4", loopback(0))
	if err == nil {
		go t.serve()
	}
	return t, err
}

func (t *tap) port() int { return t.ln.Addr().(*net.TCPAddr).Port }

func (t *tap) close() { t.ln.Close() }

func (t *tap) serve() {
	for {
		c, err := t.ln.Accept()
		if err != nil {
			return // closed
		}
		w := &watched{Conn: c, seen: visit{accepted: time.Now()}}
		_ = t.forward(w) // what is missing shows in what was seen
		c.Close()
		t.visits <- w.visit()
	}
}

// forward returns when the client has closed.
func (t *tap) forward(w *watched) error {
	client := tls.Server(w, t.conf)
	if err := client.Handshake(); err != nil {
		return err
	}
	server, err := net.Dial("tcp4", t.to)
	if err != nil {
		return err
	}
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(client, server)
		// Without close_notify, which would look like one answer more.
		_ = w.Conn.(*net.TCPConn).CloseWrite()
	})
	r := bufio.NewReader(client)
	for err == nil {
		var line string
		if line, err = r.ReadString('\n'); err == nil {
			w.heard(line)
			_, err = io.WriteString(server, line)
		}
	}
	err = errors.Join(err, server.Close())
	answers.Wait()
	return err
}

// watched is the connection below TLS.
type watched struct {
	net.Conn
	mu    sync.Mutex
	spoke bool // the client, since it was answered
	seen  visit
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoke = w.spoke || n > 0
	return n, err
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	if w.spoke {
		w.seen.flights++
	}
	w.spoke = false
	w.seen.last = time.Now()
	w.mu.Unlock()
	return w.Conn.Write(b)
}

func (w *watched) heard(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if fields := strings.Fields(line); len(fields) > 1 { // else a line of a command's data
		w.seen.commands = append(w.seen.commands, strings.ToUpper(fields[1]))
	}
}

func (w *watched) visit() visit {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}
