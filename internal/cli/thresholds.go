package cli

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// A limit is one range of -w, -c or -D.
type limit struct {
	threshold
	flag  string // as the user knows it
	level report.State
	rank  int // of the place where it was written: the higher holds
}

// thresholds reads -w, -c and -D. Of two limits for one metric and level the one
// from the command line holds, then the one from the later section of an ini file;
// two from one place are an error, since nobody can know which is meant.
func thresholds(g *grammar, req *Request) error {
	limits, err := certificateDays(g, ranks(req.given["certificate"]))
	if err != nil {
		return err
	}
	for _, f := range []struct {
		flag, name string
		values     []string
		level      report.State
	}{{"-w", "warning", g.Warning, report.Warning}, {"-c", "critical", g.Critical, report.Critical}} {
		ranks := ranks(req.given[f.name])
		for i, value := range f.values {
			parts, err := splitThresholds(f.flag, value)
			if err != nil {
				return err
			}
			for _, p := range parts {
				limits = append(limits, limit{p, f.flag, f.level, ranks[i]})
			}
		}
	}
	holds := held{}
	for _, l := range limits {
		if l.mailbox, err = mailboxOf(l, req.Session); err != nil {
			return err
		}
		k := heldKey{l.name(), l.level}
		old, twice := holds[k]
		if twice && old.rank == l.rank {
			return usage(fmt.Sprintf("%s %s and %s %s are two ranges for %s", old.flag, argv.Quote(old.text), l.flag, argv.Quote(l.text), l.name()), "leave one out; the warning limit goes to -w, the critical one to -c")
		}
		if !twice || l.rank > old.rank {
			holds[k] = l
		}
	}
	req.Session.Thresholds = map[string]string{}
	for _, def := range report.MetricTable() {
		forEach := []string{def.Name}
		if c := req.Session; c.Mailboxes == nil && c.Pattern == "" { // what is for the one mailbox is for each
			forEach = []string{mailboxes(c)[0].At(def.Name), def.Name}
		}
		if err := holds.rule(g, req, judge.Rule{Metric: def.Name}, forEach); err != nil {
			return err
		}
		for _, name := range holds.ofOne(def.Name) {
			if name == forEach[0] {
				continue
			}
			if err := holds.rule(g, req, judge.Rule{Metric: name}, []string{name, def.Name}); err != nil {
				return err
			}
		}
	}
	req.Policy.CertificateDefault = g.Certificate == "" && !g.Insecure &&
		req.Session.Thresholds[report.CertificateDays] == "" && req.Session.Thresholds[report.CertificatePercent] == ""
	return nil
}

// held are the limits that hold, by what they are on: messages, or for one mailbox of
// several messages@INBOX.
type held map[heldKey]limit

type heldKey struct {
	name  string
	level report.State
}

// ofOne returns what there are limits on of a metric for one mailbox.
func (h held) ofOne(metric string) []string {
	var names []string
	for k := range h {
		if strings.HasPrefix(k.name, metric+"@") {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// rule adds a rule with the limits of the first of the names. One that it does not
// have is that of the next, but no warning limit that its own critical one makes
// pointless.
func (h held) rule(g *grammar, req *Request, rule judge.Rule, names []string) error {
	var def report.MetricDef
	own := func(level report.State) bool { _, ok := h[heldKey{names[0], level}]; return ok }
	for _, to := range []struct {
		level report.State
		limit **judge.Range
	}{{report.Warning, &rule.Warn}, {report.Critical, &rule.Crit}} {
		for _, name := range names {
			l, ok := h[heldKey{name, to.level}]
			if !ok {
				continue
			}
			r, err := l.parse(g)
			if err != nil {
				return err
			}
			*to.limit, def = &r, l.def
			req.Session.Thresholds[rule.Metric] = cmp.Or(req.Session.Thresholds[rule.Metric], l.flag)
			break
		}
	}
	if contradictory(&rule, def) && own(report.Critical) && !own(report.Warning) && len(names) > 1 {
		rule.Warn = nil
	}
	if contradictory(&rule, def) {
		return usage(fmt.Sprintf("the warning limit of %s (%s) is beyond its critical limit (%s)", rule.Metric, rule.Warn, rule.Crit), "swap -w and -c")
	}
	if rule.Warn != nil || rule.Crit != nil {
		req.Policy.Rules = append(req.Policy.Rules, rule)
	}
	return nil
}

// ranks returns the ranks of sections, 0 being the command line.
func ranks(sections []int) []int {
	all := slices.Clone(sections)
	for i, section := range all {
		if section == 0 {
			all[i] = math.MaxInt
		}
	}
	return all
}

// parse reads the range of a limit.
func (l limit) parse(g *grammar) (judge.Range, error) {
	name, isTime := l.name(), l.def.Unit == report.Seconds && strings.HasPrefix(l.def.Name, report.Time)
	bad := func(msg, hint string) (judge.Range, error) {
		return judge.Range{}, usage(l.flag+" "+name+"="+argv.Quote(l.text)+" "+msg, hint)
	}
	if low, high, ok := strings.Cut(strings.Replace(l.text, ";", "-", 1), "-"); ok && low != "" && high != "" && strings.Trim(low+high, "0123456789.") == "" {
		return bad("is not a range", fmt.Sprintf("write %s:%s for what is good, or -w %[1]s -c %[2]s", low, high))
	}
	if number := strings.Trim(l.text, "<>="); number != l.text {
		return bad("is a comparison, not a range", fmt.Sprintf("write what is good: %s for at most %[1]s, %[1]s: for at least %[1]s", number))
	}
	if isTime && strings.HasSuffix(l.text, "%") {
		return bad("is a percentage, of what?", "write METRIC=RANGE, for example quota_storage_percent=80")
	}
	r, err := judge.ParseRange(l.text, l.def.Unit)
	if err != nil {
		return r, usage(l.flag+" "+name+": "+err.Error(), "")
	}
	if l.def.LowIsWorse && !strings.ContainsAny(l.text, ":@") {
		hint := "write " + name + "=" + l.text + ": for at least " + l.text
		if l.def.Name == report.CertificateDays {
			hint += ", or -D " + strings.TrimSuffix(l.text, "d")
		}
		return bad("alerts on more than that, and never on less", hint)
	}
	farthest := r.Lower
	if !math.IsInf(r.Upper, 1) {
		farthest = r.Upper
	}
	if isTime && farthest > time.Duration(g.Timeout).Seconds() {
		hint := "raise -t, or lower the limit"
		if strings.Trim(l.text, "0123456789") == "" {
			hint = "did you mean " + l.text + "ms? else raise -t"
		}
		return bad("can never be reached: the run ends after -t "+time.Duration(g.Timeout).String(), hint)
	}
	return r, nil
}

// certificateDays turns -D into a warning and a critical limit.
func certificateDays(g *grammar, ranks []int) ([]limit, error) {
	if g.Certificate == "" {
		return nil, nil
	}
	warn, crit, _ := strings.Cut(g.Certificate, ",")
	if strings.TrimSuffix(strings.TrimSpace(warn), "d") == "0" && strings.TrimSpace(crit) == "" {
		return nil, nil // no limits, not even the default
	}
	def, _ := report.LookupMetric(report.CertificateDays)
	var days [2]uint64
	var limits []limit
	for i, v := range []string{warn, cmp.Or(strings.TrimSpace(crit), "0")} {
		var err error
		v = strings.TrimSuffix(strings.TrimSpace(v), "d")
		if days[i], err = strconv.ParseUint(v, 10, 16); err != nil || days[i] > 36500 {
			return nil, usage("-D "+argv.Quote(g.Certificate)+" is not a whole number of days", "write -D 21 or -D 21,7")
		}
		level := []report.State{report.Warning, report.Critical}[i]
		limits = append(limits, limit{threshold{def: def, text: v + ":"}, "-D", level, ranks[len(ranks)-1]})
	}
	if days[0] < days[1] {
		return nil, usage("-D "+argv.Quote(g.Certificate)+" is CRITICAL before it is WARNING", "swap the two")
	}
	return limits, nil
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
	def     report.MetricDef
	mailbox string // the one it is for; "" for each
	text    string // the range
}

// name returns what the threshold is on.
func (t threshold) name() string { return report.Mailbox{Label: t.mailbox}.At(t.def.Name) }

// splitThresholds splits "2,time_login=500ms".
func splitThresholds(flag, value string) ([]threshold, error) {
	if t, ofOne, err := mailboxThreshold(flag, value); ofOne {
		return []threshold{t}, err
	}
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
		if metric, _, at := strings.Cut(name, "@"); !ok && at && metric != "" {
			return nil, usage(fmt.Sprintf("%s: %s stands behind a comma", flag, argv.Quote(part)), "a limit for one mailbox takes a "+flag+" of its own")
		}
		if !ok {
			return nil, unknownMetric(flag, name)
		}
		for _, p := range parts {
			if p.def.Name == def.Name {
				return nil, usage(fmt.Sprintf("%s %s has two ranges for %s", flag, argv.Quote(value), def.Name), fmt.Sprintf("write -w %s -c %s; decimals take a point: 0.5", p.text, text))
			}
		}
		if !hasName && named {
			return nil, usage(fmt.Sprintf("%s %s: the range %s after the comma has no metric", flag, argv.Quote(value), argv.Quote(part)), "decimals take a point: 0.5; a range for the whole run stands first or is written time=RANGE")
		}
		named = named || hasName
		parts = append(parts, threshold{def: def, text: strings.TrimSpace(text)})
	}
	return parts, nil
}

func unknownMetric(flag, name string) error {
	var names []string
	for _, def := range report.MetricTable() {
		names = append(names, def.Name)
	}
	hint := oneOfThese(name, names)
	if renamed := map[string]string{
		"found": report.SearchFound, "found_oldest_age": report.SearchOldestAge, "found_newest_age": report.SearchNewestAge,
		"unseen": report.MessagesUnseen, "deleted": report.MessagesDeleted, "fetch_bytes": report.FetchSize,
	}[name]; renamed != "" {
		hint = "it is called " + renamed + " now"
	}
	if meant := map[string]string{
		"quota": report.QuotaStoragePercent, "certificate": report.CertificateDays, "cert": report.CertificateDays,
		"age": report.MessageAge, "size": report.MessageSize,
	}[name]; meant != "" {
		hint = "did you mean " + meant + "?"
	}
	return usage(flag+": unknown metric "+argv.Quote(name), hint)
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
		for name, own := range c.Thresholds {
			if strings.HasPrefix(name, def.Name+"@") {
				flag = cmp.Or(flag, own)
			}
		}
		if flag == "" {
			continue
		}
		if needs := req.lacks(def); needs != "" {
			return usage(fmt.Sprintf("%s %s can never be judged without %s", flag, def.Name, needs), "")
		}
		step := def.Step
		if def.Name == report.NodesSpread {
			step = report.StepSelect
		}
		if by := session.Removed(c, step); step != "" && by != "" {
			return usage(fmt.Sprintf("%s %s can never be judged: %s leaves out the step %s", flag, def.Name, by, step), "")
		}
		if c.TLS == session.TLSNone && strings.HasPrefix(def.Name, "certificate_") {
			return usage(fmt.Sprintf("%s %s can never be judged: --tls=none has no certificate", flag, def.Name), "")
		}
	}
	return nil
}

// lacks returns the flag without which a metric is not measured, "" when it is there.
func (r *Request) lacks(def report.MetricDef) string {
	switch {
	case slices.Contains([]string{report.Addresses, report.AddressesFailed, report.NodesSpread}, def.Name) && r.AllAddresses == "":
		return "--all-addresses=worst or any"
	case def.Step == report.StepMailboxes && r.Session.Pattern == "":
		return "--mailboxes"
	case def.Step == report.StepAppend && r.Session.Append == "":
		return "--append"
	case def.Name == report.ClientCertificateDays && r.files.clientCert == "" && r.files.oauthCert == "":
		return "--client-cert or --oauth-client-cert"
	case def.Name == report.ClientSecretDays && r.Session.ClientSecretExpires.IsZero():
		return "--oauth-client-secret-expires"
	}
	return ""
}

func parseAddr(s string) (netip.Addr, error) {
	return netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
}
