//go:build linux

// Bench measures what a check costs, beside other programs that do the same or
// less, and prints tables in Markdown. It starts a Dovecot of its own on
// loopback and talks to nothing else.
//
//	go run ./bench [-n ROUNDS] [TABLE...]
//	go run ./bench -check
//
// Without the name of a table it prints all. What each of them says and how it
// is measured stands in docs/performance.md. -check measures only what is the
// same on every machine, compares it with its limits, and exits with 1 when one
// of them does not hold.
//
// Programs run in turns, one of each kind in every round, and ratios are taken
// round by round: a machine that is busy with other things slows down both
// sides of a ratio.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	rounds := flag.Int("n", 30, "`rounds` to measure; more for steadier medians")
	check := flag.Bool("check", false, "compare the deterministic figures with their limits")
	flag.Usage = usage
	flag.Parse()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away must not leave a server behind
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *rounds, *check, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(flag.CommandLine.Output(), "go run ./bench [-n ROUNDS] [-check] [TABLE...]")
	flag.PrintDefaults()
	for _, t := range tables() {
		fmt.Fprintf(flag.CommandLine.Output(), "  %-12s%s\n", t.name, t.doc)
	}
}

// table is one table to print.
type table struct {
	name, doc string
	print     func(context.Context, *site, int) error
}

func tables() []table {
	return []table{
		{"cost", "CPU, wall clock and memory of one check", printCost},
		{"roundtrips", "how often a check waits for the server", printRoundTrips},
		{"overhead", "time before the first and after the last byte", printOverhead},
		{"throughput", "checks a second", printThroughput},
		{"capture", "booked times and packets", printCapture},
		{"size", "size of the program and of what it is made of", printSize},
	}
}

func run(ctx context.Context, rounds int, check bool, names []string) error {
	if rounds < 1 {
		return errors.New("-n: at least 1")
	}
	for _, name := range names {
		if !slices.ContainsFunc(tables(), func(t table) bool { return t.name == name }) {
			return fmt.Errorf("%s: no such table", name)
		}
	}
	s, err := newSite(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if check {
		return printCheck(ctx, s)
	}
	for _, t := range tables() {
		if len(names) > 0 && !slices.Contains(names, t.name) {
			continue
		}
		fmt.Printf("\n## %s\n\n", strings.ToUpper(t.doc[:1])+t.doc[1:])
		if err := t.print(ctx, s, rounds); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}
