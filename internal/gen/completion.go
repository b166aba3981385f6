package gen

import (
	"fmt"
	"strings"

	"check_imap_session/internal/argv"
)

// filePlaces are the placeholders of values that are files.
func (f flag) takesFile() bool { return f.value == "FILE" || f.value == "PEM" }

// Bash writes a completion for bash 4 and later, which needs no bash-completion.
func Bash(m Model) []byte {
	var p page
	p.lines("# "+fmt.Sprintf(generated, "bash"),
		"_"+m.App.Name+"() {",
		`	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}`,
		`	# bash splits --flag=value at the =.`,
		`	if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi`,
		"	COMPREPLY=()", `	case $prev in`)
	var names []string
	for _, f := range kept(m, "bash") {
		names = append(names, "--"+f.name)
		pattern := "--" + f.name
		if f.short != "" {
			names = append(names, "-"+f.short)
			pattern = "-" + f.short + " | " + pattern
		}
		switch {
		case f.shape == argv.Switch || f.shape == argv.Counter:
		case len(f.words) > 0 && f.repeats:
			p.lines("	"+pattern+")", `		local list=; [[ $cur == *,* ]] && list=${cur%,*},`,
				`		mapfile -t COMPREPLY < <(compgen -P "$list" -W "`+strings.Join(f.words, " ")+`" -- "${cur##*,}")`, "		return ;;")
		case len(f.words) > 0:
			p.lines("	"+pattern+")", `		mapfile -t COMPREPLY < <(compgen -W "`+strings.Join(f.words, " ")+`" -- "$cur")`, "		return ;;")
		case f.takesFile():
			p.lines("	"+pattern+")", `		mapfile -t COMPREPLY < <(compgen -f -- "$cur")`, "		return ;;")
		case f.shape == argv.TakesValue:
			p.lines("	"+pattern+")", "		return ;;")
		}
	}
	p.lines("	esac",
		`	mapfile -t COMPREPLY < <(compgen -W "`+strings.Join(names, " ")+`" -- "$cur")`,
		"}", "complete -F _"+m.App.Name+" "+m.App.Name)
	return p.Bytes()
}

// Zsh writes a completion for zsh's _arguments.
func Zsh(m Model) []byte {
	var p page
	p.lines("#compdef "+m.App.Name, "# "+fmt.Sprintf(generated, "zsh"), "", "_arguments -s \\")
	all := kept(m, "zsh")
	for i, f := range all {
		end := " \\"
		if i == len(all)-1 {
			end = ""
		}
		p.lines("	" + zshSpec(f) + end)
	}
	return p.Bytes()
}

// zshSpec is one argument of _arguments.
func zshSpec(f flag) string {
	action := ""
	switch {
	case len(f.words) > 0 && f.repeats: // behind commas too
		action = "_sequence compadd -S \"\" - " + strings.Join(f.words, " ")
	case len(f.words) > 0:
		action = "(" + strings.Join(f.words, " ") + ")"
	case f.takesFile():
		action = "_files"
	}
	// A colon ends a part of the specification; quotes end the word.
	part := strings.NewReplacer(`\`, `\\`, ":", `\:`, "[", `\[`, "]", `\]`, "'", `'\''`)
	tail := "[" + part.Replace(firstSentence(f.help)) + "]"
	value := part.Replace(f.value)
	long := "--" + f.name
	switch f.shape {
	case argv.TakesValue:
		long += "="
		tail += ":" + value + ":" + action
	case argv.MayTakeValue:
		long += "=-"
		tail += "::" + value + ":" + action
	}
	many := ""
	if f.repeats || f.shape == argv.Counter {
		many = "*"
	}
	if f.short == "" {
		return "'" + many + long + tail + "'"
	}
	short := "-" + f.short
	if f.shape == argv.TakesValue {
		short += "+"
	}
	exclude := "(-" + f.short + " --" + f.name + ")"
	if many != "" {
		exclude = "*"
	}
	return "'" + exclude + "'{" + short + "," + long + "}'" + tail + "'"
}

// Fish writes a completion for fish.
func Fish(m Model) []byte {
	var p page
	p.lines("# "+fmt.Sprintf(generated, "fish"), "complete -c "+m.App.Name+" -f")
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'" }
	for _, f := range kept(m, "fish") {
		line := "complete -c " + m.App.Name
		if f.short != "" {
			line += " -s " + f.short
		}
		line += " -l " + f.name
		switch {
		case f.shape == argv.Switch || f.shape == argv.Counter:
		case len(f.words) > 0 && f.repeats: // behind commas too
			line += " -x -a " + quote("(__fish_append , "+strings.Join(f.words, " ")+")")
		case len(f.words) > 0 && f.shape == argv.TakesValue:
			line += " -x -a " + quote(strings.Join(f.words, " "))
		case len(f.words) > 0:
			line += " -a " + quote(strings.Join(f.words, " "))
		case f.takesFile():
			line += " -r -F"
		case f.shape == argv.TakesValue:
			line += " -x"
		}
		p.lines(line + " -d " + quote(firstSentence(f.help)))
	}
	return p.Bytes()
}

// firstSentence shortens help to what fits beside a completion.
func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i > 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(s, ".")
}
