package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"

	"check_imap_session/internal/cli"
	"check_imap_session/internal/report"
)

const (
	// parseTimeout bounds the reading of the command line, whose -t is not known
	// yet: an ini file may be on a dead mount, standard input may not end.
	parseTimeout = 8 * time.Second

	// memoryLimit is what the runtime may take before it collects garbage more often,
	// also where the environment has GOGC=off. With the pages of the program itself,
	// some 10 MiB, a check stays below 64 MiB.
	memoryLimit = 32 << 20
)

// How long some things may go on once the time of the check is up. The output must be
// out within 100 ms after that (rule D3 of docs/plugin-interface.md).
const (
	// loadTimeout is how long loading secrets may go on: a password command that was
	// killed has to end, and reading a file on a dead mount never does.
	loadTimeout = 60 * time.Millisecond

	// saveTimeout is how long writing the transcript to its file may go on: a dead mount
	// must not delay the verdict.
	saveTimeout = 40 * time.Millisecond

	// printTimeout is how long printing a transcript may go on.
	printTimeout = 30 * time.Millisecond

	// outputTimeout is how long writing the output may go on: a full pipe that nobody
	// reads would block the process for ever.
	outputTimeout = 100 * time.Millisecond
)

// limitMemory sets the limit, unless GOMEMLIMIT in the environment is lower.
func limitMemory(bytes int64) {
	if bytes > 0 && debug.SetMemoryLimit(-1) > bytes {
		debug.SetMemoryLimit(bytes)
	}
}

// interruptible returns a context that the signals end. They stay caught: giving
// them back costs several changes of threads, and the process is about to end.
func interruptible(ctx context.Context, signals []os.Signal) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if len(signals) > 0 {
		got := make(chan os.Signal, 1)
		signal.Notify(got, signals...)
		go func() {
			select {
			case <-got:
				cancel(report.ErrInterrupted)
			case <-ctx.Done():
			}
		}()
		// What os/signal has begun ends here, and not within the time of a step.
		runtime.Gosched()
	}
	return ctx, func() { cancel(nil) }
}

// parse reads the command line. Its error is ErrTimeout, ErrInterrupted or
// ErrInternal of package report, with an empty request, or what cli.Parse says.
func parse(ctx context.Context, args []string, env Env) (*cli.Request, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, parseTimeout, report.ErrTimeout)
	defer cancel()
	req := &cli.Request{}
	err := within(ctx, 0, func() (err error) {
		req, err = cli.Parse(args, cli.Env{Program: env.Program, Getenv: env.Getenv, Stdin: env.Stdin, Proxy: env.Proxy})
		return err
	})
	if errors.Is(err, errLate) { // the function above goes on, and may still set req
		return &cli.Request{}, context.Cause(ctx)
	}
	return req, err
}

// load loads what the request names, but never for longer than ctx lasts.
func load(ctx context.Context, req *cli.Request) error {
	err := within(ctx, loadTimeout, func() error { return req.Load(ctx) })
	if errors.Is(err, errLate) {
		return context.Cause(ctx)
	}
	return err
}

// errLate is what within returns when it does not wait any longer.
var errLate = errors.New("no time left to write it")

// within returns what f returns. It waits for f until ctx ends and for a grace period
// after that: then it returns errLate, and f goes on alone. A panic of f is ErrInternal.
func within(ctx context.Context, grace time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("%w: %v\n%s", report.ErrInternal, p, debug.Stack())
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select { // what came at the same moment is not late
	case err := <-done:
		return err
	case <-time.After(grace):
		return errLate
	}
}
