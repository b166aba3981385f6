// Package explain says what a check would do and how a person does the same with
// telnet, openssl and curl. It contacts nobody and knows no secrets: what is
// typed has placeholders for them.
package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// Check is what is to be explained.
type Check struct {
	Config       session.Config
	Plan         []session.Step
	Policy       judge.Policy
	Timeout      time.Duration
	AllAddresses string // "worst", "any" or ""
}

// Text returns the plan of a check, step by step, and the same by hand.
func Text(c Check) string {
	var b strings.Builder
	c.head(&b)
	for i, step := range c.Plan {
		c.step(&b, i+1, step)
	}
	c.rest(&b)
	c.byHand(&b)
	return b.String()
}

func (c Check) head(b *strings.Builder) {
	tls := map[session.TLSMode]string{
		session.TLSImplicit: "TLS from the start", session.TLSStart: "STARTTLS", session.TLSNone: "no TLS",
	}[c.Config.TLS]
	fmt.Fprintf(b, "A check of %s, port %d, %s, within %v. Nothing was contacted.\n", printable(c.Config.Dial.Host), c.Config.Dial.Port, tls, c.Timeout)
	switch c.AllAddresses {
	case "worst":
		b.WriteString("A session with every address of the name, four at a time; the worst decides.\n")
	case "any":
		b.WriteString("A session with every address of the name, four at a time; the best decides.\n")
	}
	b.WriteString("PASSWORD, TOKEN and SECRET stand for secrets, N for what only the server knows.\n\n")
}

// step writes one step of the plan.
func (c Check) step(b *strings.Builder, n int, step session.Step) {
	fmt.Fprintf(b, "%2d  %s: %s\n", n, printable(step.Mailbox.Of(step.Name)), step.Doc)
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "    %-8s %s\n", label, printable(text))
		}
	}
	why := step.Why(&c.Config)
	if step.Wanted != nil {
		why = step.When
	}
	if why == "" {
		why = "every session has it"
	}
	e := step.Explain(&c.Config)
	line("why", why)
	line("does", e.Does)
	for _, t := range e.Sends {
		text := typed(t)
		if t.When != "" {
			text += "   (" + t.When + ")"
		}
		line("sends", text)
	}
	for _, x := range e.Expects {
		line("expects", x)
	}
	for _, rule := range c.rules(step) {
		line("judged", rule)
	}
}

// rules returns the thresholds on what a step measures.
func (c Check) rules(step session.Step) []string {
	out := c.rule(report.StepTime(step.Name), step.Mailbox)
	for _, def := range step.Metrics() {
		out = append(out, c.rule(def.Name, step.Mailbox)...)
	}
	for _, name := range step.Also {
		def, _ := report.LookupMetric(name)
		if !planned(c.Plan, def.Step) {
			out = append(out, c.rule(name, step.Mailbox)...)
		}
	}
	return out
}

// planned says whether a plan has a step of that name.
func planned(plan []session.Step, name string) bool {
	return slices.ContainsFunc(plan, func(s session.Step) bool { return s.Name == name })
}

// rule returns the thresholds on one metric; nil when it has none.
func (c Check) rule(metric string, of report.Mailbox) []string {
	def, _ := report.LookupMetric(metric)
	rule := c.Policy.Rule(metric, of)
	if rule.Metric == "" {
		return nil
	}
	var limits []string
	for _, level := range []struct {
		state report.State
		limit *judge.Range
	}{{report.Warning, rule.Warn}, {report.Critical, rule.Crit}} {
		if level.limit == nil {
			continue
		}
		r, where := *level.limit, "outside"
		if r.Inside {
			r.Inside, where = false, "inside"
		}
		limits = append(limits, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", level.state, where, r, def.Unit.UOM())))
	}
	return []string{of.Of(metric) + " is " + strings.Join(limits, ", ")}
}

// rest writes what concerns the whole run, and what is not in the plan.
func (c Check) rest(b *strings.Builder) {
	var lines []string
	for _, def := range report.MetricTable() {
		if def.Step == "" {
			lines = append(lines, c.rule(def.Name, report.Mailbox{})...)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Policy.States)) {
		lines = append(lines, fmt.Sprintf("a failure of kind %s is %s (--state)", kind, c.Policy.States[kind]))
	}
	var could []string
	left := map[string][]string{}
	for _, name := range session.StepNames() {
		switch by := session.Removed(c.Config, name); {
		case planned(c.Plan, name):
		case by != "":
			left[by] = append(left[by], name)
		case slices.Contains(session.Optional(), name) && c.canAdd(name):
			could = append(could, name)
		}
	}
	if planned(c.Plan, report.StepFetch) && !c.Config.MeasuresDelivery() {
		could = append(could, session.Delivery)
	}
	for _, by := range slices.Sorted(maps.Keys(left)) {
		lines = append(lines, "left out by "+by+": "+strings.Join(left[by], ", "))
	}
	if len(could) > 0 {
		lines = append(lines, "--with can add: "+strings.Join(could, ", "))
	}
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "\nBeside the steps\n    %s\n", strings.Join(lines, "\n    "))
	}
}

// canAdd says whether --with=name would bring an optional step in: --until and
// --auth=none may leave it out.
func (c Check) canAdd(name string) bool {
	with := c.Config
	with.With = map[string]bool{name: true}
	plan, err := session.Plan(with)
	return err == nil && planned(plan, name)
}
