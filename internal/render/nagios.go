package render

import (
	"bytes"
	"fmt"
	"strings"

	nagios "github.com/atc0005/go-nagios"

	"check_imap_session/internal/report"
)

const (
	// maxOutput bounds the whole output where people look at it in a monitor:
	// under load Nagios keeps the first 4096 bytes (rule S1).
	maxOutput = 4000
	// maxDiagnosis bounds it where somebody asked for diagnosis (-vv, -vvv).
	maxDiagnosis = 60000
	// minSummary is what the words keep on the first line however long the
	// perfdata is, which is never cut (rule S4).
	minSummary = 80
	// maxLine bounds the first line with its perfdata: NRPE version 2 carries
	// 1024 bytes (rule S2).
	maxLine = 1000
	// maxMailboxes bounds the first line when it has the perfdata of several mailboxes.
	// What it takes beyond maxLine is added to maxOutput.
	maxMailboxes = 8000
)

// Nagios prints plugin output: the first line with the perfdata, then a line for each
// step, findings with advice, what was not reached, and depending on the verbosity facts
// and transcript.
func Nagios(r *report.Report, v report.Verdict, o Options) []byte {
	first := Summary(r, v, o)
	maxFirst, several := maxLine, len(r.Target.Mailboxes) > 0
	if several {
		maxFirst = maxMailboxes
	}
	if perf := perfdataWithin(r, v, o, maxFirst-len(first)); perf != "" {
		first = cut(first, max(maxFirst-len(perf)-len(" | "), minSummary)) + " | " + perf
	}
	limit := maxOutput
	switch {
	case o.Verbosity >= 2 || o.Transcript:
		limit = maxDiagnosis
	case several:
		limit += max(0, len(first)-maxLine)
	}
	lines, more := []string{first}, 0
	if !o.Brief {
		var others []string
		others, more = otherLines(r, v, o, limit-len(first)-1)
		lines = append(lines, others...)
	}
	return emit(strings.Join(Fit(lines, more, limit), "\n"), v.State)
}

// Message prints a single finding as plugin output, when there is no report: a usage
// error or a bug. Only the first line of its text is on the first line of the output;
// the others, such as a stack, follow below.
func Message(_ *report.Report, f report.Finding, o Options) []byte {
	line, more := o.messageLine(f)
	if f.Advice != "" {
		line += " - " + Line(f.Advice)
	}
	lines := []string{cut(line, maxLine)}
	for l := range strings.Lines(more) {
		if l = Text(l); l != "" {
			lines = append(lines, l)
		}
	}
	return emit(strings.Join(Fit(lines, 0, maxOutput), "\n"), f.State)
}

// messageLine returns the first line of a finding that stands alone, without its
// advice, and what is below it.
func (o Options) messageLine(f report.Finding) (line, more string) {
	text := report.MapForeign(f.Text, func(theirs string) string { return o.start(theirs, maxForeign) })
	text, more, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return fmt.Sprintf("IMAP_SESSION %s - %s: %s", f.State, f.Kind, Line(text)), more
}

// emit gives the finished text and the exit code to go-nagios and returns what it
// prints, without the blanks that it adds at the end.
func emit(text string, state report.State) []byte {
	var out bytes.Buffer
	p := nagios.Plugin{ServiceOutput: text, ExitStatusCode: int(state)}
	p.SetOutputTarget(&out)
	p.SkipOSExit()
	p.HideErrorsSection()
	p.HideThresholdsSection()
	p.ReturnCheckResults()
	return append(bytes.TrimRight(out.Bytes(), " \n"), '\n')
}
