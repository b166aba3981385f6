//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"
)

// bookedLimit is how far a booked time may be from the packets.
const bookedLimit = 0.5 // ms

// printCapture compares the times that the program books to its steps with the
// packets that tshark sees on loopback.
func printCapture(ctx context.Context, s *site, n int) error {
	if _, err := os.Stat(tshark); err != nil {
		fmt.Println("tshark is not installed.")
		return nil
	}
	t, err := startTrace(ctx, s.server)
	if err != nil {
		return err
	}
	defer t.stop()
	modes := []struct {
		name      string
		p         program
		encrypted bool
	}{
		{"no TLS", s.private(s.server.imap, "-o", "json", "--tls=none", "--allow-plaintext-auth"), false},
		{"TLS", s.private(s.server.imaps, "-o", "json"), true},
	}
	fmt.Printf("%d sessions of each kind, in ms; differences without their sign.\n\n", n)
	fmt.Println("| session | step | booked, median | on the wire, median | difference, median | 9 of 10 below | most | within 0.5 ms |")
	fmt.Println("|---|---|--:|--:|--:|--:|--:|--:|")
	for _, m := range modes {
		seen, err := s.captured(ctx, t, m.p, m.encrypted, n)
		if err != nil {
			return err
		}
		printSteps(m.name, seen)
	}
	return nil
}

// captured runs sessions under the eyes of tshark. On a busy machine it may miss
// packets; such a session is run again, but not without an end.
func (s *site) captured(ctx context.Context, t *trace, p program, encrypted bool, n int) ([]seenStep, error) {
	var seen []seenStep
	for good, bad := 0, 0; good < n; {
		one, err := s.measure(ctx, p)
		if err != nil {
			return nil, err
		}
		packets, err := t.session()
		if err != nil {
			return nil, err
		}
		steps, err := match(one.out, packets, encrypted)
		switch {
		case err == nil:
			seen = append(seen, steps...)
			good++
		case bad == n:
			return nil, err
		default:
			bad++
		}
	}
	return seen, nil
}

// seenStep is one step of one session, in ms.
type seenStep struct {
	name         string
	booked, wire float64
}

func (s seenStep) difference() float64 { return math.Abs(s.booked - s.wire) }

func printSteps(session string, seen []seenStep) {
	byName := map[string][]seenStep{}
	var names []string
	for _, one := range seen {
		if byName[one.name] == nil {
			names = append(names, one.name)
		}
		byName[one.name] = append(byName[one.name], one)
	}
	for _, name := range names {
		steps := byName[name]
		within := 0
		for _, one := range steps {
			if one.difference() <= bookedLimit {
				within++
			}
		}
		fmt.Printf("| %s | %s | %.3f | %.3f | %.3f | %.3f | %.3f | %d of %d |\n", session, name,
			median(steps, func(s seenStep) float64 { return s.booked }), median(steps, func(s seenStep) float64 { return s.wire }),
			quantile(steps, 0.5, seenStep.difference), quantile(steps, 0.9, seenStep.difference), quantile(steps, 1, seenStep.difference),
			within, len(steps))
	}
}

// match finds the packets of every step of a JSON output.
func match(out string, packets []packet, encrypted bool) ([]seenStep, error) {
	var doc struct {
		Steps []struct {
			Name, Outcome string
			Seconds       float64
		}
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		return nil, err
	}
	connected, turns := turnsOf(packets, encrypted)
	want := []interval{connected}
	if encrypted {
		// ClientHello, the server's part, Finished, greeting. TLS ends with our
		// Finished, as the client is the last to speak (RFC 8446 section 2).
		if len(turns) < 4 {
			return nil, errors.New("too few packets for a handshake")
		}
		want = append(want, interval{turns[0].first, turns[2].last}, interval{turns[2].last, turns[3].last})
		turns = turns[4:]
	} else if len(turns) > 0 {
		want = append(want, interval{connected.last, turns[0].last})
		turns = turns[1:]
	}
	for ; len(turns) >= 2; turns = turns[2:] {
		want = append(want, interval{turns[0].first, turns[1].last})
	}
	var steps []seenStep
	for _, step := range doc.Steps {
		if step.Outcome != "passed" {
			continue
		}
		if len(steps) == len(want) {
			return nil, fmt.Errorf("no packets for the step %s", step.Name)
		}
		w := want[len(steps)]
		steps = append(steps, seenStep{step.Name, step.Seconds * 1000, ms(w.last.Sub(w.first))})
	}
	if len(steps) != len(want) {
		return nil, fmt.Errorf("%d steps, but packets for %d", len(steps), len(want))
	}
	return steps, nil
}

// interval is between two packets.
type interval struct{ first, last time.Time }

// turnsOf cuts a session into what each side said before the other one did.
func turnsOf(packets []packet, encrypted bool) (connected interval, turns []interval) {
	client := false // who spoke last
	for _, p := range packets {
		switch {
		case p.syn && p.fromClient:
			connected.first = p.at
		case p.size == 0 && p.fromClient && connected.last.IsZero():
			connected.last = p.at
		case p.size == 0 || encrypted && !p.fromClient && p.size == closeNotify:
			// Acknowledgements, and the server's goodbye to TLS.
		case len(turns) == 0 || client != p.fromClient:
			turns = append(turns, interval{p.at, p.at})
			client = p.fromClient
		default:
			turns[len(turns)-1].last = p.at
		}
	}
	// What we say at the end of TLS is answered by nothing.
	if client && encrypted && len(turns) > 0 {
		turns = turns[:len(turns)-1]
	}
	return connected, turns
}

// closeNotify is the size of this alert under TLS 1.3: the header, the alert,
// its type and the tag of AES-GCM. See RFC 8446 section 5.2.
const closeNotify = 5 + 2 + 1 + 16
