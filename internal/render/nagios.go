package render

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/atc0005/go-nagios"

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
)

// Nagios prints plugin output: the first line with the perfdata, then a line a
// step, findings with advice, what was not reached, and by verbosity facts and
// transcript.
func Nagios(r *report.Report, v report.Verdict, o Options) []byte {
	first := Summary(r, v, o)
	perf := perfdata(v, o, true)
	if len(first)+len(perf) > maxLine {
		perf = perfdata(v, o, false)
	}
	if perf != "" {
		if room := maxLine - len(perf) - len(" | "); len(first) > room {
			first = cut(first, max(room, minSummary))
		}
		first += " | " + perf
	}
	limit := maxOutput
	if o.Verbosity >= 2 || o.Transcript {
		limit = maxDiagnosis
	}
	lines := []string{first}
	switch {
	case o.Brief:
	case len(r.Sessions) > 0:
		lines = append(lines, blocks(r, v, o, limit-len(first)-1)...)
	default:
		lines = append(lines, block(r, v, o)...)
	}
	return emit(strings.Join(Fit(lines, limit), "\n"), v.State)
}

// Message prints a single finding as plugin output: what is to say when there
// is no report, a usage error or a bug. Only the text's first line stands on the
// first line of the output; the others, a stack, stand below.
func Message(state report.State, kind, text, advice string, o Options) []byte {
	text, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line := fmt.Sprintf("IMAP_SESSION %s - %s: %s", state, kind, Line(o.mask(text)))
	if advice != "" {
		line += " - " + Line(advice)
	}
	lines := []string{cut(line, maxLine)}
	for l := range strings.Lines(more) {
		if l = o.clean(l); l != "" {
			lines = append(lines, l)
		}
	}
	return emit(strings.Join(Fit(lines, maxOutput), "\n"), state)
}

// emit hands the text to go-nagios, which owns states and the final form.
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

// blocks returns the lines of several sessions, a block each, the worst first.
// When they do not fit into room bytes, those that are OK have one line only.
func blocks(r *report.Report, v report.Verdict, o Options, room int) []string {
	top := v
	top.Findings = slices.DeleteFunc(slices.Clone(v.Findings), func(f report.Finding) bool { return f.Address != "" })
	order := make([]int, len(r.Sessions))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v.Sessions[b].State.Rank(), v.Sessions[a].State.Rank()) })
	build := func(short bool) (lines []string, size int) {
		lines = block(r, top, o)
		for _, i := range order {
			s, sv := r.Sessions[i], v.Sessions[i]
			lines = append(lines, fmt.Sprintf("address %s: [%s] %.3f s", s.Target.Address, sv.State, s.Elapsed.Seconds()))
			if !short || sv.State != report.OK {
				lines = append(lines, block(s, sv, o)...)
			}
		}
		for _, l := range lines {
			size += len(l) + 1
		}
		return lines, size
	}
	lines, size := build(false)
	if size > room {
		lines, _ = build(true)
	}
	return lines
}

// block returns the lines of one session.
func block(r *report.Report, v report.Verdict, o Options) []string {
	var lines []string
	var unreached []string
	printed := map[int]bool{}
	for _, s := range r.Steps {
		if s.Outcome == report.NotReached {
			if !slices.Contains(unreached, s.Name) { // a step may be planned in two places
				unreached = append(unreached, s.Name)
			}
			continue
		}
		lines = append(lines, stepLines(r, s, v, printed, o)...)
	}
	if len(unreached) > 0 {
		lines = append(lines, "[--] "+strings.Join(unreached, ", ")+": not reached")
	}
	for i, f := range v.Findings {
		if !printed[i] {
			lines = append(lines, findingLines("["+f.State.String()+"] ", f, o)...)
		}
	}
	for _, rem := range r.Remarks {
		line := "remark: " + o.clean(rem.Text)
		if rem.Step != "" {
			line = "remark on " + rem.Step + ": " + o.clean(rem.Text)
		}
		lines = append(lines, line)
	}
	if o.Verbosity >= 1 {
		for _, u := range v.Unjudged {
			lines = append(lines, "note: "+o.clean(u))
		}
		lines = append(lines, factLines(r, o)...)
	}
	if o.Verbosity >= 3 || o.Transcript {
		lines = append(append(lines, "transcript:"), TranscriptLines(r, o)...)
	}
	return lines
}

// stepLines returns the line of a step and, when it has findings, theirs.
func stepLines(r *report.Report, s report.StepResult, v report.Verdict, printed map[int]bool, o Options) []string {
	state := report.OK
	var findings []report.Finding
	for i, f := range v.Findings {
		if f.Step == s.Name && !printed[i] {
			state = report.Worst(state, f.State)
			findings = append(findings, f)
			printed[i] = true
		}
	}
	line := fmt.Sprintf("[%s] %-10s %6.3f s  %s", state, s.Name, s.Elapsed.Seconds(), bar(r, s))
	switch {
	case s.Outcome == report.Skipped:
		line = fmt.Sprintf("[%s] %-10s skipped: %s", state, s.Name, o.clean(s.Detail))
	case s.Detail != "":
		line += "  " + o.clean(s.Detail)
	}
	if s.Planned != "" && o.Verbosity >= 1 {
		line += " (" + s.Planned + ")"
	}
	lines := []string{line}
	for _, f := range findings {
		lines = append(lines, findingLines("    ", f, o)...)
	}
	if s.ByHand != "" && o.Verbosity >= 1 {
		lines = append(lines, "    by hand: "+o.command(s.ByHand))
	}
	return lines
}

// barWidth is the width of a step's bar: with state, name and time it fits into
// 60 columns.
const barWidth = 30

// bar draws when a step began and how long it took, on the scale of the whole
// run, so that the lines together are a waterfall. Offset and rest are drawn
// too, with a character as wide as the other in most fonts: monitors collapse
// blanks and set text in proportional ones.
func bar(r *report.Report, s report.StepResult) string {
	total := r.Elapsed
	if total <= 0 {
		return strings.Repeat("_", barWidth)
	}
	from := min(int(int64(barWidth)*int64(s.Start)/int64(total)), barWidth-1)
	to := int((int64(barWidth)*int64(s.Start+s.Elapsed) + int64(total) - 1) / int64(total))
	to = min(max(to, from+1), barWidth)
	return strings.Repeat("_", from) + strings.Repeat("#", to-from) + strings.Repeat("_", barWidth-to)
}

// command returns a line to type, or where to find it when it would not stay
// what it is among what monitors and their notifications allow.
func (o Options) command(s string) string {
	if o.clean(s) != s {
		return "see --explain"
	}
	return s
}

func findingLines(indent string, f report.Finding, o Options) []string {
	text := indent + f.Kind + ": " + o.clean(f.Text)
	if f.Server != "" {
		text += ", server said: " + Quote(o.mask(f.Server))
	}
	lines := []string{text}
	if f.Advice != "" {
		lines = append(lines, "    advice: "+f.Advice)
	}
	return lines
}

// briefFacts are shown at -v; all of them at -vv.
var briefFacts = []string{"address", "tls_version", "certificate_subject", "certificate_not_after", "mechanism", "greeting", "server_id", "access"}

func factLines(r *report.Report, o Options) []string {
	var lines []string
	for _, f := range r.Facts {
		if o.Verbosity < 2 && !slices.Contains(briefFacts, f.Name) {
			continue
		}
		lines = append(lines, f.Name+": "+Quote(o.mask(factText(f.Value))))
	}
	return lines
}

func factText(v any) string {
	if words, ok := v.([]string); ok {
		return strings.Join(words, ", ")
	}
	return fmt.Sprint(v)
}

// TranscriptLines returns the dialogue, a line a line: offset, direction, text.
func TranscriptLines(r *report.Report, o Options) []string {
	var lines []string
	for _, l := range r.Transcript {
		for part := range strings.SplitSeq(l.Text, "\n") {
			mark := l.From + ":"
			if l.From == "-" {
				mark = "--"
			}
			lines = append(lines, fmt.Sprintf("%9.6f %s %s", l.At.Seconds(), mark, o.clean(part)))
		}
	}
	return lines
}
