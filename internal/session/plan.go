package session

import (
	"fmt"
	"slices"
	"strings"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

// Plan returns the steps that a configuration asks for, in order. It opens no
// connection. Its error says what is wrong with --until.
func Plan(cfg Config) ([]Step, error) {
	if cfg.Until != "" && !slices.Contains(StepNames(), cfg.Until) {
		return nil, fmt.Errorf("--until: unknown step %s; the steps are %s", cfg.Until, strings.Join(StepNames(), " "))
	}
	if cfg.Until == report.StepLogin && cfg.Auth == auth.None {
		return nil, fmt.Errorf("--until=login and --auth=none exclude each other")
	}
	for _, m := range cfg.places() {
		c := cfg.at(m)
		cfg.relist = cfg.relist || slices.ContainsFunc(Catalog, func(s Step) bool {
			return (s.Consults || s.Capability != "") && s.wanted(c)
		})
	}
	last := lastIndex(&cfg)
	level := Cold
	plan := make([]Step, 0, 12) // most have no more
	add := func(from, to int, m report.Mailbox) {
		c := cfg.at(m)
		for i := from; i < to; i++ {
			step := Catalog[i]
			if !step.wanted(c) || cfg.Skip[step.Name] || step.Needs > level || i > last && !step.Final {
				continue
			}
			plan = append(plan, step.of(m))
			level = max(level, step.Gives)
		}
	}
	first, behind := mailboxSteps()
	add(0, first, report.Mailbox{})
	for _, m := range cfg.places() {
		add(first, behind, m)
	}
	add(behind, len(Catalog), report.Mailbox{})
	return plan, nil
}

// mailboxSteps returns where the steps that each mailbox has begin in the catalog, and
// where they have ended. They stand together.
func mailboxSteps() (first, behind int) {
	first = slices.IndexFunc(Catalog, Step.perMailbox)
	for behind = first; Catalog[behind].perMailbox(); {
		behind++
	}
	return first, behind
}

// lastIndex returns the place in the catalog behind which only final steps are
// planned: that of --until, at the first place where this session has the step.
func lastIndex(cfg *Config) int {
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
	if err != nil || hasStep(plan, name) {
		return ""
	}
	planned := func(c Config) bool {
		p, err := Plan(c)
		return err == nil && hasStep(p, name)
	}
	unskipped, whole := cfg, cfg
	unskipped.Skip = nil
	whole.Skip, whole.Until = nil, ""
	withLogin := whole
	if cfg.Auth == auth.None {
		withLogin.Auth = auth.Auto
	}
	switch {
	case !planned(withLogin):
		return ""
	case cfg.Auth == auth.None && !planned(whole):
		return "--auth=none"
	case cfg.Until != "" && !planned(unskipped):
		return "--until=" + cfg.Until
	}
	return "--skip"
}

// hasStep says whether a plan has a step of that name.
func hasStep(plan []Step, name string) bool {
	return slices.ContainsFunc(plan, func(s Step) bool { return s.Name == name })
}

// StepNames returns the names of all steps in protocol order, each once.
func StepNames() []string { return namesOf(func(Step) bool { return true }) }

// namesOf returns the names of the steps that are meant, in protocol order, each once.
func namesOf(meant func(Step) bool) []string {
	var names []string
	for _, step := range Catalog {
		if meant(step) && !slices.Contains(names, step.Name) {
			names = append(names, step.Name)
		}
	}
	return names
}

// Skippable are the steps that --skip may name.
var Skippable = []string{report.StepList, report.StepSelect, report.StepFetch}
