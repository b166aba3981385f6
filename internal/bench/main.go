// Bench measures what a check costs. It starts a small IMAP server on loopback
// and contacts nothing else.
//
//	go run ./internal/bench [-n ROUNDS]
//	go run ./internal/bench -check
//
// The first form prints a table in Markdown: what one run of the plugin and of
// some other programs costs. The second form measures only what does not depend
// on the machine or its load, compares it with limits, and exits with 1 when a
// limit does not hold. docs/dev/performance.md describes both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	rounds := flag.Int("n", 30, "`rounds` to measure; more rounds give steadier medians")
	check := flag.Bool("check", false, "compare the deterministic figures with their limits")
	allocations := flag.Bool("allocations", false, "run the plugin inside this process and print what it allocates; used by -check")
	flag.Parse()
	signal.Ignore(syscall.SIGPIPE) // when the reader of a pipe ends, the temporary files must still be removed
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case *allocations:
		err = printAllocations(flag.Args())
	case *rounds < 1 || flag.NArg() > 0:
		err = errors.New("usage: bench [-n ROUNDS] [-check]")
	default:
		err = run(ctx, *rounds, *check)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, check bool) error {
	s, err := newSite(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if check {
		return printCheck(ctx, s)
	}
	return printCost(ctx, s, rounds)
}
