package gen

import (
	"strings"

	"check_imap_session/internal/argv"
)

// manDate is the day of the release that the page belongs to.
const manDate = "2026-11-25"

// man writes the manual page for section 1, with the macros of man(7). It
// bears no version, so that it changes with the grammar only.
func man(m Model) []byte {
	var p page
	name := m.App.Name
	p.lines(generated(`.\"`, "man"),
		`.TH `+strings.ToUpper(name)+` 1 "`+manDate+`" "`+name+`" "Monitoring Plugins"`,
		".SH NAME", name+` \- run a whole IMAP session and judge every step`,
		".SH SYNOPSIS",
		".B "+name, `\fB\-H\fR \fIHOST\fR \fB\-U\fR \fIUSER\fR \fB\-\-password\-file\fR=\fIFILE\fR [\fIOPTION\fR]...`, ".br",
		".B "+name, `\fB\-H\fR \fIHOST\fR \fB\-\-auth\fR=\fInone\fR [\fIOPTION\fR]...`, ".br",
		".B "+name, `\fB\-\-demo\fR[=\fISCENARIO\fR]`,
		".SH DESCRIPTION")
	p.prose(`A plugin for Nagios, Icinga and their relatives. It resolves the name, connects, does TLS,
		reads the greeting, logs in, lists the folders, opens a mailbox, fetches a message and logs
		out, as a mail program would. It times each step, judges every number against thresholds, and
		says in its first line which step failed, why, in the server's own words, and what to do. It
		changes nothing on the server.`)
	p.lines(".SH OPTIONS")
	group := ""
	for _, f := range kept(m, "man") {
		if f.group != group {
			group = f.group
			p.lines(".SS " + roff(group))
		}
		p.lines(".TP", manFlag(f))
		p.prose(f.help)
	}
	p.section("STEPS", "The steps of a session, in their order, for --until, --skip and --with.", m.Steps)
	p.section("METRICS", "The names of the performance data, which are also those that -w and -c take.", m.Metrics)
	p.section("RANGES", "", []Item{
		{"10", "good from 0 to 10, both included"}, {"10:", "good from 10 on"}, {"~:10", "good up to 10, below 0 too"},
		{"10:20", "good from 10 to 20"}, {"@10:20", "bad from 10 to 20"}, {"500ms, 36h, 14d, 10MB", "bounds may have units"},
	})
	p.section("FAILURES", "The kinds of failure, which the long output names and --state takes.", m.Kinds)
	p.section("SCENARIOS", "What --demo can play.", m.Scenarios)
	var env []Item
	for _, e := range m.Env {
		env = append(env, Item{e.Name, e.Doc})
	}
	p.section("ENVIRONMENT", "", append(env, Item{"MP_CONFIG_FILE, NAGIOS_CONFIG_PATH", "where --extra-opts looks for its file first"}))
	p.section(`"EXIT STATUS"`, "", []Item{
		{"0", "OK; also what --generate ends with"}, {"1", "WARNING"}, {"2", "CRITICAL"},
		{"3", "UNKNOWN; also --help, --version and errors in the command line"},
	})
	p.lines(".SH EXAMPLES")
	for i, line := range []string{
		"-H imap.example.com -U probe --password-file=/etc/nagios/imap.password -w 2 -c 5",
		"-H imap.example.com -U probe --password-file=/etc/nagios/imap.password -w time_login=500ms -c message_age=1h",
		"-H imap.example.com --auth=none -w certificate_days=21: -c certificate_days=7:",
		"--demo=auth-failed",
	} {
		if i > 0 {
			p.lines(".PP")
		}
		p.lines(".nf", roff(name+" "+line), ".fi")
	}
	p.lines(`.SH "SEE ALSO"`, `\fBnagios4\fR(8), \fBicinga2\fR(8), \fBopenssl\-s_client\fR(1ssl)`)
	return p.Bytes()
}

// section writes a title, a sentence below it unless that is "", and a paragraph for each
// item.
func (p *page) section(title, intro string, items []Item) {
	p.lines(".SH " + title)
	if intro != "" {
		p.prose(intro)
	}
	for _, i := range items {
		p.lines(".TP", ".B "+roff(i.Name))
		p.prose(i.Doc)
	}
}

// manFlag is the flag with its value: -p, --port=PORT.
func manFlag(f flag) string {
	s := `\fB` + roff("--"+f.name) + `\fR`
	if f.short != "" {
		s = `\fB` + roff("-"+f.short) + `\fR, ` + s
	}
	switch f.shape {
	case argv.TakesValue:
		s += `=\fI` + roff(f.value) + `\fR`
	case argv.MayTakeValue:
		s += `[=\fI` + roff(f.value) + `\fR]`
	}
	return s
}

// roff makes text safe for troff. A hyphen would become a typographic one.
func roff(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
}

// prose writes text as lines none of which troff takes for a request.
func (p *page) prose(text string) {
	for _, l := range wrap(text, 72) {
		l = roff(l)
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			l = `\&` + l
		}
		p.lines(l)
	}
}
