package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"check_imap_session/internal/report"
)

const (
	helpWidth  = 80
	helpIndent = 26 // column at which the help text of a flag begins
)

// Help returns the text of --help, at most 80 columns wide, its first screen
// useful by itself.
func Help() string {
	m, err := Model()
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	b.WriteString(Program + " runs a whole IMAP session - DNS, connect, TLS, greeting,\n" +
		"login, LIST, EXAMINE, FETCH, LOGOUT - times each step, judges the times and\n" +
		"says which step failed, why, and what to do. It changes nothing.\n\n" +
		"  " + Program + " -H imap.example.com -U user --password-file=FILE\n" +
		"  " + Program + " -H imap.example.com -p 143 --auth=none -w 2 -c 5\n" +
		"  " + Program + " --demo\n")
	group := ""
	for _, f := range m.Flags {
		if f.Group != nil && f.Group.Title != group {
			group = f.Group.Title
			b.WriteString("\n" + group + "\n")
		}
		writeFlag(&b, f)
	}
	b.WriteString("\n" + metricNames() + helpEnd)
	return b.String()
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

// metricNames lists the metrics that have names of their own.
func metricNames() string {
	text := "Metrics: time and time_<step> (seconds)"
	column := len(text)
	for _, def := range report.MetricTable() {
		if def.Step == "" || def.Name == report.StepTime(def.Step) {
			continue
		}
		text += ","
		if column+2+len(def.Name)+1 > helpWidth {
			text += "\n" + def.Name
			column = len(def.Name)
			continue
		}
		text += " " + def.Name
		column += 2 + len(def.Name)
	}
	return text + ".\n"
}

func writeFlag(b *strings.Builder, f *kong.Flag) {
	head := "      --" + f.Name
	if f.Short != 0 {
		head = fmt.Sprintf("  -%c, --%s", f.Short, f.Name)
	}
	switch {
	case f.Target.Type().Name() == "optionalValue":
		head += "[=" + f.PlaceHolder + "]"
	case !f.IsBool() && !f.IsCounter():
		head += "=" + f.PlaceHolder
	}
	if len(head) > helpIndent-2 {
		b.WriteString(head + "\n" + strings.Repeat(" ", helpIndent))
	} else {
		b.WriteString(head + strings.Repeat(" ", helpIndent-len(head)))
	}
	column := helpIndent
	for i, w := range strings.Fields(f.Help) {
		switch {
		case i > 0 && column+1+len(w) > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", helpIndent))
			column = helpIndent
		case i > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w)
		column += len(w)
	}
	b.WriteByte('\n')
}
