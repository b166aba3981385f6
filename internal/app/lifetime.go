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
	// killPatience is how long a password command has to end; a file on a dead mount
	// never comes back.
	killPatience = 60 * time.Millisecond

	// writePatience is how long writing the transcript may go on: a dead mount must not
	// hold the verdict.
	writePatience = 40 * time.Millisecond

	// printPatience is how long printing a transcript may go on.
	printPatience = 30 * time.Millisecond

	// readerPatience is how long the output may take: a full pipe that nobody reads
	// would hold the process for ever.
	readerPatience = 100 * time.Millisecond
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
	err := within(ctx, killPatience, func() error { return req.Load(ctx) })
	if errors.Is(err, errLate) {
		return context.Cause(ctx)
	}
	return err
}

// errLate is what within returns when it does not wait any longer.
var errLate = errors.New("no time left to write it")

// within returns what f returns. It does not wait for f longer than ctx lasts and a
// patience: then it returns errLate, and f goes on alone. A panic of f is ErrInternal.
func within(ctx context.Context, patience time.Duration, f func() error) error {
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
	case <-time.After(patience):
		return errLate
	}
}
