//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"check_imap_session/internal/app"
)

// The limits of -check. Those of memory and allocations are what was measured
// and some room: a change that reaches them wants a look, not a larger number.
const (
	maxSize       = 9 << 20   // bytes of the stripped program
	maxPeak       = 10 << 20  // bytes of memory, whole session, CA file
	maxPeakFetch  = 11 << 20  // bytes of memory, with a message of largeMessage
	maxPeakFlood  = 64 << 20  // bytes of memory, whatever the server sends
	maxAllocated  = 200 << 10 // bytes, whole session
	maxAllocs     = 2000      // objects, whole session
	maxInitBytes  = 60 << 10  // bytes, before main
	maxInitAllocs = 400       // objects, before main
	maxInitFirst  = 6         // packages behind runtime, of some seventy
)

// printCheck compares the figures that are the same on every machine with their
// limits. The error says how many do not hold.
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
		return fmt.Errorf("%d figures are beyond their limits", bad)
	}
	return nil
}

// figure is one number and the most that it may be, or what it must be.
type figure struct {
	name       string
	got, limit int64
	exact      bool
}

// wireFigures counts commands and round trips of some kinds of sessions: every
// step of the plan is a command, and every command a round trip.
func wireFigures(ctx context.Context, s *site) ([]figure, error) {
	t, err := newTap(s.certificates, s.server.imap)
	if err != nil {
		return nil, err
	}
	defer t.close()
	var list []figure
	for _, flags := range [][]string{nil, {"--auth=none"}, {"--auth=plain"}, {"--with=id,noop,namespace,status"}, {"--fetch=body"}, {"--message=oldest", "--skip=list"}} {
		p := s.private(t.port(), append(flags, "-o", "json")...)
		one, err := s.measure(ctx, p)
		if err != nil {
			return nil, err
		}
		v := <-t.visits
		steps, err := commandSteps(one.out)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSpace("session " + strings.Join(flags, " "))
		list = append(list,
			figure{name + ": commands on the wire, one for each step", int64(len(v.commands)), int64(len(steps)), true},
			figure{name + ": round trips, after TCP", int64(v.flights), int64(len(steps)) + 2, true})
	}
	return list, nil
}

// commandSteps returns the steps of a JSON output that are one command each.
func commandSteps(out string) ([]string, error) {
	var doc struct {
		Steps []struct{ Name, Outcome string }
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		return nil, err
	}
	var names []string
	for _, step := range doc.Steps {
		if step.Outcome == "passed" && !slices.Contains([]string{"dns", "connect", "tls", "greeting"}, step.Name) {
			names = append(names, step.Name)
		}
	}
	return names, nil
}

// memoryFigures looks at the file and at the peak of its memory.
func memoryFigures(ctx context.Context, s *site) ([]figure, error) {
	st, err := os.Stat(s.path(ours))
	if err != nil {
		return nil, err
	}
	one, err := s.measure(ctx, s.private(s.server.imaps))
	if err != nil {
		return nil, err
	}
	if err := s.server.home.addLarge(); err != nil {
		return nil, err
	}
	large, err := s.measure(ctx, s.private(s.server.imaps, "--mailbox="+largeBox, "--fetch=body", "-t", "60", "-c", fmt.Sprintf("fetch_bytes=%d:", largeMessage)))
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "size of the stripped program, bytes", got: st.Size(), limit: maxSize},
		{name: "peak memory of a session, bytes", got: one.peak, limit: maxPeak},
		{name: "peak memory of --fetch=body, 100 MiB, bytes", got: large.peak, limit: maxPeakFetch},
	}, nil
}

// floodFigures looks at the peak of memory when a server wants to fill it.
func floodFigures(ctx context.Context, s *site) ([]figure, error) {
	var list []figure
	for _, f := range floods() {
		server, err := newFloodServer(f)
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
		list = append(list, figure{name: "peak memory, " + f.name + ", bytes", got: one.peak, limit: maxPeakFlood})
	}
	return list, nil
}

// initFigures asks the runtime what the packages allocate before main runs.
func initFigures(ctx context.Context, s *site) ([]figure, error) {
	p := s.private(s.server.imaps)
	p.env = []string{"GODEBUG=inittrace=1"}
	one, err := s.measure(ctx, p)
	if err != nil {
		return nil, err
	}
	var bytes, objects, packages int64
	before := int64(-1) // how many packages came before single
	for line := range strings.Lines(one.errors) {
		var name string
		var at, clock float64
		var b, n int64
		if _, err := fmt.Sscanf(line, "init %s @%f ms, %f ms clock, %d bytes, %d allocs", &name, &at, &clock, &b, &n); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		if name == "runtime" { // a program begins: launch, then ours
			bytes, objects, packages = 0, 0, 0
		}
		bytes, objects = bytes+b, objects+n
		if name == "check_imap_session/internal/single" {
			before = packages
		}
		packages++
	}
	if before < 0 {
		return nil, errors.New("the package single is not initialised")
	}
	return []figure{
		{name: "allocated before main, bytes", got: bytes, limit: maxInitBytes},
		{name: "allocated before main, objects", got: objects, limit: maxInitAllocs},
		{name: "packages initialised before there is one processor", got: before, limit: maxInitFirst},
	}, nil
}

// sessionFigures runs the whole program in this process, which does nothing
// else, and counts what it allocates: only once, as a check does, so that what
// is made at first use counts too.
func sessionFigures(_ context.Context, s *site) ([]figure, error) {
	var out bytes.Buffer
	args := s.private(s.server.imaps).argv[1:]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	code := app.Main(args, app.Env{Program: ours, Stdin: strings.NewReader(""), Stdout: &out, Getenv: func(string) string { return "" }})
	runtime.ReadMemStats(&after)
	if code != 0 {
		return nil, fmt.Errorf("exit code %d: %s", code, out.String())
	}
	return []figure{
		{name: "allocated in a session, bytes", got: int64(after.TotalAlloc - before.TotalAlloc), limit: maxAllocated},
		{name: "allocated in a session, objects", got: int64(after.Mallocs - before.Mallocs), limit: maxAllocs},
	}, nil
}

// private is our program with a CA file and more flags.
func (s *site) private(port int, flags ...string) program {
	return program{name: privateName, argv: s.check(port, append(flags, "--ca-file="+s.caFile)...)}
}
