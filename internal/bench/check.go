package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"check_imap_session/internal/app"
)

// The limits of -check. Those of allocations are about a tenth above what is
// measured. When a change exceeds a limit, look for the cause before you raise
// it.
const (
	maxSize       = 10 << 20  // bytes of the stripped program for Linux; .ci/run has a limit for all systems
	maxPeak       = 11 << 20  // bytes of memory, whole session, CA file
	maxPeakFetch  = 12 << 20  // bytes of memory, with a message of largeMessage
	maxPeakFlood  = 64 << 20  // bytes of memory, whatever the server sends
	maxAllocated  = 300 << 10 // bytes, whole session
	maxAllocs     = 3000      // objects, whole session
	maxInitBytes  = 70 << 10  // bytes, before main
	maxInitAllocs = 440       // objects, before main
)

// figure is one number and the most that it may be, or what it must be.
type figure struct {
	name       string
	got, limit int64
	exact      bool
}

// printCheck compares the figures that are the same on every machine with their
// limits. The error says how many limits do not hold.
func printCheck(ctx context.Context, s *site) error {
	fmt.Println("| figure | measured | limit | |")
	fmt.Println("|---|--:|--:|---|")
	bad := 0
	for _, measure := range []func(context.Context, *site) ([]figure, error){wireFigures, memoryFigures, floodFigures, initFigures, sessionFigures} {
		figures, err := measure(ctx, s)
		if err != nil {
			return err
		}
		for _, f := range figures {
			verdict := "ok"
			if f.got > f.limit || f.exact && f.got != f.limit {
				verdict = "**no**"
				bad++
			}
			fmt.Printf("| %s | %d | %d | %s |\n", f.name, f.got, f.limit, verdict)
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d figures exceed their limits", bad)
	}
	return nil
}

// wireFigures counts the commands and round trips of several kinds of sessions:
// every step of the plan is one command, and every command one round trip. TLS
// 1.3 adds two, of which the second brings the greeting (RFC 8446 section 2).
func wireFigures(ctx context.Context, s *site) ([]figure, error) {
	visits := make(chan visit, 1)
	server, err := newServer(s.tls, flood{}, visits)
	if err != nil {
		return nil, err
	}
	defer server.close()
	var list []figure
	for _, flags := range [][]string{nil, {"--auth=none"}, {"--auth=plain"}, {"--with=id,noop,namespace,status"}, {"--fetch=body"}, {"--message=oldest", "--skip=list"}} {
		one, err := s.measure(ctx, s.private(server.port(), append(flags, "-o", "json")...))
		if err != nil {
			return nil, err
		}
		v := <-visits
		steps, err := commandSteps(one.out)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSpace("session " + strings.Join(flags, " "))
		list = append(list,
			figure{name + ": commands sent, one for each step", int64(len(v.commands)), int64(steps), true},
			figure{name + ": round trips after TCP", int64(v.flights), int64(steps) + 2, true})
	}
	return list, nil
}

// commandSteps counts the steps of a JSON output that are one command each.
func commandSteps(out string) (int, error) {
	var doc struct {
		Steps []struct{ Name, Outcome string }
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		return 0, err
	}
	n := 0
	for _, step := range doc.Steps {
		if step.Outcome == "passed" && !slices.Contains([]string{"dns", "connect", "tls", "greeting"}, step.Name) {
			n++
		}
	}
	return n, nil
}

// memoryFigures reads the size of the file and its peak of memory.
func memoryFigures(ctx context.Context, s *site) ([]figure, error) {
	st, err := os.Stat(s.path(ours))
	if err != nil {
		return nil, err
	}
	one, err := s.measure(ctx, s.private(s.server.port()))
	if err != nil {
		return nil, err
	}
	large, err := s.measure(ctx, s.private(s.server.port(), "--mailbox="+largeBox, "--fetch=body", "-t", "60", "-c", fmt.Sprintf("fetch_size=%d:", largeMessage)))
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "size of the stripped program, bytes", got: st.Size(), limit: maxSize},
		{name: "peak memory of a session, bytes", got: one.peak, limit: maxPeak},
		{name: "peak memory of --fetch=body with 100 MiB, bytes", got: large.peak, limit: maxPeakFetch},
	}, nil
}

// floodFigures reads the peak of memory against servers that try to fill it.
func floodFigures(ctx context.Context, s *site) ([]figure, error) {
	var list []figure
	for _, f := range floods() {
		server, err := newServer(nil, f, nil)
		if err != nil {
			return nil, err
		}
		p := s.private(server.port(), "--tls=none", "--allow-plaintext-auth", "-t", "60", "-vvv")
		p.name, p.fails = f.name, true
		one, err := s.measure(ctx, p)
		server.close()
		if err != nil {
			return nil, err
		}
		list = append(list, figure{name: "peak memory with " + f.name + ", bytes", got: one.peak, limit: maxPeakFlood})
	}
	return list, nil
}

// initFigures asks the runtime what the packages allocate before main starts.
func initFigures(ctx context.Context, s *site) ([]figure, error) {
	p := s.private(s.server.port())
	p.env = []string{"GODEBUG=inittrace=1"}
	one, err := s.measure(ctx, p)
	if err != nil {
		return nil, err
	}
	var bytes, objects int64
	for line := range strings.Lines(one.errors) {
		var name string
		var at, clock float64
		var b, n int64
		if _, err := fmt.Sscanf(line, "init %s @%f ms, %f ms clock, %d bytes, %d allocs", &name, &at, &clock, &b, &n); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		if name == "runtime" { // the first line of a program: launch, then ours
			bytes, objects = 0, 0
		}
		bytes, objects = bytes+b, objects+n
	}
	return []figure{
		{name: "allocated before main, bytes", got: bytes, limit: maxInitBytes},
		{name: "allocated before main, objects", got: objects, limit: maxInitAllocs},
	}, nil
}

// sessionFigures starts this program once more, which runs one session and
// nothing else, and prints what that allocates.
func sessionFigures(ctx context.Context, s *site) ([]figure, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	argv := append([]string{self, "-allocations", "--"}, s.private(s.server.port()).argv[1:]...)
	one, err := s.measure(ctx, program{name: "-allocations", argv: argv})
	if err != nil {
		return nil, err
	}
	var bytes, objects int64
	if _, err := fmt.Sscan(one.out, &bytes, &objects); err != nil {
		return nil, fmt.Errorf("-allocations printed %q: %w", one.out, err)
	}
	return []figure{
		{name: "allocated in a session, bytes", got: bytes, limit: maxAllocated},
		{name: "allocated in a session, objects", got: objects, limit: maxAllocs},
	}, nil
}

// printAllocations runs the plugin and prints how many bytes and objects it
// allocated. It runs only once, as in a check, so that what is made at first use
// counts too.
func printAllocations(args []string) error {
	var out bytes.Buffer
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	code := app.Main(args, app.Env{Program: ours, Stdin: strings.NewReader(""), Stdout: &out, Getenv: func(string) string { return "" }})
	runtime.ReadMemStats(&after)
	if code != 0 {
		return fmt.Errorf("exit code %d: %s", code, out.String())
	}
	fmt.Println(after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs)
	return nil
}
