// Package judge decides what a report means: which kind each failure is of,
// which state each finding has, which numbers are outside their ranges. It is
// the only place where states are decided, and it is pure: values in, a verdict
// out. Its tables (kinds, rows, wordings) are the failure table of the
// documentation.
package judge

//go:generate go run ./failuresdoc

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// Rule is the thresholds on one metric.
type Rule struct {
	// Metric is its name; messages@INBOX is that of one mailbox of several, by the
	// mailbox's name or label.
	Metric     string
	Warn, Crit *Range // nil means none
}

// Policy is what the user wants of the judgement. The zero Policy judges
// failures by their default states and no numbers.
type Policy struct {
	Rules  []Rule                  // at most one a metric
	States map[string]report.State // of failure kinds, in place of the defaults
	// CertificateDefault is the warning limit on certificate_days where no rule has one:
	// 14 days, or a tenth of the validity where that is less.
	CertificateDefault bool
}

// Rule returns the rule for a metric of a mailbox, or of the session: the one for
// this mailbox where there is one. It is the zero Rule when there is none.
func (p Policy) Rule(metric string, of report.Mailbox) Rule {
	var found Rule
	for _, r := range p.Rules {
		name, mailbox, one := strings.Cut(r.Metric, "@")
		switch {
		case name != metric:
		case !one:
			found = r
		case of.Label != "" && of.Named(mailbox):
			return r
		}
	}
	return found
}

// Judge judges a report. See Kinds for the default states.
func Judge(r *report.Report, p Policy) report.Verdict {
	v := report.Verdict{Metrics: make([]report.Judged, 0, len(r.Metrics))}
	for i := range r.Steps {
		if s := &r.Steps[i]; s.Outcome == report.Failed && s.Err != nil {
			v.Findings = append(v.Findings, p.finding(s.Err, s))
		}
	}
	for _, e := range r.Faults {
		v.Findings = append(v.Findings, p.finding(e, r.StepOf(e.Step, e.Among)))
	}
	for _, def := range report.MetricTable() {
		if !ofEachMailbox(r, def) {
			p.judgeMetric(r, &v, def, report.Mailbox{}, p.Rule(def.Name, report.Mailbox{}))
			continue
		}
		if def.Name == report.StepTime(def.Step) { // the sum over the mailboxes, to which no limit applies
			p.judgeMetric(r, &v, def, report.Mailbox{}, Rule{})
		}
		for _, of := range r.Target.Mailboxes {
			p.judgeMetric(r, &v, def, of, p.Rule(def.Name, of))
		}
	}
	sortFindings(&v)
	v.Success = succeeded(v.Findings)
	if len(r.Sessions) > 0 {
		p.judgeAll(r, &v)
	}
	return v
}

// succeeded says whether there is no failure but of kinds that are OK by default.
func succeeded(findings []report.Finding) bool {
	return !slices.ContainsFunc(findings, func(f report.Finding) bool {
		kind, _ := LookupKind(f.Kind)
		return f.Kind != "threshold" && kind.State != report.OK
	})
}

// ofEachMailbox says whether a metric is measured of each of several mailboxes.
func ofEachMailbox(r *report.Report, def report.MetricDef) bool {
	for i := range r.Steps {
		if s := &r.Steps[i]; s.Mailbox.Label != "" && s.Name == def.Step {
			return true
		}
	}
	for i := range r.Metrics {
		if m := &r.Metrics[i]; m.Mailbox.Label != "" && m.Def.Name == def.Name {
			return true
		}
	}
	return false
}

// judgeMetric judges a metric of one mailbox, or of the session, by a rule. One that was
// not measured is noted, but in a check of several sessions, which note their own.
func (p Policy) judgeMetric(r *report.Report, v *report.Verdict, def report.MetricDef, of report.Mailbox, rule Rule) {
	if m, ok := r.MetricOf(def.Name, of); ok {
		v.Metrics = append(v.Metrics, p.judged(r, m, rule, v))
	} else if len(r.Sessions) == 0 {
		missing(r, v, report.Metric{Def: def, Mailbox: of}, rule)
	}
}

// minReported is the shortest time of a step that failed which a finding mentions: a
// server may answer a wrong password late on purpose.
const minReported = time.Second

// minSlow is the shortest time of a step that makes it the cause of a slow run.
const minSlow = 100 * time.Millisecond

// judged compares a metric with its rule; what violates it becomes a finding.
func (p Policy) judged(r *report.Report, m report.Metric, rule Rule, v *report.Verdict) report.Judged {
	if m.Def.Name == report.CertificateDays && p.CertificateDefault {
		// A certificate that is refused has its finding.
		if tls := r.Step(report.StepTLS); tls != nil && tls.Outcome == report.Passed {
			rule.Warn = defaultDays(r)
		}
	}
	judged := report.Judged{Metric: m, Warn: printed(rule.Warn, m.Def), Crit: printed(rule.Crit, m.Def)}
	if f, limit := violation(r, m, rule); limit != nil {
		f.Advice = thresholdAdvice(r, m, *limit)
		if s := slowest(r); s != nil && m.Def.Name == report.Time && above(m, *limit) {
			f.Text += fmt.Sprintf(", %s took %s of it", s.Mailbox.Of(s.Name), report.Took(s.Elapsed))
			f.Advice = slowAdvice(s)
		}
		if hop, ok := r.Fact(m.Mailbox.At("delivery_slowest_hop")).(string); ok && m.Def.Name == report.DeliveryTime && above(m, *limit) {
			f.Text += ", slowest hop: " + hop
		}
		f.State = p.state(f.Kind, f.State)
		judged.State = f.State
		v.Findings = append(v.Findings, f)
	}
	return judged
}

// defaultDays is the warning limit of Policy.CertificateDefault: a certificate that is
// renewed every week has fewer than 14 days left all the time.
func defaultDays(r *report.Report) *Range {
	days := 14.0
	moment := func(fact string) time.Time {
		text, _ := r.Fact(fact).(string)
		t, _ := time.Parse(time.RFC3339, text)
		return t
	}
	if validity := moment("certificate_not_after").Sub(moment("certificate_not_before")); validity > 0 {
		days = min(days, max(math.Ceil(validity.Hours()/24/10), 1))
	}
	return &Range{Lower: days, Upper: math.Inf(1)}
}

// sortFindings puts the worst first and takes the verdict's state from it.
func sortFindings(v *report.Verdict) {
	// slices.SortStableFunc would add 9 KB of code for this type to the program.
	sort.SliceStable(v.Findings, func(i, j int) bool { return v.Findings[i].State.Rank() > v.Findings[j].State.Rank() })
	for _, f := range v.Findings {
		v.State = report.Worst(v.State, f.State)
	}
}

// state returns the state of a kind: the default, unless --state has another.
func (p Policy) state(kind string, def report.State) report.State {
	if st, ok := p.States[kind]; ok {
		if k, _ := LookupKind(kind); !k.Fixed {
			return st
		}
	}
	return def
}

// finding judges a failure.
func (p Policy) finding(e *report.StepError, s *report.StepResult) report.Finding {
	c := rowFor(e)
	k, _ := LookupKind(c.Kind)
	def := k.State
	if c.State != report.OK {
		def = c.State
	}
	f := report.Finding{State: p.state(k.Name, def), Kind: k.Name, Step: e.Step, Mailbox: e.Among, Advice: c.Advice}
	f.Text = e.Among.Of(e.Step)
	if e.Step == report.StepLogin && e.Setup.Username != "" {
		f.Text += " as " + e.Setup.Username
	}
	if c.Phrase != nil {
		f.Text += " " + c.Phrase(e)
	} else {
		f.Text += " " + k.Verb
		if s != nil && s.Outcome == report.Failed && (s.Elapsed >= minReported || k.Name == "timeout") {
			f.Text += fmt.Sprintf(" after %.3f s", s.Elapsed.Seconds()) + arrived(e.Arrived)
		}
		if k.Cause != "" {
			f.Text += ", " + k.Cause
		}
		if c.Detail != nil {
			if d := c.Detail(e); d != "" {
				f.Text += ", " + d
			}
		}
	}
	f.Advice = givenAdvice(e, f)
	f.Server = serverWords(e)
	return f
}

// checkPassword is the advice on a password that was rejected.
const checkPassword = "check user name and password"

// givenAdvice returns the advice of a finding: that of its row, or another one where
// what the user gave says more about the cause. For a rejected password that is what is
// odd about it, else where it came from.
func givenAdvice(e *report.StepError, f report.Finding) string {
	switch {
	case f.Kind == "mailbox_missing" && e.Step == report.StepAppend:
		return "create it for the probe, or is --append not spelled as in LIST?"
	case f.Kind == "mailbox_missing" && e.Mailbox != "" && strings.Trim(e.Mailbox, "0123456789") == "":
		return "-m is the mailbox here. A limit in bytes, as of check_imap, is --fetch-limit"
	case f.Kind != "auth_failed" || !triedPassword(e):
	case e.Setup.PasswordDoubt != "":
		return e.Setup.PasswordDoubt
	case f.Advice == checkPassword && e.Setup.PasswordFile != "":
		return f.Advice + " (" + e.Setup.PasswordFile + ")"
	}
	return f.Advice
}

// serverWords returns what the server said about it: the reply, else the lines
// it sent while it was waited for, else the line that made no sense.
func serverWords(e *report.StepError) string {
	var said []string
	if e.Reply != nil {
		if words := e.Reply.String(); words != "" {
			said = append(said, words)
		}
	}
	for _, line := range e.Said {
		if !slices.Contains(said, line) {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return e.Line
	}
	return strings.Join(said, " / ")
}

// slowest returns the step that took half of the time or more, nil when none did
// or when there is nothing slow.
func slowest(r *report.Report) *report.StepResult {
	for i, s := range r.Steps {
		if s.Outcome == report.Passed && s.Elapsed >= minSlow && 2*s.Elapsed >= r.Elapsed {
			return &r.Steps[i]
		}
	}
	return nil
}

// slowAdvice returns what to do about a slow step: the same as when it times out.
func slowAdvice(s *report.StepResult) string {
	switch s.Name {
	case report.StepDNS:
		return "are the name servers of this machine slow? see /etc/resolv.conf"
	case report.StepLogin:
		return "is its user database slow (LDAP, SQL, PAM)?"
	case report.StepToken:
		return "is the token endpoint slow?"
	}
	if s.About == report.AboutStore || s.About == report.AboutMailbox {
		return "is the mail store slow or locked?"
	}
	return ""
}

func withUnit(v string, def report.MetricDef) string {
	return strings.TrimSpace(v + " " + def.Unit.UOM())
}

// Format returns a metric's value as it is printed: seconds with six decimals,
// bytes and days whole, never an exponent (rules P7, P8).
func Format(m report.Metric) string {
	switch m.Def.Unit {
	case report.Seconds:
		return strconv.FormatFloat(m.Value, 'f', 6, 64)
	case report.Percent:
		// As many digits as tell 19.999 from a limit of 20 (rule T9).
		return strconv.FormatFloat(math.Round(m.Value*1e6)/1e6, 'f', -1, 64)
	}
	return strconv.FormatFloat(m.Value, 'f', -1, 64)
}

// printed returns a range as perfdata has it, "" for none. Of a metric that is
// never negative `~:5` means `5`, which is all that Icinga's writers understand
// (rules P14, P15).
func printed(r *Range, def report.MetricDef) string {
	if r == nil {
		return ""
	}
	if def.Signed {
		return r.String()
	}
	return r.NonNegative().String()
}

// missing notes what a metric without a value means: nothing to compare, or a
// step that was not reached.
func missing(r *report.Report, v *report.Verdict, m report.Metric, rule Rule) {
	def := m.Def
	step := r.Step(def.Step) // of a sum that of the first mailbox
	if m.Mailbox.Label != "" {
		step = r.StepOf(def.Step, m.Mailbox)
	}
	if step != nil {
		v.Unknown = append(v.Unknown, m)
	}
	if rule.Warn == nil && rule.Crit == nil || def.Step == "" { // of the whole run: not this session's
		return
	}
	why, absent := r.Absent[m.Label()]
	switch {
	case absent:
	case step == nil:
		why = "this session has no step " + def.Step
	case step.Outcome == report.Passed:
		why = "it was not measured"
	default:
		return // the failure itself is the finding
	}
	v.Unjudged = append(v.Unjudged, fmt.Sprintf("threshold on %s not judged: %s", m.Mailbox.Of(def.Name), why))
}
