package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// writePatience is how long writing the transcript may go on after the run's
// time is up: a dead mount must not hold the verdict.
const writePatience = 40 * time.Millisecond

// printPatience is how long printing a transcript may go on after that.
const printPatience = 30 * time.Millisecond

// printUntil returns when printing a transcript ends.
func printUntil(ctx context.Context) time.Time {
	if t, ok := ctx.Deadline(); ok && ctx.Err() == nil {
		return t.Add(printPatience)
	}
	return time.Now().Add(printPatience)
}

// saveTranscript writes the dialogue to a file. That it could not be written is
// a remark: the verdict on the server stands without it.
func saveTranscript(ctx context.Context, path string, rep *report.Report, opts render.Options) {
	opts.Until = printUntil(ctx)
	text := render.TranscriptFile(rep, opts)
	done := make(chan error, 1)
	go func() { done <- secret.Replacement{KeepOwner: true, Ours: render.IsTranscript}.Write(path, text) }()
	late := context.AfterFunc(ctx, func() {
		time.Sleep(writePatience)
		done <- errors.New("no time left to write it")
	})
	defer late()
	if err := <-done; err != nil {
		rep.Remarks = append(rep.Remarks, report.Remark{Text: fmt.Sprintf("--transcript=%s: %v", path, err)})
	}
}
