package render

import (
	"fmt"
	"strings"

	"check_imap_session/internal/report"
)

const (
	// maxSummary is the most that the human part of the first line takes.
	maxSummary = 255
	// maxHost is the most that the host takes, so that the step is always there.
	maxHost = 64
	// share is what the server's words have of it at least.
	share = 60
)

// Summary returns the human part of the first line: state, target, step, cause,
// the server's words, advice.
func Summary(r *report.Report, v report.Verdict, o Options) string {
	head := "IMAP_SESSION " + v.State.String() + " - "
	if r.Target.Demo != "" {
		head += "DEMO " + r.Target.Demo + ": "
	}
	head += cut(Line(r.Target.Host), maxHost) + " "
	if len(v.Findings) == 0 || v.State == report.OK {
		return cut(head+o.ours(success(r, v), Line), maxSummary)
	}
	f := headline(v)
	more := ""
	if n := len(v.Findings) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	if len(r.Sessions) > 0 {
		head += wellAddresses(v) + ", "
	}
	if f.Address != "" {
		head += Line(f.Address) + ": "
	}
	words, advice := "", ""
	if f.Server != "" {
		words = ", server said: " + o.upTo(f.Server, maxQuoted, func(s string) string { return Line(Quote(withoutTimes(s))) })
	}
	if f.Advice != "" {
		advice = " - " + f.Advice
	}
	return head + firstLine(maxSummary-len(head)-len(more), o.ours(f.Text, Line), words, advice) + more
}

// headline returns the finding that made the state: the worst, but for several
// addresses of which the best decides.
func headline(v report.Verdict) report.Finding {
	for _, f := range v.Findings {
		if f.State == v.State {
			return f
		}
	}
	return v.Findings[0]
}

// wellAddresses returns "2 of 3 addresses OK".
func wellAddresses(v report.Verdict) string {
	well := 0
	for _, s := range v.Sessions {
		if s.State == report.OK {
			well++
		}
	}
	return fmt.Sprintf("%d of %d addresses OK", well, len(v.Sessions))
}

// success says what a good session found.
func success(r *report.Report, v report.Verdict) string {
	if len(r.Sessions) > 0 {
		text := fmt.Sprintf("%s in %.3f s", wellAddresses(v), r.Elapsed.Seconds())
		if len(v.Findings) > 0 {
			f := v.Findings[0]
			text += ", but " + strings.TrimPrefix(f.Address+": ", ": ") + f.Text
		}
		return text
	}
	passed := 0
	for _, s := range r.Steps {
		if s.Outcome == report.Passed {
			passed++
		}
	}
	var words []string
	login, sel := r.Step("login"), r.Step("select")
	switch {
	case login == nil:
		words = append(words, "no login")
	case login.Outcome == report.Skipped:
		words = append(words, "PREAUTH, no password tried")
	}
	if m, ok := r.Metric(report.Messages); ok && sel != nil {
		found := fmt.Sprintf("%s %.0f messages", r.Target.Mailbox, m.Value)
		switch {
		case m.Value == 1:
			found = r.Target.Mailbox + " 1 message"
		case m.Value == 0 && r.Step("fetch") != nil:
			found = r.Target.Mailbox + " empty, fetch skipped"
		}
		words = append(words, found)
	}
	words = append(words, fmt.Sprintf("%d steps in %.3f s", passed, r.Elapsed.Seconds()))
	text := strings.Join(words, ", ")
	for _, f := range v.Findings {
		text += ", but " + f.Text
	}
	return text
}

// cut shortens text to n bytes with a mark; n of 0 or less leaves nothing.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n < 10 {
		return ""
	}
	s = strings.ToValidUTF8(s[:n-3], "")
	if i := strings.LastIndexByte(s, ' '); i > len(s)*2/3 {
		s = s[:i]
	}
	return s + "..."
}
