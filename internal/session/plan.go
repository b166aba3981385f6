package session

import (
	"fmt"
	"slices"
	"strings"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

// Plan returns the steps that a configuration asks for, in order. It contacts
// nobody. Its error names a step that --until or --skip cannot mean.
func Plan(cfg Config) ([]Step, error) {
	if cfg.Until != "" && !slices.Contains(StepNames(), cfg.Until) {
		return nil, fmt.Errorf("--until=%s: no such step; the steps are %s", cfg.Until, strings.Join(StepNames(), " "))
	}
	if cfg.Until == loginStep.Name && cfg.Auth == auth.None {
		return nil, fmt.Errorf("--until=login and --auth=none exclude each other")
	}
	for _, m := range cfg.places() {
		c := cfg.at(m)
		cfg.relist = cfg.relist || slices.ContainsFunc(Catalog, func(s Step) bool {
			return (s.Consults || s.Capability != "") && s.wanted(c)
		})
	}
	last := lastIndex(cfg)
	level := Cold
	plan := make([]Step, 0, 12) // most have no more
	add := func(i int, m report.Mailbox) {
		step := Catalog[i]
		if !step.wanted(cfg.at(m)) || cfg.Skip[step.Name] || step.Needs > level {
			return
		}
		if i > last && !step.Final {
			return
		}
		plan = append(plan, step.of(m))
		level = max(level, step.Gives)
	}
	for i := 0; i < len(Catalog); i++ {
		if !Catalog[i].perMailbox() {
			add(i, report.Mailbox{})
			continue
		}
		end := i
		for end < len(Catalog) && Catalog[end].perMailbox() {
			end++
		}
		for _, m := range cfg.places() {
			for j := i; j < end; j++ {
				add(j, m)
			}
		}
		i = end - 1
	}
	return plan, nil
}

// lastIndex returns the place in the catalog behind which only final steps are
// planned: that of --until, at the first place where this session has the step.
func lastIndex(cfg Config) int {
	if cfg.Until == "" {
		return len(Catalog)
	}
	named := func(s Step) bool { return s.Name == cfg.Until }
	if i := slices.IndexFunc(Catalog, func(s Step) bool { return named(s) && s.wanted(cfg) }); i >= 0 {
		return i
	}
	return slices.IndexFunc(Catalog, named)
}

// Removed returns the flag that keeps a step out of the plan: --skip, --until
// or --auth=none, or "" when none of them does. Steps that this host or
// session merely has no use for are not removed.
func Removed(cfg Config, name string) string {
	plan, err := Plan(cfg)
	if err != nil || slices.ContainsFunc(plan, func(s Step) bool { return s.Name == name }) {
		return ""
	}
	plannedAfter := func(change func(*Config)) bool {
		c := cfg
		change(&c)
		p, err := Plan(c)
		return err == nil && slices.ContainsFunc(p, func(s Step) bool { return s.Name == name })
	}
	all := func(c *Config) { c.Skip, c.Until = nil, ""; c.Auth = someLogin(c.Auth) }
	switch {
	case !plannedAfter(all):
		return ""
	case cfg.Auth == auth.None && !plannedAfter(func(c *Config) { c.Skip, c.Until = nil, "" }):
		return "--auth=none"
	case cfg.Until != "" && !plannedAfter(func(c *Config) { c.Skip = nil }):
		return "--until=" + cfg.Until
	}
	return "--skip"
}

// someLogin returns a mode that logs in.
func someLogin(m auth.Mode) auth.Mode {
	if m == auth.None {
		return auth.Auto
	}
	return m
}

// StepNames returns the names of all steps in protocol order, each once.
func StepNames() []string {
	var names []string
	for _, step := range Catalog {
		if !slices.Contains(names, step.Name) {
			names = append(names, step.Name)
		}
	}
	return names
}

// Skippable are the steps that --skip may name.
var Skippable = []string{listStep.Name, selectStep.Name, fetchStep.Name}
