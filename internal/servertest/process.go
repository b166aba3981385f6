//go:build linux

package servertest

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = 20 * time.Second     // for a server to greet; a loaded machine needs more than the usual 0.1 s
	stopLimit  = 5 * time.Second      // for a killed process group to be gone
	pollEvery  = 5 * time.Millisecond // between two looks at a port or a process group
)

// Process is a running program, the leader of its own process group.
type Process struct {
	PID     int
	log     string
	done    chan struct{} // closed when the leader has ended
	stopped bool
}

// Start runs cmd until the test ends; its output goes to the log file.
//
// The kernel ends the process should the test be killed (PR_SET_PDEATHSIG).
// That signal comes when the thread which forked ends, not the process
// (https://go.dev/issue/27505), so a thread is kept for it.
func Start(tb testing.TB, cmd *exec.Cmd, log string) *Process {
	tb.Helper()
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
	p := &Process{log: log, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in the log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		tb.Fatalf("start %s: %v", cmd.Path, err)
	}
	p.PID = cmd.Process.Pid
	tb.Cleanup(func() { p.Stop(tb, 0) })
	return p
}

// Stop ends the process and all of its group with SIGKILL: Dovecot takes a second over
// SIGTERM, and its folder is removed anyway. A process whose children are in groups of
// their own ends them at SIGTERM; it is sent that first, and has grace to end. A second
// Stop does nothing.
func (p *Process) Stop(tb testing.TB, grace time.Duration) {
	tb.Helper()
	if p.stopped {
		return
	}
	p.stopped = true
	if grace > 0 {
		_ = syscall.Kill(p.PID, syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(grace):
		}
	}
	_ = syscall.Kill(-p.PID, syscall.SIGKILL) // gone already is fine
	<-p.done
	if !waitFor(stopLimit, func() bool { return !groupAlive(p.PID) }) {
		tb.Errorf("process group %d is still there after SIGKILL", p.PID)
	}
}

// groupAlive reports whether the process group has a member which is not a
// zombie. (In a container orphans may never be reaped.)
func groupAlive(pgid int) bool {
	if syscall.Kill(-pgid, 0) != nil {
		return false
	}
	stats, err := os.ReadDir("/proc")
	if err != nil {
		return true
	}
	for _, e := range stats {
		// pid (name) state ppid pgrp ...; the name may hold anything.
		b, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 2 && f[2] == strconv.Itoa(pgid) && f[0] != "Z" {
			return true
		}
	}
	return false
}

// waitFor polls until ok says true and reports whether it did in time.
func waitFor(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); !ok(); time.Sleep(pollEvery) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// newServer makes the folder of a server and finds its ports.
func newServer(tb testing.TB, name string) *Server {
	tb.Helper()
	return &Server{Name: name, Host: "127.0.0.1", IMAP: FreePort(tb), IMAPS: FreePort(tb), dir: tempDir(tb), delim: "/"}
}

// FreePort returns a free port of 127.0.0.1. It stays reserved until the test ends:
// every test holds the same port of 127.0.0.2 meanwhile, so
// that two test processes cannot choose the same. Ports from 32768 on are left
// out because the kernel gives them to clients.
func FreePort(tb testing.TB) int {
	tb.Helper()
	for range 1000 {
		port := 10000 + rand.IntN(22000)
		held, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2), Port: port})
		if err != nil {
			continue
		}
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			held.Close()
			continue
		}
		l.Close()
		tb.Cleanup(func() { held.Close() })
		return port
	}
	tb.Fatal("no free port on 127.0.0.1")
	return 0
}

// awaitGreeting waits until the server greets on its plain port. It ends the
// test, with the log's last lines, if one of the processes ends before.
func (s *Server) awaitGreeting(tb testing.TB) {
	tb.Helper()
	var last error
	ok := waitFor(startLimit, func() bool {
		for _, p := range s.procs {
			select {
			case <-p.done:
				tb.Fatalf("%s ended at its start; %s", s.Name, tail(p.log))
			default:
			}
		}
		_, last = s.greet()
		return last == nil
	})
	if !ok {
		tb.Fatalf("%s does not greet: %v; %s", s.Name, last, tail(s.procs[0].log))
	}
}

// greet connects to the plain port and returns the greeting.
func (s *Server) greet() (string, error) {
	c, err := net.Dial("tcp4", s.addr(s.IMAP))
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(startLimit)); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "* OK") {
		err = fmt.Errorf("greeting is %q", line)
	}
	return line, err
}
