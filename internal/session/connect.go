package session

import (
	"context"
	"fmt"
	"net/netip"

	"check_imap_session/internal/dial"
)

var connectStep = Step{
	Name:   "connect",
	Doc:    "TCP connect, RFC 8305",
	Needs:  Cold,
	Gives:  Connected,
	Wanted: always,
	Run:    runConnect,
}

func runConnect(ctx context.Context, s *Session, rec *Recorder) error {
	if a, ok := s.cfg.Dial.Literal(); ok {
		s.addrs = []netip.Addr{a}
		s.preloadRoots()
	}
	rec.Waiting("a connection to " + fmt.Sprintf("%s port %d", short(s.addrs), s.cfg.Dial.Port))
	rec.Begin()
	nc, attempts, err := dial.Connect(ctx, s.cfg.Dial, s.addrs)
	var tried []string
	for _, a := range attempts {
		switch {
		case a.Beaten:
			tried = append(tried, fmt.Sprintf("%s: no answer after %.3f s, another address was faster", a.Addr, a.Elapsed.Seconds()))
		case a.Err != nil:
			tried = append(tried, fmt.Sprintf("%s: %v after %.3f s", a.Addr, a.Err, a.Elapsed.Seconds()))
		default:
			tried = append(tried, fmt.Sprintf("%s: connected after %.3f s", a.Addr, a.Elapsed.Seconds()))
			rec.Address(a.Addr.Addr().String())
			rec.Fact("address", a.Addr.String())
			rec.Detail(a.Addr.String())
		}
	}
	rec.Fact("attempts", tried)
	if err != nil {
		return err
	}
	s.use(ctx, nc)
	return nil
}
