// Package app goes from the command line to the exit code: parse, load, run,
// judge, render, and one write. It holds the promise that a check always
// answers: signals, the deadline and our own panics end in an output like any
// other. It decides nothing about servers.
package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/cli"
	"check_imap_session/internal/explain"
	"check_imap_session/internal/gen"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

// Env is the world around the program.
type Env struct {
	Program string // how it was called
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer // for -o openmetrics alone, which has no room for words; nil means none
	Getenv  func(string) string
	// Proxy returns the proxy that the environment names for a URL; nil means none.
	Proxy func(*url.URL) (*url.URL, error)
	// Signals are those that end a run; nil means none are caught.
	Signals []os.Signal
	// Memory bounds what the Go runtime takes of it, in bytes; 0 sets no bound.
	Memory int64

	// The rest is nil but in tests, which put a network in memory here.

	// Session changes what a session is run with, after all else has.
	Session func(*session.Config)
	// Listen is where the server of --demo listens, see demo.Options.
	Listen func(context.Context) (net.Listener, error)
}

// OS returns the environment of the process.
func OS() Env {
	return Env{
		Program: filepath.Base(os.Args[0]),
		Stdin:   os.Stdin, Stdout: stdout(), Stderr: os.Stderr, Getenv: os.Getenv, Proxy: auth.EnvironmentProxy,
		Signals: endSignals(), Memory: memoryLimit,
	}
}

// Main runs the program and returns its exit code, 0 to 3. It writes to
// env.Stdout exactly once, or to the file of --write.
func Main(args []string, env Env) (code int) {
	ctx, stop := interruptible(context.Background(), env.Signals)
	defer stop()
	limitMemory(env.Memory)
	out := output{w: env.Stdout, stderr: env.Stderr}
	secrets := &secret.Set{}
	defer func() {
		if p := recover(); p != nil {
			out.text = render.Message(nil, report.Finding{State: report.Unknown, Kind: "internal", Text: report.Foreign(fmt.Sprint(p)), Advice: "please report this bug"}, render.Options{Mask: secrets.Mask})
			out.state = report.Unknown
		}
		code = out.flush(ctx)
	}()
	// A command that is run has these in its environment, also where the check
	// takes its secret from elsewhere.
	for _, v := range cli.Environment() {
		secrets.Add(secret.New(env.Getenv(v.Name)))
	}
	run(ctx, args, env, &out, secrets)
	return
}

func run(ctx context.Context, args []string, env Env, out *output, secrets *secret.Set) {
	began := time.Now()
	req, err := parse(ctx, args, env)
	switch {
	case err != nil:
		out.deadline = began.Add(parseTimeout)
		if req != nil {
			out.file = req.Write
		}
		out.answer = usageMessage(req, err)
		return
	case req.Help:
		out.answer = answer{text: gen.Help(Model()), state: report.Unknown}
		return
	case req.Usage:
		out.answer = answer{text: gen.Usage(Model()), state: report.Unknown}
		return
	case req.Version:
		out.answer = answer{text: []byte(cli.Program + " " + Version() + " (" + build() + ")\n"), state: report.Unknown}
		return
	case req.Generate != "":
		// 0, so that packagers may write --generate=man >FILE && ...
		out.answer = answer{text: generate(req.Generate), state: report.OK}
		return
	case req.Demo == "list":
		out.answer = answer{text: gen.Scenarios(Model()), state: report.Unknown}
		return
	case req.Explain:
		out.answer = explained(req)
		return
	}
	out.file = req.Write
	out.deadline = began.Add(req.Timeout)
	ctx, cancel := context.WithDeadlineCause(ctx, out.deadline, report.ErrTimeout)
	defer cancel()
	if ctx.Err() != nil {
		out.answer = notRead(req, options(req), "the command line", "-t allows", context.Cause(ctx))
		return
	}
	req.Session.Secrets = secrets
	out.answer = check(ctx, req, env)
}

// explained prints what a check would do. The state is UNKNOWN, as that of the
// help: a service that has the flag by mistake must not be green.
func explained(req *cli.Request) answer {
	req.Pretend()
	text := explain.Text(explain.Check{
		Config: req.Session, Plan: req.Plan, Policy: req.Policy, Timeout: req.Timeout, AllAddresses: req.AllAddresses,
	})
	return answer{text: []byte(text), state: report.Unknown}
}

// check runs the session that a request asks for and prints it.
func check(ctx context.Context, req *cli.Request, env Env) answer {
	opts := options(req)
	if err := load(ctx, req); err != nil {
		return notRead(req, opts, "the secrets", "-t allows", err)
	}
	if req.Demo != "" {
		stop, err := startDemo(ctx, req, env.Listen)
		if err != nil {
			return message(req, opts, "usage", err.Error(), "")
		}
		defer stop()
	}
	if env.Session != nil {
		env.Session(&req.Session)
	}
	req.Session.Secrets.Add(req.Session.Password) // the demo's; the others are there since they were loaded
	req.Session.Rejected = judge.Rejected
	run := session.Run
	if req.AllAddresses != "" {
		run = func(ctx context.Context, c session.Config, plan []session.Step) *report.Report {
			return session.RunAll(ctx, c, plan, req.AllAddresses)
		}
	}
	rep := run(ctx, req.Session, req.Plan)
	byHand(rep, req.Session, req.Plan)
	if req.Verbosity >= 1 {
		req.Remarks = append(req.Remarks, req.Notes...)
	}
	for _, text := range req.Remarks {
		rep.Remarks = append(rep.Remarks, report.Remark{Text: text})
	}
	if req.Transcript != "" && req.Transcript != "-" {
		saveTranscript(ctx, req.Transcript, rep, opts)
	}
	verdict := judge.Judge(rep, req.Policy)
	opts.Until = printUntil(ctx)
	return answer{text: render.FormatOf(req.Output).Report(rep, verdict, opts), state: verdict.State}
}

// options are how a request wants its answer printed.
func options(req *cli.Request) render.Options {
	return render.Options{
		Version: Version(), Verbosity: req.Verbosity, Brief: req.Brief,
		PerfdataUnknown: req.PerfdataUnknown, Transcript: req.Transcript == "-", Labels: req.Labels,
		// The second belt against secrets in the output; the first is that they
		// are not put there.
		Mask: req.Session.Secrets.Mask, MaskWords: req.Session.Secrets.MaskAll,
	}
}

// byHand says of what failed how a person does the same. The server of a demo
// is gone by then.
func byHand(rep *report.Report, c session.Config, plan []session.Step) {
	if rep.Target.Demo != "" {
		return
	}
	if found := rep.Target.Mailboxes; c.Pattern != "" && found != nil {
		c.Mailboxes = found
		plan, _ = session.Plan(c) // its error would have shown before
	}
	explain.Failure(rep, c, plan)
	for _, one := range rep.Sessions {
		a, _ := netip.ParseAddr(one.Target.Address)
		c.Dial.Address = a
		if c.Pattern != "" {
			c.Mailboxes = one.Target.Mailboxes
		}
		if plan, err := session.Plan(c); err == nil {
			explain.Failure(one, c, plan)
		}
	}
}

// notRead is the output when what the check needs could not be read; limit is the
// time that it had.
func notRead(req *cli.Request, opts render.Options, what, limit string, err error) answer {
	switch {
	case errors.Is(err, report.ErrInterrupted):
		return message(req, opts, "interrupted", "while reading "+what, "")
	case errors.Is(err, report.ErrInternal):
		return message(req, opts, "internal", report.Foreign(err.Error()), "please report this bug")
	case errors.Is(err, report.ErrTimeout):
		return message(req, opts, "config", "reading "+what+" took longer than "+limit, "is the file on a dead mount, does the command hang?")
	}
	return message(req, opts, "config", err.Error(), "correct the file or command named here")
}

// message prints a finding that stands alone: no session ran.
func message(req *cli.Request, opts render.Options, kind, text, advice string) answer {
	r := &report.Report{Target: req.Target, Started: time.Now()}
	f := report.Finding{State: report.Unknown, Kind: kind, Text: text, Advice: advice}
	a := answer{text: render.FormatOf(req.Output).Message(r, f, opts), state: f.State}
	if req.Output == "openmetrics" && req.Write == "" && (kind == "usage" || kind == "config") {
		line, _, _ := bytes.Cut(render.Message(r, f, opts), []byte("\n"))
		a.reason = append(line, '\n')
	}
	return a
}

// usageMessage prints a usage error in the form that was asked for.
func usageMessage(req *cli.Request, err error) answer {
	for _, stopped := range []error{report.ErrInterrupted, report.ErrTimeout, report.ErrInternal} {
		if errors.Is(err, stopped) {
			return notRead(&cli.Request{}, options(&cli.Request{}), "the command line", parseTimeout.String(), err)
		}
	}
	kind := "usage"
	text, advice := err.Error(), ""
	var u *cli.UsageError
	if errors.As(err, &u) {
		if u.Err != nil { // a file, not a word
			kind = "config"
		}
		text, advice = u.Msg, u.Hint
		if u.Source != "" {
			text = u.Source + ": " + text
		}
	}
	return message(req, options(req), kind, text, advice)
}

// grace is how long a demo server is given to end.
const grace = 50 * time.Millisecond
