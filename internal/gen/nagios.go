package gen

import (
	"slices"
	"strings"

	"check_imap_session/internal/argv"
)

// nagios writes command definitions with named slots. A quoted '$ARGn$' is one
// word and an unset one is empty, which the program takes as not given.
func nagios(m Model) []byte {
	var p page
	p.lines(generated("#", "nagios"), "#")
	p.comment("#", `NAME is the name that clients use: it is sent as SNI and the certificate is verified against
		it. The connection goes to the address of the host. Leave arguments at the end out where you
		need no threshold; write \! for a !, and $$ for a $. Passwords belong in a file that only the
		nagios user can read.`)
	p.lines("")
	const base = `$USER1$/check_imap_session -H '$ARG1$' --address '$HOSTADDRESS$'`
	for _, c := range []struct{ use, name, line string }{
		{"check_imap_session!NAME!USER!PASSWORDFILE!WARNING!CRITICAL", "check_imap_session",
			base + ` -U '$ARG2$' --password-file='$ARG3$' -w '$ARG4$' -c '$ARG5$'`},
		{"check_imap_session_starttls!NAME!USER!PASSWORDFILE!WARNING!CRITICAL", "check_imap_session_starttls",
			base + ` --tls=starttls -U '$ARG2$' --password-file='$ARG3$' -w '$ARG4$' -c '$ARG5$'`},
		{"check_imap_session_no_login!NAME!WARNING!CRITICAL", "check_imap_session_no_login",
			base + ` --auth=none -w '$ARG2$' -c '$ARG3$'`},
		{"check_imap_session_ini!NAME!SECTION@FILE!WARNING!CRITICAL, everything else in the ini file", "check_imap_session_ini",
			base + ` --extra-opts='$ARG2$' -w '$ARG3$' -c '$ARG4$'`},
		{"check_imap_session_demo!SCENARIO!WARN!CRIT, a fire drill: up to the pager without a server", "check_imap_session_demo",
			`$USER1$/check_imap_session -H '$HOSTNAME$' --demo='$ARG1$' -w '$ARG2$' -c '$ARG3$'`},
	} {
		p.lines("# "+c.use, "define command {", "    command_name    "+c.name, "    command_line    "+c.line, "}", "")
	}
	p.iniOptions(m, "nagios")
	return p.Bytes()
}

// nrpe writes commands for an NRPE daemon. They take no arguments from the
// network: Debian's daemon is built without them, and an argument must never
// name a secret, a command or a file.
func nrpe(m Model) []byte {
	var p page
	p.lines(generated("#", "nrpe"), "#")
	all := flags(m)
	timeout := all[slices.IndexFunc(all, func(f flag) bool { return f.name == "timeout" })].fallback
	timeout = strings.TrimSuffix(timeout, "s") + " s"
	p.comment("#", `Put a copy into /etc/nagios/nrpe.d and write one section for each check into the ini file.
		Nothing is taken from the network: no $ARGn$. check_nrpe waits 10 s by default, the plugin `+timeout+`,
		so its own words arrive; with a longer timeout in the ini file give check_nrpe a longer -t as well.`)
	p.lines("",
		"command[imap_session]=/usr/lib/nagios/plugins/check_imap_session --extra-opts=check_imap_session@/etc/nagios/imap_session.ini",
		"command[imap_session_demo]=/usr/lib/nagios/plugins/check_imap_session --demo", "")
	p.iniOptions(m, "nrpe")
	return p.Bytes()
}

// iniOptions lists the flags as comment lines of an ini file.
func (p *page) iniOptions(m Model, format string) {
	p.comment("#", `The options as lines of /etc/nagios/imap_session.ini (owner root, group nagios, mode 0640).
		A flag without a value is written NAME =; repeated lines add up where an option may be given
		more than once.`)
	p.lines("#", "#   [check_imap_session]")
	for _, f := range kept(m, format) {
		line := f.name + " ="
		if f.shape != argv.Switch {
			value := f.value
			if f.shape == argv.Counter {
				value = "1"
			}
			line += " " + value
		}
		p.lines("#   " + line)
		help := f.help
		switch {
		case f.secret && f.value == "SECRET":
			help = "The secret itself: only where nobody else can read the file."
		case f.secret:
			help += " With a password in it: only where nobody else can read the file."
		}
		p.comment("#      ;", help)
	}
}
