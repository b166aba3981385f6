// Package render prints a report and its verdict: as plugin output, JSON or
// OpenMetrics text. It decides nothing. All foreign text goes through one place on
// its way out, foreign.go, which masks secrets and makes the text safe (rules U1 to
// U8 of docs/plugin-interface.md, as all rules that are cited here).
package render

import (
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// Options say how to print. The zero value prints plugin output with its step
// lines.
type Options struct {
	Version         string
	Verbosity       int            // 0 to 3, the number of -v
	Brief           bool           // the first line only
	PerfdataUnknown bool           // U for planned metrics that were not reached (rule P11)
	Transcript      bool           // print the transcript, whatever the verbosity
	Labels          []report.Label // of every OpenMetrics series, beside ours
	// Until is when printing a transcript ends: a big one takes a tenth of a second.
	// Zero means that all of it is printed.
	Until time.Time
	// Mask replaces secrets in foreign text, MaskWords in words that were one text;
	// nil masks nothing.
	Mask      func(string) string
	MaskWords func([]string) []string
}

// Format is one value of --output.
type Format struct {
	// Report prints a report and its verdict.
	Report func(r *report.Report, v report.Verdict, o Options) []byte
	// Message prints a single finding, when no session ran. Only Target and Started of
	// the report are used.
	Message func(r *report.Report, f report.Finding, o Options) []byte
}

// Formats are the values of --output.
func Formats() map[string]Format {
	return map[string]Format{
		"nagios":      {Nagios, Message},
		"json":        {JSON, JSONMessage},
		"openmetrics": {OpenMetrics, OpenMetricsMessage},
	}
}

// IsOutput says whether line begins as an output of this program does.
func IsOutput(line string) bool {
	for _, start := range []string{"IMAP_SESSION ", `{"schema":`, "# HELP " + prefix} {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return false
}

// FormatOf returns the format called name, plugin output for an unknown name.
func FormatOf(name string) Format {
	if f, ok := Formats()[name]; ok {
		return f
	}
	return Format{Nagios, Message}
}
