package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

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

// flush writes the output. When nobody reads it, or not in time, the state is
// UNKNOWN: a core that sees no text must not see an OK. So it is when a file could not
// be written, which standard output says.
func (o *output) flush(ctx context.Context) int {
	if o.file != "" {
		text := o.text // which changes below, while a late write may still go on
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

// inTime writes, but never for longer than the time of the check and outputTimeout. A
// signal ends the wait too, unless one has come before: then the output says so and
// has its time.
func (o *output) inTime(ctx context.Context, write func() error) error {
	left := outputTimeout
	switch {
	case ctx.Err() != nil:
		ctx = context.WithoutCancel(ctx)
	case o.deadline.IsZero():
		return within(ctx, 0, write)
	default:
		left += max(time.Until(o.deadline), 0)
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return within(ctx, 0, write)
}
