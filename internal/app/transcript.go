package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
)

// writePatience is how long writing the transcript may go on after the run's
// time is up: a dead mount must not hold the verdict.
const writePatience = 40 * time.Millisecond

// saveTranscript writes the dialogue to a file. That it could not be written is
// a remark: the verdict on the server stands without it.
func saveTranscript(ctx context.Context, path string, rep *report.Report, opts render.Options) {
	text := strings.Join(render.TranscriptLines(rep, opts), "\n") + "\n"
	done := make(chan error, 1)
	go func() { done <- replaceFile(path, []byte(text)) }()
	late := context.AfterFunc(ctx, func() {
		time.Sleep(writePatience)
		done <- errors.New("no time left to write it")
	})
	defer late()
	if err := <-done; err != nil {
		rep.Remarks = append(rep.Remarks, report.Remark{Text: fmt.Sprintf("--transcript=%s: %v", path, err)})
	}
}

// replaceFile writes a file that only its owner can read, whole or not at all.
// What is at path and no ordinary file, a link above all, is left alone.
func replaceFile(path string, data []byte) (err error) {
	if st, err := os.Lstat(path); err == nil && !st.Mode().IsRegular() {
		return errors.New("exists and is no ordinary file")
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".transcript-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
