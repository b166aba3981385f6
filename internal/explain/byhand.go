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
		fmt.Fprintf(b, "%2d. %s\n", n, line)
		for _, a := range answers {
			fmt.Fprintf(b, "      %s\n", a)
		}
	}
	d := dialogue{}
	for _, step := range c.Plan {
		h := step.ByHand(c.Config)
		switch {
		case step.Gives == session.Connected || step.Name == "starttls" || step.Name == "tls":
			// what opens the conversation does it
		case h.Shell != "":
			say(h.Shell)
		case step.Gives == session.Greeted && step.Needs < session.Greeted:
			greeting := "* OK ..."
			if c.Config.TLS == session.TLSStart {
				greeting = "nothing: openssl has read the greeting and sent STARTTLS"
			}
			say(opening(c.Config, c.Plan, len(c.Plan)), greeting)
		default:
			for _, l := range d.add(h) {
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
	fmt.Fprintf(b, "    %s\n", c.Config.Curl(c.farthest()))
}

// farthest returns the last command of the plan that changes what the next one
// can do: it opens the mailbox, or there is nothing but CAPABILITY.
func (c Check) farthest() string {
	for _, step := range c.Plan {
		if step.Gives == session.Selected && step.Needs < session.Selected {
			return step.ByHand(c.Config).Types[0].Text
		}
	}
	return "CAPABILITY"
}

// line is what a person types, with what should come back.
type line struct {
	command string // without its tag
	text    string
	answers []string
}

// dialogue gives the lines of a conversation their tags.
type dialogue struct{ tags int }

func (d *dialogue) add(h session.Hand) []line {
	var lines []line
	for _, t := range h.Typing() {
		l := line{command: t.Text, text: t.Text}
		if t.Answer != "" {
			l.answers = append(l.answers, t.Answer)
		}
		if !t.Bare {
			d.tags++
			l.text = d.tag() + " " + t.Text
		}
		if !strings.HasPrefix(t.Answer, "+") { // the answer to what follows it
			l.answers = append(l.answers, d.tag()+" OK ...")
		}
		lines = append(lines, l)
	}
	return lines
}

func (d *dialogue) tag() string { return "a" + strconv.Itoa(d.tags) }

// opening returns the command by which a person gets to where the step with that
// index speaks: behind TLS, or before it.
func opening(c session.Config, plan []session.Step, i int) string {
	encrypted := c.TLS == session.TLSImplicit ||
		slices.ContainsFunc(plan[:i], func(s session.Step) bool { return s.Name == "tls" })
	if encrypted {
		return c.OpenSSL("-quiet", "-crlf")
	}
	return c.Telnet()
}

// typeable says whether a person can log in by typing.
func typeable(c session.Config) bool { return c.Auth == auth.None || c.Auth.Typeable() }

// Failure fills in, for the step that failed, the line by which a person does
// the same by hand. The report is that of a session with c and plan.
func Failure(r *report.Report, c session.Config, plan []session.Step) {
	i := slices.IndexFunc(r.Steps, func(s report.StepResult) bool { return s.Outcome == report.Failed })
	if i < 0 || i >= len(plan) {
		return
	}
	if a, err := netip.ParseAddr(r.Target.Address); err == nil {
		c.Dial.Address = a // of several the one that fails
	}
	mechanism, _ := r.Fact("mechanism").(string)
	mechanism, _, _ = strings.Cut(mechanism, " ")
	if m := auth.Mode(strings.ToLower(mechanism)); c.Auth == auth.Auto && (m == auth.Login || m.Mechanism() != "" && m.Typeable()) {
		c.Auth = m
	}
	r.Steps[i].ByHand = same(c, plan, i)
}

// same returns the line that does the step with that index, and before it what
// it depends on.
func same(c session.Config, plan []session.Step, i int) string {
	h := plan[i].ByHand(c)
	if h.Shell != "" {
		return h.Shell
	}
	var d dialogue
	var lines []line
	level := session.Greeted // that typing gets to
	for _, step := range plan[:i] {
		if step.Gives > level {
			lines = append(lines, d.add(step.ByHand(c))...)
			level = step.Gives
		}
	}
	own := d.add(h)
	switch {
	case typeable(c) || plan[i].Gives < session.Authenticated:
	case level < session.Authenticated: // the login itself
		return c.Curl("")
	default:
		return c.Curl(own[0].command)
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
