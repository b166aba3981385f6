package gen

import (
	"fmt"
	"strings"

	"check_imap_session/internal/argv"
)

const (
	helpWidth  = 80
	helpIndent = 26 // column at which the help text of a flag begins
)

// intro is what the program does, in the short help and the long one.
func intro(name string) []string {
	return []string{
		name + " runs a whole IMAP session - DNS, connect, TLS, greeting,",
		"login, LIST, EXAMINE, FETCH, LOGOUT - times each step, judges the times and",
		"says which step failed, why, and what to do. It changes nothing.", "",
	}
}

// Usage writes the text of -h: 35 lines at most, the flags of every day and lines to
// copy.
func Usage(m Model) []byte {
	var p page
	name := m.App.Name
	p.lines(intro(name)...)
	p.lines("Usage: "+name+" -H HOST -U USER --password-file=FILE [FLAG]...", "")
	for _, f := range flags(m) {
		if f.everyday != "" {
			head := f.head()
			if len(head) > helpIndent+2 {
				head = "  -" + f.short + " " + f.value
			}
			p.lines(fmt.Sprintf("%-*s%s", helpIndent+4, head, f.everyday))
		}
	}
	p.lines("", "Ranges: 10 (0 to 10), 10: (at least 10), 10:20, @10:20 (inside alerts). Units:",
		"500ms, 36h, 14d, 10MB. Metrics: time, time_login, messages, message_age ...", "", "To copy:")
	for _, flags := range []string{
		"--demo", "-H imap.example.com --auth=none", "-H imap.example.com -U probe --password-file=FILE -w 2 -c 5",
		"-H imap.example.com -U probe --password-file=FILE -D 21,7", "-H imap.example.com -U probe --password-file=FILE -vvv",
	} {
		p.lines("  " + name + " " + flags)
	}
	p.lines("", "Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also for this help).",
		"All flags, steps, kinds and metrics: --help. Scenarios of --demo: --demo=list.")
	return p.Bytes()
}

// Scenarios writes the text of --demo=list.
func Scenarios(m Model) []byte {
	var p page
	p.table("Scenarios of --demo", m.Scenarios)
	return p.Bytes()
}

// Help writes the text of --help, at most 80 columns wide, its first screen
// useful by itself.
func Help(m Model) []byte {
	var p page
	name := m.App.Name
	p.lines(intro(name)...)
	p.lines("  "+name+" -H imap.example.com -U probe --password-file=FILE -D 21,7",
		"  "+name+" -H imap.example.com -p 143 --auth=none -w 2 -c 5",
		"  "+name+" --demo", "", "-h prints the flags of every day alone.")
	group := ""
	for _, f := range flags(m) {
		if f.group != group {
			group = f.group
			p.lines("", group)
		}
		p.columns(f.head(), f.help)
	}
	p.lines("")
	p.lines(wrap("Metrics: time and time_<step> (seconds), "+strings.Join(m.Results, ", ")+".", helpWidth)...)
	p.WriteString(helpEnd)
	p.table("Steps, for --until, --skip and --with", m.Steps)
	p.table("Kinds of failure, for --state, with their states", m.Kinds)
	p.table("Scenarios of --demo", m.Scenarios)
	p.lines("Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also for this help).")
	return p.Bytes()
}

// table writes a title and a row for each item.
func (p *page) table(title string, items []Item) {
	p.lines(title)
	for _, i := range items {
		p.columns("  "+i.Name, i.Doc)
	}
	p.lines("")
}

// columns writes head and, beside it, text. A head without room has a line of its own.
func (p *page) columns(head, text string) {
	if len(head) > helpIndent-2 {
		p.lines(head)
		head = ""
	}
	for _, line := range wrap(text, helpWidth-helpIndent) {
		p.lines(fmt.Sprintf("%-*s%s", helpIndent, head, line))
		head = ""
	}
}

// helpEnd follows the list of metrics.
const helpEnd = `Ranges: 10 (0 to 10), 10: (at least 10), ~:10 (at most 10), 10:20, @10:20
(inside alerts). Units: 500ms, 36h, 14d, 10MB.

Examples
  ... -w 2 -c 5                          the whole run over 2 s, over 5 s
  ... -w time_login=500ms -c messages=1: a slow login, an empty mailbox
  ... -c message_age=1h                  no mail has come for an hour
  ... -w certificate_days=21: -c certificate_days=7:

`

// head is the left column of a flag: "  -p, --port=PORT".
func (f flag) head() string {
	head := "      --" + f.name
	if f.short != "" {
		head = "  -" + f.short + ", --" + f.name
	}
	switch f.shape {
	case argv.MayTakeValue:
		head += "[=" + f.value + "]"
	case argv.TakesValue:
		head += "=" + f.value
	}
	return head
}
