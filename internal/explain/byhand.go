package explain

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// byHand writes the same session for a person, in the manner of Microsoft's
// article Q189326: what to type, and what comes back when all is well.
func (c Check) byHand(b *strings.Builder) {
	b.WriteString("\nBy hand, as Microsoft's article Q189326 has it: press ENTER after each line\n\n")
	n := 0
	say := func(line string, answers ...string) {
		n++
		fmt.Fprintf(b, "%2d. %s\n", n, printable(line))
		for _, a := range answers {
			fmt.Fprintf(b, "      %s\n", printable(a))
		}
	}
	d := dialogue{}
	for _, step := range c.Plan {
		e := step.Explain(&c.Config)
		switch {
		case step.Gives == session.Connected || step.Name == report.StepStartTLS || step.Name == report.StepTLS:
			// what opens the conversation does it
		case e.Command != nil:
			say(shellLine(e.Command))
		case step.Gives == session.Greeted:
			greeting := "* OK ..."
			if c.Config.TLS == session.TLSStart {
				greeting = "nothing: openssl has read the greeting and sent STARTTLS"
			}
			say(opening(c.Config, c.Plan, len(c.Plan)), greeting)
		default:
			for _, l := range d.add(e) {
				say(l.text, l.answers...)
			}
		}
	}
	switch {
	case c.Config.Auth == auth.None:
		b.WriteString("\nOr in one line, with curl\n\n")
	case typeable(c.Config):
		b.WriteString("\nOr up to the mailbox in one line; curl asks for the password\n\n")
	default:
		b.WriteString("\nThe answers of " + c.Config.Auth.Mechanism() + " have to be computed; curl does it, and asks for the password\n\n")
	}
	fmt.Fprintf(b, "    %s\n", printable(curl(c.Config, c.farthest())))
}

// farthest returns the last command of the plan that changes what the next one
// can do: it opens the mailbox, or there is nothing but CAPABILITY.
func (c Check) farthest() string {
	for _, step := range c.Plan {
		if step.Gives == session.Selected {
			return step.Explain(&c.Config).Sends[0].Text
		}
	}
	return "CAPABILITY"
}

// line is what a person types, with what should come back.
type line struct {
	command string // without its tag
	text    string
	answers []string // and before them, in brackets, when it is typed
}

// dialogue gives the lines of a conversation their tags.
type dialogue struct{ tags int }

// tag returns the tag of the last command.
func (d *dialogue) tag() string { return "a" + strconv.Itoa(d.tags) }

// add returns the lines of a step.
func (d *dialogue) add(e session.Explanation) []line {
	var lines []line
	for _, t := range firstWay(e.Sends) {
		l := line{command: t.Text, text: typed(t)}
		if t.When != "" {
			l.answers = append(l.answers, "("+t.When+")")
		}
		if t.Answer != "" {
			l.answers = append(l.answers, t.Answer)
		}
		if !t.Untagged {
			d.tags++
			l.text = d.tag() + " " + l.text
		}
		if !strings.HasPrefix(t.Answer, "+") { // the answer to what follows it
			l.answers = append(l.answers, d.tag()+" OK ...")
		}
		lines = append(lines, l)
	}
	return lines
}

// firstWay returns what a person types to see what the step sees: what is always
// sent, and of a step with several ways the first.
func firstWay(sends []session.Sent) []session.Sent {
	if len(sends) == 0 {
		return nil
	}
	first := sends[0].When
	return slices.DeleteFunc(slices.Clone(sends), func(t session.Sent) bool { return t.When != "" && t.When != first })
}

// typed returns what a person types to send a line.
func typed(t session.Sent) string {
	switch {
	case !t.Base64:
		return t.Text
	case t.Text == "":
		return "an empty line"
	}
	return "what this prints: printf " + shellWord(printfWord(t.Text)) + " | base64 -w0"
}

// printfWord returns text as printf(1) prints it back.
func printfWord(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `%%`, "\x00", `\0`, "\x01", `\001`).Replace(s)
}

// opening returns the command by which a person gets to where the step with that
// index speaks: behind TLS, or before it.
func opening(c session.Config, plan []session.Step, i int) string {
	if c.TLS == session.TLSImplicit || planned(plan[:i], report.StepTLS) {
		return openSSL(c, "-quiet", "-crlf")
	}
	return telnet(c)
}

// typeable says whether a person can log in by typing.
func typeable(c session.Config) bool { return c.Auth == auth.None || c.Auth.IsStatic() }

// Failure fills in, for a step that failed, the line by which a person does the same
// by hand. The report is that of a session with c and plan.
func Failure(r *report.Report, c session.Config, plan []session.Step) {
	if a, err := netip.ParseAddr(r.Target.Address); err == nil {
		c.Dial.Address = a // of several the one that fails
	}
	mechanism, _ := r.Fact("mechanism").(string)
	mechanism, _, _ = strings.Cut(mechanism, " ")
	if m := auth.Mode(strings.ToLower(mechanism)); c.Auth == auth.Auto && (m == auth.Login || m.Mechanism() != "" && m.IsStatic()) {
		c.Auth = m
	}
	for i, s := range r.Steps {
		if s.Outcome == report.Failed && i < len(plan) && plan[i].Name == s.Name {
			r.Steps[i].ByHand = same(c, plan, i)
		}
	}
}

// same returns the line that does the step with that index, and before it what
// it depends on.
func same(c session.Config, plan []session.Step, i int) string {
	e := plan[i].Explain(&c)
	switch {
	case e.Command != nil:
		return shellLine(e.Command)
	case plan[i].Name == report.StepConnect:
		return telnet(c)
	case plan[i].Name == report.StepTLS:
		return openSSL(c, "-showcerts")
	}
	var d dialogue
	var lines []line
	level := session.Greeted // that typing gets to
	for _, step := range plan[:i] {
		if step.Gives > level && (step.Mailbox.Label == "" || step.Mailbox == plan[i].Mailbox) {
			lines = append(lines, d.add(step.Explain(&c))...)
			level = step.Gives
		}
	}
	own := d.add(e)
	switch {
	case typeable(c) || max(plan[i].Needs, plan[i].Gives) < session.Authenticated:
	case level < session.Authenticated: // the login itself
		return curl(c, "")
	default:
		return curl(c, own[0].command)
	}
	// A FETCH of the first bytes only: nothing that a person needs, and
	// notifications lose the brackets.
	partial := regexp.MustCompile(`<0\.\d+>`)
	text := opening(c, plan, i)
	for _, l := range append(lines, own...) {
		text += ", then " + partial.ReplaceAllString(l.text, "")
	}
	return text
}
