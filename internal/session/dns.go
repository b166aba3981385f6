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
	Gives: Resolved,
	Wanted: func(c Config) bool {
		_, literal := c.Dial.Literal()
		return !literal
	},
	When: "what is connected to is a name",
	Explain: func(c Config) Explanation {
		database := map[dial.Family]string{dial.AnyFamily: "ahosts", dial.IPv4: "ahostsv4", dial.IPv6: "ahostsv6"}[c.Dial.Family]
		return Explanation{Does: "asks for the addresses of " + c.Dial.Resolved(), Command: []string{"getent", database, c.Dial.Resolved()}}
	},
	Run: runDNS,
}

func runDNS(ctx context.Context, s *Session, rec *Recorder) error {
	s.preloadRoots()
	rec.Waiting("the resolver")
	addrs, err := dial.Resolve(ctx, s.cfg.Dial)
	switch {
	case errors.Is(err, report.ErrNoAddress):
		return &report.StepError{Err: fmt.Errorf("%w: %s", report.ErrNoAddress, missingAddress(s.cfg.Dial))}
	case err != nil:
		return err
	}
	s.addrs = addrs
	text := make([]string, len(addrs))
	for i, a := range addrs {
		text[i] = a.String()
	}
	rec.Fact("addresses", text)
	rec.Detail(short(addrs))
	return nil
}

// missingAddress says which addresses a name that resolves does not have.
func missingAddress(c dial.Config) string {
	switch {
	case c.Family != dial.AnyFamily:
		return "the name has no IPv" + string(c.Family) + " address"
	case c.Source.IsValid():
		return "the name has no address of the family of " + c.Source.String()
	}
	return "the name has no address"
}

// short lists the first few addresses.
func short(addrs []netip.Addr) string {
	const most = 4
	var words []string
	for i, a := range addrs {
		if i == most {
			words = append(words, "...")
			break
		}
		words = append(words, a.String())
	}
	return strings.Join(words, ", ")
}

// preloadRoots loads the trusted certificates beside the network's waits.
func (s *Session) preloadRoots() {
	if s.cfg.TLS != TLSNone {
		s.cfg.Cert.Roots.Preload()
	}
}
