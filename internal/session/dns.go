package session

import (
	"context"
	"net/netip"
	"strings"

	"check_imap_session/internal/dial"
)

var dnsStep = Step{
	Name:  "dns",
	Doc:   "resolve the name",
	Needs: Cold,
	Gives: Resolved,
	Wanted: func(c Config) bool {
		_, literal := c.Dial.Literal()
		return !literal
	},
	Run: runDNS,
}

func runDNS(ctx context.Context, s *Session, rec *Recorder) error {
	s.preloadRoots()
	rec.Waiting("the resolver")
	addrs, err := dial.Resolve(ctx, s.cfg.Dial)
	if err != nil {
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
