package gen

import (
	"fmt"
	"strings"

	"check_imap_session/internal/argv"
)

// icinga2 writes the CheckCommand imap_session.
//
// See the Icinga 2 documentation, "Service Monitoring" on naming and "Object
// Types" on CheckCommand arguments.
func icinga2(m Model) []byte {
	var p page
	p.lines(generated("//", "icinga2"), "//")
	p.comment("//", `The package puts this file where include <plugins-contrib> finds it. Elsewhere put it into a
		folder that Icinga reads, on every node that runs the check: conf.d, or a global zone.`)
	p.lines("//")
	p.comment("//", `imap_session_hostname is the name that clients use, which the certificate is verified against;
		imap_session_address is where to connect. Set imap_session_address to an empty string to
		resolve the name instead.`)
	p.lines("//")
	p.comment("//", `Secrets: prefer imap_session_password_file or imap_session_extra_opts. The variable
		imap_session_password reaches the plugin through its environment and stands in no argument list
		and no log, but anybody who may read the object through the API can read it, and it is
		synchronised to the endpoints of its zone. Write $$ for a $ in any of these variables.`)
	p.lines("", `object CheckCommand "imap_session" {`, `	import "ipv4-or-ipv6"`, "",
		`	command = [ PluginContribDir + "/check_imap_session" ]`, "",
		"	// Above imap_session_timeout, so that the plugin itself says which step hung.",
		"	timeout = 1m", "",
		"	arguments = {")
	for _, f := range kept(m, "icinga2") {
		p.icingaArgument(f)
	}
	p.lines("	}", "")
	for _, e := range m.Env {
		p.lines(fmt.Sprintf("	env.%s = %s", e.Name, icingaString("$"+e.Variable+"$")))
	}
	p.lines("",
		`	vars.imap_session_hostname = "$host.name$"`,
		`	vars.imap_session_address = "$check_address$"`,
		`	vars.check_ipv4 = "$imap_session_ipv4$"`,
		`	vars.check_ipv6 = "$imap_session_ipv6$"`,
		"}")
	return p.Bytes()
}

func (p *page) icingaArgument(f flag) {
	macro := icingaString("$" + f.variable() + "$")
	p.lines("		" + icingaString(f.key()) + " = {")
	switch {
	case f.shape == argv.Switch:
		p.lines("			set_if = " + macro)
	case f.oneWord():
		p.lines("			value = "+icingaString("--"+f.name+"=$"+f.variable()+"$"), "			skip_key = true")
	case f.keyed:
		p.icingaDictionary(macro)
	default:
		p.lines("			value = " + macro)
	}
	if f.repeats {
		p.lines("			repeat_key = true")
	}
	switch f.name {
	case "hostname":
		p.lines("			required = true", "			order = -2")
	case "address":
		p.lines("			order = -1")
	}
	help := f.help
	switch {
	case f.keyed:
		help += " String, array, or dictionary."
	case f.repeats:
		help += " String or array."
	case f.shape == argv.Counter:
		help += " A number from 0 to 3."
	}
	p.lines("			description = "+icingaString(help), "		}")
}

// icingaDictionary writes the value of a flag that may be a dictionary. A function that
// returns null would pass an empty word, hence set_if; 0 is a range, so numbers count
// whatever they are.
func (p *page) icingaDictionary(macro string) {
	p.lines(
		"			set_if = {{",
		"				var given = macro("+macro+")",
		"				return typeof(given) == Number || !!given",
		"			}}",
		"			value = {{",
		"				var given = macro("+macro+")",
		"				if (typeof(given) != Dictionary) { return given }",
		"				var words = []",
		"				for (key => value in given) {",
		"					// Icinga itself replaces macros in strings and arrays only.",
		"					words.add(key + \"=\" + (typeof(value) == String ? macro(value) : value))",
		"				}",
		"				return words",
		"			}}")
}

// icingaString quotes a string for Icinga's configuration.
func icingaString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}
