package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"

	"check_imap_session/internal/cli"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

const (
	// parseTimeout bounds the reading of the command line, whose -t is not known
	// yet: an ini file may be on a dead mount, standard input may not end.
	parseTimeout = 8 * time.Second

	// killPatience is how long a password command has to go once its time is up; a
	// file on a dead mount never comes back.
	killPatience = 60 * time.Millisecond

	// readerPatience is how long the output may take once the time of the check is
	// up: a full pipe that nobody reads would hold the process for ever.
	readerPatience = 100 * time.Millisecond

	// memoryLimit is what the runtime may take before it collects garbage more often,
	// also where the environment has GOGC=off. With the pages of the program itself,
	// some 10 MiB, a check stays below 64 MiB.
	memoryLimit = 40 << 20
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
// ErrInternal of package report, or what cli.Parse says.
func parse(ctx context.Context, args []string, env Env) (*cli.Request, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, parseTimeout, report.ErrTimeout)
	defer cancel()
	return within(ctx, 0, func() (*cli.Request, error) {
		return cli.Parse(args, cli.Env{Program: env.Program, Getenv: env.Getenv, Stdin: env.Stdin, Proxy: env.Proxy})
	})
}

// load loads what the request names, but never for longer than ctx lasts.
func load(ctx context.Context, req *cli.Request) error {
	_, err := within(ctx, killPatience, func() (struct{}, error) { return struct{}{}, req.Load(ctx) })
	return err
}

// within returns what f returns, or why ctx has ended when f takes longer than ctx
// lasts and patience. A panic of f is ErrInternal.
func within[T any](ctx context.Context, patience time.Duration, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("%w: %v\n%s", report.ErrInternal, p, debug.Stack())
			}
			done <- r
		}()
		r.value, r.err = f()
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	select { // a command that is being killed, with its children
	case r := <-done: // no error when both came at once: it is not too late
		return r.value, r.err
	case <-time.After(patience):
		var none T
		return none, context.Cause(ctx)
	}
}

// answer is what a run says.
type answer struct {
	text   []byte
	state  report.State
	reason []byte // for standard error; nil in most runs
}

// output is where the answer will be written, once.
type output struct {
	answer
	w, stderr io.Writer
	file      string    // of --write, in place of w; "" when there is none
	deadline  time.Time // of the check; zero when there is none, as for --help
}

// errLate says that the output had no time left.
var errLate = errors.New("no time left to write it")

// flush writes the output. When nobody reads it, or not in time, the state is
// UNKNOWN: a core that sees no text must not see an OK. So it is when a file could not
// be written, which standard output says.
func (o *output) flush(ctx context.Context) int {
	if text := o.text; o.file != "" {
		err := o.inTime(ctx, func() error {
			return secret.Replacement{KeepOwner: true, Ours: render.IsOutput, Mode: 0o644}.Write(o.file, text)
		})
		if err == nil {
			return int(o.state)
		}
		f := report.Finding{State: report.Unknown, Kind: "config", Text: fmt.Sprintf("--write=%s: %v", o.file, err), Advice: "correct the file named here"}
		o.text, o.state = render.Message(nil, f, render.Options{}), f.State
	}
	err := o.inTime(ctx, func() error {
		_, err := o.w.Write(o.text)
		if err == nil && o.reason != nil && o.stderr != nil {
			o.stderr.Write(o.reason)
		}
		return err
	})
	if err != nil {
		return int(report.Unknown)
	}
	return int(o.state)
}

// inTime writes, but never for longer than the time of the check and a patience. A
// signal ends the wait too, unless one has come before: then the output says so and
// has its time.
func (o *output) inTime(ctx context.Context, write func() error) error {
	done := make(chan error, 1)
	go func() { done <- write() }()
	var late <-chan time.Time
	stop := ctx.Done()
	if interrupted := ctx.Err() != nil; interrupted || !o.deadline.IsZero() {
		left := readerPatience
		if interrupted {
			stop = nil
		} else {
			left += max(time.Until(o.deadline), 0)
		}
		timer := time.NewTimer(left)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case err := <-done:
		return err
	case <-late:
	case <-stop:
	}
	return errLate
}
