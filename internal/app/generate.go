package app

import (
	"slices"

	"check_imap_session/internal/cli"
	"check_imap_session/internal/demo"
	"check_imap_session/internal/gen"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

//go:generate go run ./writecontrib

// Model returns what internal/gen writes down: the grammar, and the names of steps,
// metrics, kinds of failure and scenarios.
func Model() gen.Model {
	m := gen.Model{App: cli.Model(), Values: map[string][]string{"until": session.StepNames(), "skip": session.Skippable, "with": session.Additions()}}
	for _, v := range cli.Environment() {
		m.Env = append(m.Env, gen.EnvVar(v))
	}
	var thresholds []string
	for _, d := range report.MetricTable() {
		doc := d.Doc
		if uom := d.Unit.UOM(); uom != "" {
			doc += " (" + uom + ")"
		}
		m.Metrics = append(m.Metrics, gen.Item{Name: d.Name, Doc: doc})
		thresholds = append(thresholds, d.Name+"=")
		if d.Name != report.Time && d.Name != report.StepTime(d.Step) {
			m.Results = append(m.Results, d.Name)
		}
	}
	m.Values["warning"], m.Values["critical"] = thresholds, thresholds
	for _, k := range judge.Kinds() {
		state := k.State.String()
		if k.Name == "threshold" {
			state = "as given"
		}
		m.Kinds = append(m.Kinds, gen.Item{Name: k.Name, Doc: k.Means + " (" + state + ")"})
		if !k.Fixed {
			m.Values["state"] = append(m.Values["state"], k.Name+"=")
		}
	}
	for _, step := range session.Catalog {
		if slices.ContainsFunc(m.Steps, func(i gen.Item) bool { return i.Name == step.Name }) {
			continue // planned in two places
		}
		doc := step.Doc
		if step.Wanted == nil {
			doc += " (with --with)"
		}
		m.Steps = append(m.Steps, gen.Item{Name: step.Name, Doc: doc})
	}
	m.Values["demo"] = []string{"list"}
	for _, s := range demo.Scenarios() {
		m.Scenarios = append(m.Scenarios, gen.Item{Name: s.Name, Doc: s.Doc})
		m.Values["demo"] = append(m.Values["demo"], s.Name)
	}
	return m
}

// generate returns the definition that --generate asks for.
func generate(kind string) []byte {
	all := gen.Formats()
	return all[slices.IndexFunc(all, func(f gen.Format) bool { return f.Name == kind })].Write(Model())
}
