//go:build linux

package main

import (
	"os"
	"strconv"
)

// program is one way to check a server.
type program struct {
	name string
	does string // in short, where it is not the whole session
	argv []string
	env  []string // beside the usual environment
	// fails says that the exit code is not 0, but the output is there.
	fails bool
}

// title is the name with what it does.
func (p program) title() string {
	if p.does == "" {
		return p.name
	}
	return p.name + " (" + p.does + ")"
}

// installed says whether the program is there.
func (p program) installed() bool {
	_, err := os.Stat(p.argv[0])
	return err == nil
}

// The names by which tables look programs up.
const (
	floorName     = "static Go program that does nothing"
	bareName      = "bare Go program"
	privateName   = ours + ", CA file"
	systemName    = ours + ", system's roots"
	checkImapName = "check_imap -S"
)

// check is the command line of our program with more flags.
func (s *site) check(port int, flags ...string) []string {
	return append([]string{s.path(ours), "-H", "127.0.0.1", "-p", strconv.Itoa(port), "-U", userName, "--password-file=" + s.passwordFile}, flags...)
}

// programs returns all programs, to be run against the port of the server.
func (s *site) programs(port int) []program {
	p := strconv.Itoa(port)
	session := []string{"127.0.0.1", p, s.caFile, userName, s.passwordFile}
	list := []program{
		{name: floorName, argv: []string{s.path("floor")}},
		{name: bareName, argv: append([]string{s.path("bare")}, session...)},
		{name: "bare Go program with go-imap", argv: append([]string{s.path("goimap")}, session...)},
		{name: privateName, argv: s.check(port, "--ca-file="+s.caFile)},
	}
	if s.systemRoots != nil {
		list = append(list, program{name: systemName, argv: s.check(port), env: s.systemRoots})
	}
	return append(list,
		program{name: checkImapName, does: "greeting, nothing verified",
			argv: []string{"/usr/lib/nagios/plugins/check_imap", "-H", "127.0.0.1", "-p", p, "-S"}},
		program{name: "check_imap_receive", does: "no LIST, SEARCH instead of FETCH",
			argv: []string{"/usr/lib/nagios/plugins/check_imap_receive", "-H", "127.0.0.1", "-p", p, "--ssl", "--ssl-ca-file", s.caFile,
				"-U", userName, "-P", password, "-s", "ALL", "--nodelete"}},
		program{name: "curl", does: "no LIST",
			argv: []string{"/usr/bin/curl", "-sS", "--cacert", s.caFile, "-u", userName + ":" + password,
				"imaps://127.0.0.1:" + p + "/INBOX;MAILINDEX=" + strconv.Itoa(messages) + ";SECTION=HEADER"}},
		program{name: "Python, imaplib", argv: append([]string{"/usr/bin/python3", "bench/session.py"}, session...)},
	)
}
