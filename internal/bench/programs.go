package main

import (
	"os"
	"strconv"
)

// program is one way to check a server.
type program struct {
	name  string
	argv  []string
	env   []string // in addition to the usual environment
	fails bool     // the exit code must not be 0
}

// The names under which the table finds the programs.
const (
	bareName      = "bare Go program"
	privateName   = ours + ", CA file"
	systemName    = ours + ", system's roots"
	checkImapName = "check_imap -S (greeting, nothing verified)"
)

// check is our command line with the system's roots and more flags.
func (s *site) check(port int, flags ...string) []string {
	return append([]string{s.path(ours), "-H", "127.0.0.1", "-p", strconv.Itoa(port), "-U", userName, "--password-file=" + s.passwordFile}, flags...)
}

// private is our program with a CA file and more flags.
func (s *site) private(port int, flags ...string) program {
	return program{name: privateName, argv: s.check(port, append(flags, "--ca-file="+s.caFile)...)}
}

// programs returns the programs of the cost table that can run here.
func (s *site) programs() []program {
	port := s.server.port()
	p := strconv.Itoa(port)
	list := []program{
		{name: "static Go program that does nothing", argv: []string{s.path("floor")}},
		{name: bareName, argv: []string{s.path("bare"), "127.0.0.1", p, s.caFile, userName, s.passwordFile}},
		s.private(port),
	}
	if s.systemRoots != nil {
		list = append(list, program{name: systemName, argv: s.check(port), env: s.systemRoots})
	}
	const checkImap = "/usr/lib/nagios/plugins/check_imap" // not on every machine
	if _, err := os.Stat(checkImap); err == nil {
		list = append(list, program{name: checkImapName, argv: []string{checkImap, "-H", "127.0.0.1", "-p", p, "-S"}})
	}
	return list
}
