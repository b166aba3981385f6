//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	oneWay = 25 * time.Millisecond
	rtt    = 2 * oneWay
)

// printRoundTrips prints how often each program waits for the server, and what
// that means on a line of 50 ms.
func printRoundTrips(ctx context.Context, s *site, n int) error {
	t, err := newTap(s.certificates, s.server.imap)
	if err != nil {
		return err
	}
	defer t.close()
	near, err := newRelay(s.server.imaps, 0)
	if err != nil {
		return err
	}
	defer near.close()
	far, err := newRelay(s.server.imaps, oneWay)
	if err != nil {
		return err
	}
	defer far.close()

	fmt.Printf("Medians of %d rounds. Round trips are those on a line: 1 for TCP, and how often the\n"+
		"client spoke and waited. The least time has one less, as loopback connects at once.\n\n", n)
	fmt.Println("| program | commands | round trips | wall ms at 0 ms | wall ms at 50 ms | least | beyond |")
	fmt.Println("|---|---|--:|--:|--:|--:|--:|")
	tapped, nearby, away := s.sessions(t.port()), s.sessions(near.port()), s.sessions(far.port())
	for i, p := range tapped {
		if _, err := s.measure(ctx, p); err != nil {
			return err
		}
		v := <-t.visits
		got, err := s.rounds(ctx, []program{nearby[i], away[i]}, n)
		if err != nil {
			return err
		}
		least := float64(v.flights) * rtt.Seconds() * 1000
		beyond := make([]float64, n)
		for i := range beyond {
			beyond[i] = wallMS(got[1][i]) - wallMS(got[0][i]) - least
		}
		fmt.Printf("| %s | %s | %d | %.1f | %.1f | %.0f | %.1f |\n", p.title(), strings.Join(v.commands, " "), 1+v.flights,
			median(got[0], wallMS), median(got[1], wallMS), least, median(beyond, same))
	}
	return nil
}

// sessions are the installed programs that talk to a server.
func (s *site) sessions(port int) []program {
	return slices.DeleteFunc(s.programs(port), func(p program) bool { return p.name == floorName || !p.installed() })
}

func same(f float64) float64 { return f }
