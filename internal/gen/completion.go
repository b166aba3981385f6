package gen

import (
	"strings"

	"check_imap_session/internal/argv"
)

// bash writes a completion for bash 4 and later, which needs no bash-completion.
func bash(m Model) []byte {
	var p page
	p.lines(generated("#", "bash"),
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
		action := bashAction(f)
		if action == "" && f.shape != argv.TakesValue {
			continue
		}
		p.lines("	" + pattern + ")")
		if action != "" {
			p.lines("		" + action)
		}
		p.lines("		return ;;")
	}
	p.lines("	esac",
		`	mapfile -t COMPREPLY < <(compgen -W "`+strings.Join(names, " ")+`" -- "$cur")`,
		"}", "complete -F _"+m.App.Name+" "+m.App.Name)
	return p.Bytes()
}

// bashAction completes the value of a flag; "" where nothing is known of it.
func bashAction(f flag) string {
	words := `-W "` + strings.Join(f.words, " ") + `"`
	switch {
	case f.takesNothing():
		return ""
	case len(f.words) > 0 && f.repeats: // behind commas too
		return `local list=; [[ $cur == *,* ]] && list=${cur%,*},` +
			"\n\t\t" + `mapfile -t COMPREPLY < <(compgen -P "$list" ` + words + ` -- "${cur##*,}")`
	case len(f.words) > 0:
		return `mapfile -t COMPREPLY < <(compgen ` + words + ` -- "$cur")`
	case f.takesFile():
		return `mapfile -t COMPREPLY < <(compgen -f -- "$cur")`
	}
	return ""
}

// zsh writes a completion for zsh's _arguments.
func zsh(m Model) []byte {
	var p page
	p.lines("#compdef "+m.App.Name, generated("#", "zsh"), "", "_arguments -s \\")
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

// fish writes a completion for fish.
func fish(m Model) []byte {
	var p page
	p.lines(generated("#", "fish"), "complete -c "+m.App.Name+" -f")
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'" }
	for _, f := range kept(m, "fish") {
		line := "complete -c " + m.App.Name
		if f.short != "" {
			line += " -s " + f.short
		}
		line += " -l " + f.name
		switch {
		case f.takesNothing():
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
