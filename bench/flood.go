//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
)

// flood is what a server does to fill our memory: it answers a command, or
// greets when at is empty, without an end.
type flood struct {
	name, at string
	piece    func(int) string // sent again and again, counting
}

func floods() []flood {
	then := func(first, rest string) func(int) string {
		return func(i int) string {
			if i == 0 {
				return first
			}
			return rest
		}
	}
	always := func(text string) func(int) string { return then(text, text) }
	line := strings.Repeat("x", 1000)
	return []flood{
		{"a greeting without an end", "", then("* OK ", line)},
		{"folders without an end", "LIST", func(i int) string { return fmt.Sprintf("* LIST (\\HasNoChildren) \"/\" \"folder %d\"\r\n", i) }},
		{"one folder without an end", "LIST", then(`* LIST () "/" "`, line)},
		{"parentheses without an end", "LIST", always(strings.Repeat("* (((", 200))},
		{"literals without an end", "LIST", always("* LIST () \"/\" {65536}\r\n" + strings.Repeat(line, 66)[:65536] + "\r\n")},
		{"a literal of a GiB", "FETCH", then("* 1 FETCH (BODY[HEADER]<0> {1073741824}\r\n", line)},
		{"capabilities without an end", "LOGIN", func(i int) string { return fmt.Sprintf("* CAPABILITY IMAP4rev1 X%d %s\r\n", i, line) }},
		{"other lines without an end", "EXAMINE", always("* OK [ALERT] " + line + "\r\n")},
	}
}

// floodServer is a server without TLS that does one of these to every client.
type floodServer struct {
	ln net.Listener
	f  flood
}

func newFloodServer(f flood) (*floodServer, error) {
	ln, err := net.Listen("tcp4", loopback(0))
	if err != nil {
		return nil, err
	}
	s := &floodServer{ln, f}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return // closed
			}
			s.serve(c)
			c.Close()
		}
	}()
	return s, nil
}

func (s *floodServer) port() int { return s.ln.Addr().(*net.TCPAddr).Port }

func (s *floodServer) close() { s.ln.Close() }

// serve ends when the client has had enough.
func (s *floodServer) serve(c net.Conn) {
	if s.f.at == "" {
		s.pour(c)
		return
	}
	fmt.Fprint(c, "* OK [CAPABILITY IMAP4rev1] ready\r\n")
	for in := bufio.NewScanner(c); in.Scan(); {
		words := strings.Fields(in.Text())
		switch {
		case len(words) < 2:
			return
		case words[1] == s.f.at:
			s.pour(c)
			return
		case words[1] == "EXAMINE":
			fmt.Fprint(c, "* 1 EXISTS\r\n")
		}
		fmt.Fprintf(c, "%s OK done\r\n", words[0])
	}
}

func (s *floodServer) pour(c net.Conn) {
	w := bufio.NewWriterSize(c, 64<<10)
	for i := 0; ; i++ {
		if _, err := io.WriteString(w, s.f.piece(i)); err != nil {
			return
		}
	}
}
