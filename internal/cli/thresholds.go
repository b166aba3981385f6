package cli

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// thresholds reads -w and -c. Of two rules for one metric and level the later
// holds, but two within one value are a comma that was meant as a point.
func thresholds(g *grammar, req *Request) error {
	rules := map[string]*judge.Rule{}
	asked := map[string]string{}
	warning, critical, err := certificateDays(g)
	if err != nil {
		return err
	}
	warn := func(r *judge.Rule, x *judge.Range) { r.Warn = x }
	crit := func(r *judge.Rule, x *judge.Range) { r.Crit = x }
	for _, level := range []struct {
		flag   string
		values []string
		set    func(*judge.Rule, *judge.Range)
	}{
		{"-D", warning, warn}, {"-D", critical, crit}, // first, so that -w and -c override it
		{"-w", g.Warning, warn}, {"-c", g.Critical, crit},
	} {
		for _, value := range level.values {
			parts, err := splitThresholds(level.flag, value)
			if err != nil {
				return err
			}
			for _, p := range parts {
				r, err := judge.ParseRange(p.text, p.def.Unit)
				if err != nil {
					return usage(level.flag+" "+p.def.Name+": "+err.Error(), "")
				}
				if rules[p.def.Name] == nil {
					rules[p.def.Name] = &judge.Rule{Metric: p.def.Name}
				}
				level.set(rules[p.def.Name], &r)
				if asked[p.def.Name] == "" {
					asked[p.def.Name] = level.flag
				}
			}
		}
	}
	for _, def := range report.MetricTable() {
		rule := rules[def.Name]
		if rule == nil {
			continue
		}
		if contradictory(rule, def) {
			w, c := rule.Warn, rule.Crit
			return usage(fmt.Sprintf("the warning limit of %s (%s) is beyond its critical limit (%s)", def.Name, w, c), "swap -w and -c")
		}
		req.Policy.Rules = append(req.Policy.Rules, *rule)
	}
	req.Session.Thresholds = asked
	return nil
}

// certificateDays turns -D into a warning and a critical threshold.
func certificateDays(g *grammar) (warning, critical []string, err error) {
	if g.Certificate == "" {
		return nil, nil, nil
	}
	warn, crit, _ := strings.Cut(g.Certificate, ",")
	warn, crit = strings.TrimSpace(warn), cmp.Or(strings.TrimSpace(crit), "0")
	var days [2]uint64
	for i, v := range []string{warn, crit} {
		if days[i], err = strconv.ParseUint(v, 10, 16); err != nil || days[i] > 36500 {
			return nil, nil, usage("-D "+argv.Quote(g.Certificate)+" has no whole number of days", "write -D 21 or -D 21,7")
		}
	}
	if days[0] < days[1] {
		return nil, nil, usage("-D "+argv.Quote(g.Certificate)+" is CRITICAL before it is WARNING", "swap the two")
	}
	name := report.CertificateDays + "="
	return []string{name + warn + ":"}, []string{name + crit + ":"}, nil
}

// contradictory says whether the warning limit lies beyond the critical one, so that no
// value could ever be a WARNING (rule P18 of docs/plugin-interface.md). Of a
// metric that is never negative `~:5` is the same limit as `5`.
func contradictory(rule *judge.Rule, def report.MetricDef) bool {
	if rule.Warn == nil || rule.Crit == nil || rule.Warn.Inside || rule.Crit.Inside {
		return false
	}
	w, c := *rule.Warn, *rule.Crit
	if !def.Signed {
		w, c = w.NonNegative(), c.NonNegative()
	}
	return w.Lower == c.Lower && w.Upper > c.Upper || w.Upper == c.Upper && w.Lower < c.Lower
}

// threshold is one part of a value of -w or -c.
type threshold struct {
	def  report.MetricDef
	text string // the range
}

// splitThresholds splits "2,time_login=500ms".
func splitThresholds(flag, value string) ([]threshold, error) {
	var parts []threshold
	named := false
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, text, hasName := strings.Cut(part, "=")
		if !hasName {
			name, text = report.Time, part
		}
		def, ok := report.LookupMetric(strings.TrimSpace(name))
		if !ok {
			return nil, unknownMetric(flag, name)
		}
		for _, p := range parts {
			if p.def.Name == def.Name {
				return nil, usage(fmt.Sprintf("%s %s has two ranges for %s", flag, argv.Quote(value), def.Name), "decimals take a point: 0.5")
			}
		}
		if !hasName && named {
			return nil, usage(fmt.Sprintf("%s %s: the range %s behind the comma names no metric", flag, argv.Quote(value), argv.Quote(part)), "decimals take a point: 0.5; a range for the whole run stands first or is written time=RANGE")
		}
		named = named || hasName
		parts = append(parts, threshold{def, strings.TrimSpace(text)})
	}
	return parts, nil
}

func unknownMetric(flag, name string) error {
	var names []string
	for _, def := range report.MetricTable() {
		names = append(names, def.Name)
	}
	return usage(flag+": there is no metric "+argv.Quote(name), oneOfThese(name, names))
}

// oneOfThese is the hint for a name that is not among those there are: the nearest
// of them, else all.
func oneOfThese(name string, names []string) string {
	if near := argv.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "one of " + strings.Join(names, ", ")
}

// measurable refuses a threshold that can never be judged because the user has
// removed its step. What this host or run merely does not have is not an error. It
// needs the whole request: a threshold brings in the step it is about.
func measurable(_ *grammar, req *Request) error {
	c := req.Session
	for _, def := range report.MetricTable() {
		flag := c.Thresholds[def.Name]
		if flag == "" {
			continue
		}
		if (def.Name == report.Addresses || def.Name == report.AddressesFailed) && req.Addresses == "first" {
			return usage(fmt.Sprintf("%s %s can never be judged without --addresses=worst or any", flag, def.Name), "")
		}
		if by := session.Removed(c, def.Step); def.Step != "" && by != "" {
			return usage(fmt.Sprintf("%s %s can never be judged: %s leaves out the step %s", flag, def.Name, by, def.Step), "")
		}
		if c.TLS == session.TLSNone && strings.HasPrefix(def.Name, "certificate_") {
			return usage(fmt.Sprintf("%s %s can never be judged: --tls=none has no certificate", flag, def.Name), "")
		}
	}
	return nil
}

func parseAddr(s string) (netip.Addr, error) {
	return netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
}
