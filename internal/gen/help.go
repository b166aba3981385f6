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

// Help writes the text of --help, at most 80 columns wide, its first screen
// useful by itself.
func Help(m Model) []byte {
	var p page
	name := m.App.Name
	p.lines(name+" runs a whole IMAP session - DNS, connect, TLS, greeting,",
		"login, LIST, EXAMINE, FETCH, LOGOUT - times each step, judges the times and",
		"says which step failed, why, and what to do. It changes nothing.", "",
		"  "+name+" -H imap.example.com -U user --password-file=FILE",
		"  "+name+" -H imap.example.com -p 143 --auth=none -w 2 -c 5",
		"  "+name+" --demo")
	group := ""
	for _, f := range flags(m) {
		if f.group != group {
			group = f.group
			p.lines("", group)
		}
		p.helpFlag(f)
	}
	p.lines("")
	p.lines(wrap("Metrics: time and time_<step> (seconds), "+strings.Join(m.Results, ", ")+".", helpWidth)...)
	p.WriteString(helpEnd)
	return p.Bytes()
}

// helpEnd is what stands below the flags.
const helpEnd = `Ranges: 10 (0 to 10), 10: (at least 10), ~:10 (at most 10), 10:20, @10:20
(inside alerts). Units: 500ms, 36h, 14d, 10MB.

Examples
  ... -w 2 -c 5                          the whole run over 2 s, over 5 s
  ... -w time_login=500ms -c messages=1: a slow login, an empty mailbox
  ... -c message_age=1h                  no mail has come for an hour
  ... -w certificate_days=21: -c certificate_days=7:

Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also for this help).
`

func (p *page) helpFlag(f flag) {
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
	text := wrap(f.help, helpWidth-helpIndent)
	if len(head) > helpIndent-2 {
		p.lines(head)
		head = ""
	}
	for _, line := range text {
		p.lines(fmt.Sprintf("%-*s%s", helpIndent, head, line))
		head = ""
	}
}
