package render

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

const (
	// maxSummary is the most that the human part of the first line takes.
	maxSummary = 255
	// maxHost is the most that the host takes, so that the step is always there.
	maxHost = 64
	// share is what the server's words get of it at least.
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
	if remark := headlineRemark(r); remark != "" {
		more += cut(" ("+o.ours(remark, Line), share*2) + ")"
	}
	if len(r.Sessions) > 0 {
		head += wellAddresses(v) + ", "
	}
	head += wellMailboxes(r, v)
	if f.Address != "" {
		head += Line(f.Address) + ": "
	}
	if user := account(r); user != "" && f.Step != report.StepLogin {
		head += cut(Line(user), maxHost) + ": "
	}
	words, advice := "", ""
	if f.Server != "" {
		words = ": " + o.upTo(f.Server, maxQuoted, func(s string) string { return Line(Quote(withoutTimes(s))) })
	}
	if f.Advice != "" {
		advice = " - " + f.Advice
	}
	return head + firstLine(maxSummary-len(head)-len(more), o.ours(f.Text, Line), words, advice) + more
}

// firstLine puts cause, server's words and advice into room bytes. The cause comes first.
// The server may say itself what to do, so our advice is left out whole before its words
// are cut. A long cause leaves the words their share.
func firstLine(room int, cause, words, advice string) string {
	switch {
	case len(cause)+len(words)+len(advice) <= room:
		return cause + words + advice
	case len(cause)+len(words) <= room:
		return cause + words
	}
	cause = cut(cause, max(room-min(len(words), share), share))
	return cause + cut(words, room-len(cause))
}

// withoutTimes removes the time that a command took, which Dovecot adds to the end of
// its text: "(0.001 + 0.000 secs)."
func withoutTimes(words string) string {
	return regexp.MustCompile(`\s*\(\d+\.\d+( \+ \d+\.\d+)* secs?\)\.?`).ReplaceAllString(words, "")
}

// account returns the user as whom a login was tried, "" when none was.
func account(r *report.Report) string {
	if s := r.Step(report.StepLogin); s != nil && ran(*s) {
		return r.Target.Username
	}
	return ""
}

// ran says that a step was tried, so that it has a time.
func ran(s report.StepResult) bool { return s.Outcome == report.Passed || s.Outcome == report.Failed }

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

// headlineRemark returns the remark that belongs on the first line, "" when none does.
func headlineRemark(r *report.Report) string {
	for _, one := range append([]*report.Report{r}, r.Sessions...) {
		for _, rem := range one.Remarks {
			if rem.Headline {
				return rem.Text
			}
		}
	}
	return ""
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

// success says what a good session found: "probe INBOX: 42 messages, newest 12 min old,
// 0.044 s, certificate 61 days". Of several sessions it says how many are good, and the
// worst finding.
func success(r *report.Report, v report.Verdict) string {
	text, findings := "", v.Findings
	if len(r.Sessions) > 0 {
		text = fmt.Sprintf("%s in %.3f s", wellAddresses(v), r.Elapsed.Seconds())
		findings = findings[:min(1, len(findings))]
	} else {
		text = sessionWords(r)
	}
	for _, f := range findings {
		text += ", but "
		if f.Address != "" {
			text += f.Address + ": "
		}
		text += f.Text
	}
	if remark := headlineRemark(r); remark != "" {
		text += ", but " + remark
	}
	return text
}

// sessionWords says what one session found, and for whom and where.
func sessionWords(r *report.Report) string {
	var facts []string
	if m, ok := r.Metric(report.Messages); ok {
		words := messages(m.Value)
		if m.Value == 0 && r.Step(report.StepFetch) != nil {
			words = "empty, so FETCH was not tested"
		}
		facts = append(facts, words)
	}
	facts = append(facts, mailboxWords(r)...)
	if m, ok := r.Metric(report.MessageAge); ok && r.Target.Message != "" {
		facts = append(facts, r.Target.Message+" "+report.Roughly(time.Duration(m.Value)*time.Second)+" old")
	}
	if m, ok := r.Metric(report.DeliveryTime); ok {
		facts = append(facts, "delivered in "+report.Roughly(time.Duration(m.Value)*time.Second))
	} else if r.Absent[report.DeliveryTime] == report.ClocksDiffer {
		facts = append(facts, "delivery time not judged, clocks differ")
	}
	if m, ok := r.Metric(report.SearchFound); ok {
		facts = append(facts, fmt.Sprintf("%.0f found", m.Value))
	}
	facts = append(facts, extent(r)...)
	facts = append(facts, fmt.Sprintf("%.3f s", r.Elapsed.Seconds()))
	if m, ok := r.Metric(report.CertificateDays); ok {
		facts = append(facts, "certificate "+report.InDays(m.Value))
	}
	text := strings.Join(facts, ", ")
	if who := strings.TrimSpace(account(r) + " " + r.Target.Mailbox); who != "" {
		text = who + ": " + text
	}
	return text
}

// messages returns a number of messages in words.
func messages(n float64) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%.0f messages", n)
}

// extent says how far a session went that flags or the server have shortened.
func extent(r *report.Report) []string {
	login := r.Step(report.StepLogin)
	switch {
	case login == nil:
		return []string{"no login"}
	case r.Step(report.StepSelect) == nil && r.Step(report.StepList) == nil:
		return []string{"up to login"}
	case r.Step(report.StepSelect) == nil:
		return []string{"up to list"}
	}
	var words []string
	if login.Outcome == report.Skipped {
		words = append(words, "PREAUTH, no password tried")
	}
	switch {
	case r.Step(report.StepFetch) == nil:
		words = append(words, "up to select")
	case r.Step(report.StepList) == nil:
		words = append(words, "without list")
	}
	return words
}

// cut shortens text to n bytes with a mark, between two words where there are any; n
// of 0 or less leaves nothing.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n < 10 {
		return ""
	}
	s = strings.ToValidUTF8(s[:n-3], "")
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		s = s[:i]
	}
	return s + "..."
}
