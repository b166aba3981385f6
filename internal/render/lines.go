package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"check_imap_session/internal/report"
)

// otherLines returns the lines below the first one. Several sessions have a block each,
// the worst first, below what they have in common; when these do not fit into room bytes,
// a session that is OK has one line only. more is how many lines of the transcripts were
// left out.
func otherLines(r *report.Report, v report.Verdict, o Options, room int) (lines []string, more int) {
	if len(r.Sessions) == 0 {
		return block(r, v, o, room)
	}
	common := v
	common.Findings = nil
	for _, f := range v.Findings {
		if f.Address == "" {
			common.Findings = append(common.Findings, f)
		}
	}
	order := make([]int, len(r.Sessions))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v.Sessions[b].State.Rank(), v.Sessions[a].State.Rank()) })
	for _, short := range []bool{false, true} {
		lines, more = block(r, common, o, room)
		for _, i := range order {
			s, sv := r.Sessions[i], v.Sessions[i]
			lines = append(lines, fmt.Sprintf("address %s: [%s] %.3f s", s.Target.Address, sv.State, s.Elapsed.Seconds()))
			if !short || sv.State != report.OK {
				one, left := block(s, sv, o, room-size(lines))
				lines, more = append(lines, one...), more+left
			}
		}
		if size(lines) <= room {
			break
		}
	}
	return lines, more
}

// block returns the lines of one session. The transcript takes what the other lines
// leave of room bytes; more is how many lines of it were left out.
func block(r *report.Report, v report.Verdict, o Options, room int) (lines []string, more int) {
	if text := secondLine(r); text != "" {
		lines = append(lines, o.clean(text))
	}
	printed := make([]bool, len(v.Findings)) // by the line of their step
	for _, s := range r.Steps {
		if s.Outcome == report.NotReached || s.Outcome == report.Skipped && o.Verbosity == 0 && !found(v, s.Name) {
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
		about := ""
		if rem.Step != "" {
			about = " on " + o.clean(rem.Mailbox.Of(rem.Step))
		}
		lines = append(lines, "remark"+about+": "+o.clean(rem.Text))
	}
	if o.Verbosity >= 1 {
		for _, u := range v.Unjudged {
			lines = append(lines, "note: "+o.clean(u))
		}
		if facts := factLines(r, o); len(facts) > 0 {
			lines = append(append(lines, "facts:"), facts...)
		}
	}
	if o.printsTranscript() {
		lines = append(lines, "transcript:")
		var dialogue []string
		dialogue, more = o.transcript(r, room-size(lines), Text)
		lines = append(lines, dialogue...)
	}
	return lines, more
}

// secondLine returns the line below the first, which some lists show alone: which step
// took longest, or how far the session came. It is "" when no step ran.
func secondLine(r *report.Report) string {
	var slowest *report.StepResult
	for i := range r.Steps {
		switch s := &r.Steps[i]; {
		case s.Outcome == report.Failed:
			return howFar(r.Steps, i)
		case s.Outcome == report.Passed && (slowest == nil || s.Elapsed > slowest.Elapsed):
			slowest = s
		}
	}
	if slowest == nil {
		return ""
	}
	text := slowest.Mailbox.Of(slowest.Name) + " took " + report.Took(slowest.Elapsed) + " of it"
	about := []string{r.Target.Address, fact(r, "tls_version"), report.Foreign(commonName(fact(r, "certificate_issuer")))}
	about = slices.DeleteFunc(about, func(s string) bool { return s == "" })
	if len(about) > 0 {
		text += "; " + strings.Join(about, ", ")
	}
	return text
}

// howFar returns the steps that passed before one failed, with their times, and those
// that were not reached because of it.
func howFar(steps []report.StepResult, failed int) string {
	var words, unreached []string
	for _, s := range steps[:failed] {
		if s.Outcome == report.Passed {
			words = append(words, s.Mailbox.Of(s.Name)+" "+report.Took(s.Elapsed))
		}
	}
	words = append(words, steps[failed].Mailbox.Of(steps[failed].Name)+" failed")
	for _, s := range steps {
		name := s.Mailbox.Of(s.Name)
		if s.Outcome == report.NotReached && !slices.Contains(unreached, name) { // a step may be planned in two places
			unreached = append(unreached, name)
		}
	}
	text := strings.Join(words, ", ")
	if len(unreached) > 0 {
		text += "; " + strings.Join(unreached, ", ") + ": not reached"
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

// stepLines returns the line of a step and, when it has findings, theirs. It marks
// these in printed.
func stepLines(r *report.Report, s report.StepResult, v report.Verdict, printed []bool, o Options) []string {
	state := report.OK
	var findings []report.Finding
	for i, f := range v.Findings {
		if f.Step == s.Name && f.Mailbox == s.Mailbox && !printed[i] {
			state = report.Worst(state, f.State)
			findings = append(findings, f)
			printed[i] = true
		}
	}
	line := fmt.Sprintf("%s [%s] %s", bar(r, s), state, o.clean(s.Mailbox.Of(s.Name)))
	if s.Outcome == report.Skipped {
		line += " skipped: " + o.clean(s.Detail)
	} else {
		line += " " + report.Took(s.Elapsed)
		if s.Detail != "" {
			line += ", " + o.clean(s.Detail)
		}
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
		lines = append(lines, below+"by hand: "+command(s.ByHand))
	}
	return lines
}

// below marks what belongs to the line above it: monitors take blanks away.
const below = "=== "

// barWidth is the width of a step's bar: with state, name and time it fits into
// 60 columns.
const barWidth = 30

// bar draws when a step began and how long it took, on the scale of the whole
// run, so that the lines together are a waterfall. Monitors use proportional fonts
// and collapse blanks, so the bar comes first on its line and the time before the step
// is drawn as well. Beginnings and lengths can be compared in any font, as each is drawn
// with one character; ends can in fonts that have both equally wide, such as Arial.
func bar(r *report.Report, s report.StepResult) string {
	total := r.Elapsed
	if total <= 0 || s.Outcome == report.Skipped {
		return strings.Repeat("_", barWidth)
	}
	from := min(int(barWidth*s.Start/total), barWidth-1)
	to := int((barWidth*(s.Start+s.Elapsed) + total - 1) / total) // rounded up
	to = min(max(to, from+1), barWidth)
	return strings.Repeat("_", from) + strings.Repeat("#", to-from) + strings.Repeat("_", barWidth-to)
}

// command returns a line to type, or where to find it when Text, which it has to pass,
// would change it.
func command(s string) string {
	if Text(s) != s {
		return "see --explain"
	}
	return s
}

// findingLines returns the line of a finding, which begins with mark, and its advice.
func findingLines(mark string, f report.Finding, o Options) []string {
	kind := f.Kind
	if f.Metric != "" {
		kind += " on " + f.Metric
	}
	text := mark + kind + ": " + o.clean(f.Text)
	if f.Server != "" {
		text += ", server said: " + o.quote(f.Server)
	}
	lines := []string{text}
	if f.Advice != "" {
		lines = append(lines, below+"advice: "+f.Advice)
	}
	return lines
}

// briefFacts are the facts that -v shows; -vv shows all. Those with the name of a step
// are shown only when it failed, as its line has them otherwise.
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
