package app

import (
	"bytes"
	"errors"
	"time"

	"check_imap_session/internal/cli"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
)

// reportBug is the advice where our own code has failed.
const reportBug = "please report this bug"

// notRead is the answer when the command line or the secrets, as what says, could not be
// read. limit is the time that there was for it.
func notRead(req *cli.Request, what, limit string, err error) answer {
	switch {
	case errors.Is(err, report.ErrInterrupted):
		return message(req, "interrupted", "while reading "+what, "")
	case errors.Is(err, report.ErrInternal):
		return message(req, "internal", report.Foreign(err.Error()), reportBug)
	case errors.Is(err, report.ErrTimeout):
		return message(req, "config", "reading "+what+" took longer than "+limit, "is the file on a dead mount, does the command hang?")
	}
	return message(req, "config", err.Error(), "correct the file or command named here")
}

// message prints a single finding, when no session ran.
func message(req *cli.Request, kind, text, advice string) answer {
	opts := options(req)
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
			return notRead(req, "the command line", parseTimeout.String(), err)
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
	return message(req, kind, text, advice)
}
