//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"
)

const tshark = "/usr/bin/tshark"

// packet is one TCP segment.
type packet struct {
	at         time.Time
	fromClient bool
	syn        bool
	size       int // of its data
}

// trace is a running tshark. Sessions are captured one after the other.
type trace struct {
	server *dovecot
	cmd    *exec.Cmd
	lines  chan string  // ends with tshark
	probes map[int]bool // the ports of our own connections
}

// startTrace captures the traffic of the server, and returns when packets are
// seen.
func startTrace(ctx context.Context, server *dovecot) (*trace, error) {
	t := &trace{server: server, lines: make(chan string), probes: map[int]bool{}}
	filter := fmt.Sprintf("tcp port %d or tcp port %d", server.imap, server.imaps)
	t.cmd = exec.CommandContext(ctx, tshark, "-n", "-l", "-i", "lo", "-f", filter, "-T", "fields", "-E", "separator= ",
		"-e", "frame.time_epoch", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "tcp.len", "-e", "tcp.flags.syn")
	t.cmd.Cancel = func() error { return t.cmd.Process.Signal(os.Interrupt) } // it ends its own child then
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(t.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			t.lines <- in.Text()
		}
	}()
	if err := t.settle(ctx); err != nil {
		t.stop()
		return nil, err
	}
	return t, nil
}

func (t *trace) stop() {
	_ = t.cmd.Process.Signal(os.Interrupt) // gone already is fine
	for range t.lines {
	}
	_ = t.cmd.Wait() // by a signal of ours
}

// settle connects to the server until that is seen.
func (t *trace) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case _, ok := <-t.lines:
			if !ok {
				return errors.New("tshark ended at its start")
			}
			_, err := t.session() // the rest of what was tried
			return err
		case <-again.C:
			if _, err := t.probe(); err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("tshark sees no packets: %w", ctx.Err())
		}
	}
}

// probe makes a connection and returns its port on our side.
func (t *trace) probe() (int, error) {
	c, err := net.Dial("tcp4", loopback(t.server.imap))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	port := c.LocalAddr().(*net.TCPAddr).Port
	t.probes[port] = true
	return port, nil
}

// session returns the packets of the session that has begun since the last
// call, if there is one: a connection of our own says when all have been seen.
func (t *trace) session() ([]packet, error) {
	end, err := t.probe()
	if err != nil {
		return nil, err
	}
	var session []packet
	from := 0 // the client's port
	for line := range t.lines {
		client, p, err := t.parse(line)
		if err != nil {
			return nil, err
		}
		switch {
		case client == end:
			return session, nil
		case t.probes[client]:
		case p.syn && p.fromClient:
			from, session = client, []packet{p}
		case client == from:
			session = append(session, p)
		}
	}
	return nil, errors.New("tshark ended")
}

// parse reads the fields of a packet, and finds the client's port.
func (t *trace) parse(line string) (client int, p packet, err error) {
	var at, syn string
	var from, to int
	if _, err := fmt.Sscan(line, &at, &from, &to, &p.size, &syn); err != nil {
		return 0, packet{}, fmt.Errorf("tshark: %q: %w", line, err)
	}
	seconds, err := strconv.ParseFloat(at, 64)
	if err != nil {
		return 0, packet{}, fmt.Errorf("tshark: %q: %w", line, err)
	}
	p.at = time.UnixMicro(int64(seconds * 1e6))
	p.syn = syn == "1" || syn == "True"
	p.fromClient = to == t.server.imap || to == t.server.imaps
	if p.fromClient {
		return from, p, nil
	}
	return to, p, nil
}
