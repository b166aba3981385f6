// Package app goes from the command line to the exit code: parse, load, run,
// judge, render, and one write. It holds the promise that a check always
// answers: signals, the deadline and our own panics end in an output like any
// other. It decides nothing about servers.
package app

import (
	"context"
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
			f := report.Finding{State: report.Unknown, Kind: "internal", Text: report.Foreign(fmt.Sprint(p)), Advice: reportBug}
			out.text, out.state = render.Message(nil, f, render.Options{Mask: secrets.Mask}), f.State
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
	if err != nil {
		out.file, out.deadline = req.Write, began.Add(parseTimeout)
		out.answer = usageMessage(req, err)
		return
	}
	if a, ok := withoutCheck(req); ok {
		out.answer = a
		return
	}
	out.file, out.deadline = req.Write, began.Add(req.Timeout)
	ctx, cancel := context.WithDeadlineCause(ctx, out.deadline, report.ErrTimeout)
	defer cancel()
	if ctx.Err() != nil {
		out.answer = notRead(req, "the command line", "-t allows", context.Cause(ctx))
		return
	}
	req.Session.Secrets = secrets
	out.answer = check(ctx, req, env)
}

// withoutCheck answers a question about the program or the request; ok is false when
// there is none. The state is UNKNOWN: a service that has such a flag by mistake must not
// be green.
func withoutCheck(req *cli.Request) (a answer, ok bool) {
	a.state = report.Unknown
	switch {
	case req.Help:
		a.text = gen.Help(Model())
	case req.Usage:
		a.text = gen.Usage(Model())
	case req.Version:
		a.text = []byte(cli.Program + " " + Version() + " (" + build() + ")\n")
	case req.Generate != "":
		// OK, so that packagers may write --generate=man >FILE && ...
		a.text, a.state = generate(req.Generate), report.OK
	case req.Demo == "list":
		a.text = gen.Scenarios(Model())
	case req.Explain:
		req.Pretend()
		a.text = []byte(explain.Text(explain.Check{
			Config: req.Session, Plan: req.Plan, Policy: req.Policy, Timeout: req.Timeout, AllAddresses: req.AllAddresses,
		}))
	default:
		return answer{}, false
	}
	return a, true
}

// check runs the session that a request asks for and prints it.
func check(ctx context.Context, req *cli.Request, env Env) answer {
	if err := load(ctx, req); err != nil {
		return notRead(req, "the secrets", "-t allows", err)
	}
	if req.Demo != "" {
		stop, err := startDemo(ctx, req, env.Listen)
		if err != nil {
			return message(req, "usage", err.Error(), "")
		}
		defer stop()
	}
	if env.Session != nil {
		env.Session(&req.Session)
	}
	req.Session.Secrets.Add(req.Session.Password) // the demo's; the others are there since they were loaded
	req.Session.Rejected = judge.Rejected
	var rep *report.Report
	if req.AllAddresses == "" {
		rep = session.Run(ctx, req.Session, req.Plan)
	} else {
		rep = session.RunAll(ctx, req.Session, req.Plan, req.AllAddresses)
	}
	byHand(rep, req.Session, req.Plan)
	remarks := req.Remarks
	if req.Verbosity >= 1 {
		remarks = append(remarks, req.Notes...)
	}
	for _, text := range remarks {
		rep.Remarks = append(rep.Remarks, report.Remark{Text: text})
	}
	opts := options(req)
	if req.Transcript != "" && req.Transcript != "-" {
		saveTranscript(ctx, req.Transcript, rep, opts)
	}
	verdict := judge.Judge(rep, req.Policy)
	opts.Until = printUntil(ctx)
	return answer{text: render.FormatOf(req.Output).Report(rep, verdict, opts), state: verdict.State}
}

// options returns how the answer to a request is printed.
func options(req *cli.Request) render.Options {
	return render.Options{
		Version: Version(), Verbosity: req.Verbosity, Brief: req.Brief,
		PerfdataUnknown: req.PerfdataUnknown, Transcript: req.Transcript == "-", Labels: req.Labels,
		// A second protection: secrets are not put into the output in the first place.
		Mask: req.Session.Secrets.Mask, MaskWords: req.Session.Secrets.MaskAll,
	}
}

// byHand adds to a failed step how a person does the same. A demo has no such words, as
// its server ends with the run.
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

// printUntil returns when printing a transcript ends.
func printUntil(ctx context.Context) time.Time {
	if t, ok := ctx.Deadline(); ok && ctx.Err() == nil {
		return t.Add(printTimeout)
	}
	return time.Now().Add(printTimeout)
}

// saveTranscript writes the dialogue to a file. An error is a remark only, as it says
// nothing about the server.
func saveTranscript(ctx context.Context, path string, rep *report.Report, opts render.Options) {
	opts.Until = printUntil(ctx)
	text := render.TranscriptFile(rep, opts)
	err := within(ctx, saveTimeout, func() error {
		return secret.Replacement{KeepOwner: true, Ours: render.IsTranscript}.Write(path, text)
	})
	if err != nil {
		rep.Remarks = append(rep.Remarks, report.Remark{Text: fmt.Sprintf("--transcript=%s: %v", path, err)})
	}
}
