package session

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

var dnsStep = Step{
	Name:  report.StepDNS,
	Doc:   "resolve the name",
	Needs: Cold,
	Wanted: func(c *Config) bool {
		_, literal := c.Dial.Literal()
		return !literal
	},
	When: "what is connected to is a name",
	Explain: func(c *Config) Explanation {
		database := map[dial.Family]string{dial.AnyFamily: "ahosts", dial.IPv4: "ahostsv4", dial.IPv6: "ahostsv6"}[c.Dial.Family]
		return Explanation{Does: "asks for the addresses of " + c.Dial.Resolved(), Command: []string{"getent", database, c.Dial.Resolved()}}
	},
	Run: runDNS,
}

func runDNS(ctx context.Context, s *Session, rec *Recorder) error {
	s.cfg.preloadRoots()
	rec.Waiting("the resolver")
	found, err := dial.Resolve(ctx, s.cfg.Dial)
	var lookup *report.LookupError
	switch {
	case errors.Is(err, report.ErrNoAddress):
		return fmt.Errorf("%w: %s", report.ErrNoAddress, missingAddress(s.cfg.Dial))
	case errors.As(err, &lookup):
		// The other question may have been answered, by no address.
		rec.Waiting("the answer to " + lookup.Question + " from the name server")
		return &report.StepError{Err: err}
	case err != nil:
		return err
	}
	s.addrs = found.Addrs
	rec.Fact("addresses", addressWords(s.addrs))
	rec.Detail(short(s.addrs))
	if m := found.Missing; m != nil {
		rec.Remark(fmt.Sprintf("%s got no answer from the name server (%s)", m.Question, reason(m.Err)))
	}
	if found.Found > len(s.addrs) {
		rec.Fault(report.ErrManyAddresses, "%d, of which the first %d are used", found.Found, len(s.addrs))
	}
	return nil
}

// missingAddress says which addresses a name that resolves does not have.
func missingAddress(c dial.Config) string {
	name := c.Resolved()
	if c.Name != "" {
		name = "--address " + c.Name
	}
	switch {
	case c.Family != dial.AnyFamily:
		return name + " has no IPv" + string(c.Family) + " address"
	case c.Source.IsValid():
		return name + " has no address of the family of " + c.Source.String()
	}
	return name + " has no address"
}

func addressWords(addrs []netip.Addr) []string {
	words := make([]string, len(addrs))
	for i, a := range addrs {
		words[i] = a.String()
	}
	return words
}

// short lists the first few addresses.
func short(addrs []netip.Addr) string {
	const most = 4
	words := addressWords(addrs)
	if len(words) > most {
		words = append(words[:most], "...")
	}
	return strings.Join(words, ", ")
}

// preloadRoots loads the trusted certificates while the network is waited for.
func (c *Config) preloadRoots() {
	if c.TLS != TLSNone {
		c.Cert.Roots.Preload()
	}
}
