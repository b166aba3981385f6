//go:build linux

// Launch starts one program, waits for it, and writes what the kernel measured
// to file descriptor 3: wall clock, user and system time (both in microseconds),
// peak memory (KiB), page faults, exit code.
//
// bench does not start the program itself because of the peak memory: before
// the exec a child shares the memory of its parent, and Linux counts that as the
// child's (ru_maxrss). So this program is as small as possible: package os alone
// would add a tenth.
package main

import (
	"strconv"
	"strings"
	"syscall"
)

func main() { syscall.Exit(launch()) }

// report is where the figures go.
const report = 3

// launch returns the exit code: 0, or 1 when there are no figures.
func launch() int {
	syscall.CloseOnExec(report)
	argv := arguments()
	var status syscall.WaitStatus
	var usage syscall.Rusage
	var began, ended syscall.Timeval
	syscall.Gettimeofday(&began)
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{Env: syscall.Environ(), Files: []uintptr{0, 1, 2}})
	if err == nil {
		_, err = syscall.Wait4(pid, &status, 0, &usage)
		for err == syscall.EINTR {
			_, err = syscall.Wait4(pid, &status, 0, &usage)
		}
	}
	syscall.Gettimeofday(&ended)
	if err != nil {
		syscall.Write(2, []byte(argv[0]+": "+err.Error()+"\n"))
		return 1
	}
	line := ""
	for _, n := range []int64{micro(ended) - micro(began), micro(usage.Utime) + micro(usage.Stime), usage.Maxrss, usage.Minflt, int64(status.ExitStatus())} {
		line += strconv.FormatInt(n, 10) + " "
	}
	syscall.Write(report, []byte(line+"\n"))
	return 0
}

func micro(t syscall.Timeval) int64 { return t.Nano() / 1000 }

// arguments are os.Args without the first.
func arguments() []string {
	fd, err := syscall.Open("/proc/self/cmdline", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return []string{""}
	}
	text := make([]byte, 16<<10)
	n, err := syscall.Read(fd, text)
	if err != nil {
		return []string{""}
	}
	argv := strings.Split(strings.TrimSuffix(string(text[:n]), "\x00"), "\x00")
	return append(argv[1:], "")[:max(1, len(argv)-1)]
}
