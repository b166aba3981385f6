package render

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
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
	// maxMailboxes bounds it where it has the perfdata of several mailboxes. The
	// output may be longer by what the line is.
	maxMailboxes = 8000
)

// Nagios prints plugin output: the first line with the perfdata, then a line a
// step, findings with advice, what was not reached, and by verbosity facts and
// transcript.
func Nagios(r *report.Report, v report.Verdict, o Options) []byte {
	first := Summary(r, v, o)
	line := maxLine
	if len(r.Target.Mailboxes) > 0 {
		line = maxMailboxes
	}
	perf := perfdataWithin(r, v, o, line-len(first))
	if perf != "" {
		if room := line - len(perf) - len(" | "); len(first) > room {
			first = cut(first, max(room, minSummary))
		}
		first += " | " + perf
	}
	limit := maxOutput
	if len(r.Target.Mailboxes) > 0 {
		limit += max(0, len(first)-maxLine)
	}
	if o.Verbosity >= 2 || o.Transcript {
		limit = maxDiagnosis
	}
	lines := []string{first}
	more, room := 0, limit-len(first)-1
	if !o.Brief {
		var below []string
		if len(r.Sessions) > 0 {
			below, more = blocks(r, v, o, room)
		} else {
			below, more = block(r, v, o, room)
		}
		lines = append(lines, below...)
	}
	return emit(strings.Join(Fit(lines, more, limit), "\n"), v.State)
}

// Message prints a single finding as plugin output: what is to say when there
// is no report, a usage error or a bug. Only the text's first line stands on the
// first line of the output; the others, a stack, stand below.
func Message(_ *report.Report, f report.Finding, o Options) []byte {
	text := report.MapForeign(f.Text, func(theirs string) string { return o.start(theirs, maxForeign) })
	text, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line := fmt.Sprintf("IMAP_SESSION %s - %s: %s", f.State, f.Kind, Line(text))
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

// blocks returns the lines of several sessions, a block each, the worst first.
// When they do not fit into room bytes, those that are OK have one line only. more is
// that of block.
func blocks(r *report.Report, v report.Verdict, o Options, room int) (lines []string, more int) {
	top := v
	top.Findings = slices.DeleteFunc(slices.Clone(v.Findings), func(f report.Finding) bool { return f.Address != "" })
	order := make([]int, len(r.Sessions))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v.Sessions[b].State.Rank(), v.Sessions[a].State.Rank()) })
	build := func(short bool) {
		lines, more = block(r, top, o, room)
		for _, i := range order {
			s, sv := r.Sessions[i], v.Sessions[i]
			lines = append(lines, fmt.Sprintf("address %s: [%s] %.3f s", s.Target.Address, sv.State, s.Elapsed.Seconds()))
			if !short || sv.State != report.OK {
				one, left := block(s, sv, o, room-size(lines))
				lines, more = append(lines, one...), more+left
			}
		}
	}
	build(false)
	if size(lines) > room {
		build(true)
	}
	return lines, more
}

// size returns how many bytes lines take.
func size(lines []string) (n int) {
	for _, l := range lines {
		n += len(l) + 1
	}
	return n
}

// block returns the lines of one session. Of the transcript there is no more than it
// takes to fill room bytes; more is how many lines of it were left out.
func block(r *report.Report, v report.Verdict, o Options, room int) (lines []string, more int) {
	if text := second(r); text != "" {
		lines = append(lines, o.clean(text))
	}
	printed := map[int]bool{}
	for _, s := range r.Steps {
		if s.Outcome == report.NotReached {
			continue
		}
		if s.Outcome == report.Skipped && o.Verbosity == 0 && !found(v, s.Name) {
			continue
		}
		lines = append(lines, stepLines(r, s, v, printed, o)...)
	}
	for i, f := range v.Findings {
		if !printed[i] {
			lines = append(lines, findingLines("["+f.State.String()+"] ", f, o)...)
		}
	}
	for _, rem := range r.Remarks {
		line := "remark: " + o.clean(rem.Text)
		if rem.Step != "" {
			line = "remark on " + o.clean(rem.Mailbox.Of(rem.Step)) + ": " + o.clean(rem.Text)
		}
		lines = append(lines, line)
	}
	if o.Verbosity >= 1 {
		for _, u := range v.Unjudged {
			lines = append(lines, "note: "+o.clean(u))
		}
		if facts := factLines(r, o); len(facts) > 0 {
			lines = append(append(lines, "facts:"), facts...)
		}
	}
	if o.Verbosity >= 3 || o.Transcript {
		lines = append(lines, "transcript:")
		var dialogue []string
		dialogue, more = o.transcript(r, room-size(lines), Text)
		lines = append(lines, dialogue...)
	}
	return lines, more
}

// second returns the line below the first, which stands alone in some lists: where
// the time went, and what was not reached.
func second(r *report.Report) string {
	var slowest, failed *report.StepResult
	var unreached, took []string
	for i, s := range r.Steps {
		switch {
		case s.Outcome == report.NotReached && !slices.Contains(unreached, s.Mailbox.Of(s.Name)): // a step may be planned in two places
			unreached = append(unreached, s.Mailbox.Of(s.Name))
		case s.Outcome == report.Failed && failed == nil:
			failed = &r.Steps[i]
		case s.Outcome == report.Passed:
			if failed == nil {
				took = append(took, s.Mailbox.Of(s.Name)+" "+report.Took(s.Elapsed))
			}
			if slowest == nil || s.Elapsed > slowest.Elapsed {
				slowest = &r.Steps[i]
			}
		}
	}
	switch {
	case failed != nil:
		text := strings.Join(append(took, failed.Mailbox.Of(failed.Name)+" failed"), ", ")
		if len(unreached) > 0 {
			text += "; " + strings.Join(unreached, ", ") + ": not reached"
		}
		return text
	case slowest == nil:
		return ""
	}
	about := []string{r.Target.Address, fact(r, "tls_version"), report.Foreign(commonName(fact(r, "certificate_issuer")))}
	about = slices.DeleteFunc(about, func(s string) bool { return s == "" })
	text := slowest.Mailbox.Of(slowest.Name) + " took " + report.Took(slowest.Elapsed) + " of it"
	if len(about) > 0 {
		text += "; " + strings.Join(about, ", ")
	}
	return text
}

// commonName returns the CN of a distinguished name in the form of RFC 2253, all of a
// name without one.
func commonName(dn string) string {
	for part := range strings.SplitSeq(dn, ",") {
		if cn, ok := strings.CutPrefix(part, "CN="); ok {
			return cn
		}
	}
	return dn
}

// found says whether there is a finding on a step.
func found(v report.Verdict, step string) bool {
	return slices.ContainsFunc(v.Findings, func(f report.Finding) bool { return f.Step == step })
}

// stepLines returns the line of a step and, when it has findings, theirs.
func stepLines(r *report.Report, s report.StepResult, v report.Verdict, printed map[int]bool, o Options) []string {
	state := report.OK
	var findings []report.Finding
	for i, f := range v.Findings {
		if f.Step == s.Name && f.Mailbox == s.Mailbox && !printed[i] {
			state = report.Worst(state, f.State)
			findings = append(findings, f)
			printed[i] = true
		}
	}
	line := fmt.Sprintf("%s [%s] %s", bar(r, s), state, o.step(s))
	switch {
	case s.Outcome == report.Skipped:
		line += " skipped: " + o.clean(s.Detail)
	case s.Detail != "":
		line += " " + report.Took(s.Elapsed) + ", " + o.clean(s.Detail)
	default:
		line += " " + report.Took(s.Elapsed)
	}
	if s.Planned != "" && o.Verbosity >= 1 {
		line += " (" + s.Planned + ")"
	}
	lines := []string{line}
	for _, f := range findings {
		mark := below
		if len(findings) > 1 {
			mark += f.State.String() + " "
		}
		lines = append(lines, findingLines(mark, f, o)...)
	}
	if s.ByHand != "" && o.Verbosity >= 1 {
		lines = append(lines, below+"by hand: "+o.command(s.ByHand))
	}
	return lines
}

// step returns the name of a step, with its mailbox where a session opens several.
func (o Options) step(s report.StepResult) string { return o.clean(s.Mailbox.Of(s.Name)) }

// below marks what belongs to the line above it: monitors take blanks away.
const below = "=== "

// barWidth is the width of a step's bar: with state, name and time it fits into
// 60 columns.
const barWidth = 30

// bar draws when a step began and how long it took, on the scale of the whole
// run, so that the lines together are a waterfall. It stands first on its line
// and the offset is drawn too, as monitors set text in proportional fonts and
// collapse blanks: so all begin at the same place, and as there is nothing but
// the one character in front of it, where a step begins can be compared in any
// font. How long it took can too; where it ends in fonts that have both
// characters equally wide, as Arial has.
func bar(r *report.Report, s report.StepResult) string {
	total := r.Elapsed
	if total <= 0 || s.Outcome == report.Skipped {
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
	if Text(s) != s {
		return "see --explain"
	}
	return s
}

func findingLines(indent string, f report.Finding, o Options) []string {
	kind := f.Kind
	if f.Metric != "" {
		kind += " on " + f.Metric
	}
	text := indent + kind + ": " + o.clean(f.Text)
	if f.Server != "" {
		text += ", server said: " + o.quote(f.Server)
	}
	lines := []string{text}
	if f.Advice != "" {
		lines = append(lines, below+"advice: "+f.Advice)
	}
	return lines
}

// briefFacts are shown at -v, all of them at -vv: those with the name of a step
// only when it failed, as its line has them otherwise.
var briefFacts = map[string]string{
	"certificate_subject": "tls", "certificate_issuer": "tls", "certificate_not_after": "", "mechanism": "login",
	"capabilities": "login", "capabilities_after_login": "", "server_id": "id", "uidvalidity": "",
}

func factLines(r *report.Report, o Options) []string {
	var lines []string
	for _, f := range r.Facts {
		step, brief := briefFacts[plainName(f)]
		switch {
		case o.Verbosity >= 2:
			lines = append(lines, o.factName(f, Text)+": "+factText(o.fact(f, Text)))
		case brief && (step == "" || failed(r, step)):
			lines = append(lines, o.factName(f, Text)+": "+Quote(factText(o.fact(f, visible))))
		}
	}
	return lines
}

func failed(r *report.Report, name string) bool {
	s := r.Step(name)
	return s != nil && s.Outcome == report.Failed
}

func factText(v any) string {
	if words, ok := v.([]string); ok {
		return strings.Join(words, ", ")
	}
	return fmt.Sprint(v)
}
