package judge

import (
	"errors"
	"slices"
	"sort"

	"check_imap_session/internal/report"
)

// judgeAll judges a report of several sessions: each by itself, then all of them by
// Target.Addresses. v already holds what the sessions have in common.
func (p Policy) judgeAll(r *report.Report, v *report.Verdict) {
	best, failed, well := report.Critical, 0, 0
	var held []report.Finding // because of another address, whose finding comes first
	for _, s := range r.Sessions {
		sv := Judge(s, p)
		v.Sessions = append(v.Sessions, sv)
		for _, f := range sv.Findings {
			f.Address = s.Target.Address
			if stopped(s) {
				held = append(held, f)
				continue
			}
			v.Findings = append(v.Findings, f)
		}
		if sv.Success {
			well++
		}
		if sv.State != report.OK {
			failed++
		}
		if sv.State.Rank() < best.Rank() {
			best = sv.State
		}
	}
	v.Findings = append(v.Findings, held...)
	p.addCounted(r, v, report.Addresses, len(r.Sessions))
	p.addCounted(r, v, report.AddressesFailed, failed)
	p.mergeMetrics(v)
	sortFindings(v)
	v.Success = v.Success && (well == len(r.Sessions) || well > 0 && r.Target.Addresses == "any")
	if r.Target.Addresses == "any" {
		// The best address decides, and what was found outside the sessions still counts.
		v.State = best
		for _, f := range v.Findings {
			if f.Address == "" {
				v.State = report.Worst(v.State, f.State)
			}
		}
	}
}

// stopped says whether a session did not log in because another address had rejected
// the login.
func stopped(s *report.Report) bool {
	e := s.Failure()
	return e != nil && errors.As(e.Err, new(*report.LoginHeld))
}

// addCounted adds a metric of the whole to a verdict.
func (p Policy) addCounted(r *report.Report, v *report.Verdict, name string, n int) {
	def, _ := report.LookupMetric(name)
	m := report.Metric{Def: def, Value: float64(n)}
	r.Metrics = append(r.Metrics, m)
	v.Metrics = append(v.Metrics, p.judged(r, m, p.Rule(name, report.Mailbox{}), v))
}

// mergeMetrics takes the worst of every metric of the sessions into the verdict.
func (p Policy) mergeMetrics(v *report.Verdict) {
	for _, sv := range v.Sessions {
		for _, m := range sv.Metrics {
			if m.Def.Name == report.Time {
				continue // v has that of the whole run already
			}
			i := slices.IndexFunc(v.Metrics, func(o report.Judged) bool { return o.Label() == m.Label() })
			switch {
			case i < 0:
				v.Metrics = append(v.Metrics, m)
			case worse(m, v.Metrics[i]):
				v.Metrics[i] = m
			}
		}
	}
	// slices.SortStableFunc would add 7 KB of code for this type to the program.
	sort.SliceStable(v.Metrics, func(i, j int) bool { return report.CompareMetrics(v.Metrics[i].Metric, v.Metrics[j].Metric) < 0 })
	for _, sv := range v.Sessions {
		for _, m := range sv.Unknown {
			has := func(o report.Judged) bool { return o.Label() == m.Label() }
			if !slices.ContainsFunc(v.Metrics, has) && !slices.Contains(v.Unknown, m) {
				v.Unknown = append(v.Unknown, m)
			}
		}
	}
}

// worse says whether a is the worse of two values of one metric.
func worse(a, b report.Judged) bool {
	if a.State != b.State {
		return a.State.Rank() > b.State.Rank()
	}
	if a.Def.LowIsWorse {
		return a.Value < b.Value
	}
	return a.Value > b.Value
}
