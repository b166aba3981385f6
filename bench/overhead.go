//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// printOverhead prints what happens in a program before it has reached the
// server and after the server's last word.
func printOverhead(ctx context.Context, s *site, n int) error {
	t, err := newTap(s.certificates, s.server.imap)
	if err != nil {
		return err
	}
	defer t.close()
	list := s.sessions(t.port())
	floor := s.programs(t.port())[0]

	type times struct{ before, after, beyond float64 }
	got := make([][]times, len(list))
	var floors []sample
	for round := range n + 1 {
		least, err := s.measure(ctx, floor)
		if err != nil {
			return err
		}
		floors = append(floors, least)
		for i, p := range list {
			one, err := s.measure(ctx, p)
			if err != nil {
				return err
			}
			v := <-t.visits
			before, after := v.accepted.Sub(one.began), one.ended.Sub(v.last)
			if round > 0 {
				got[i] = append(got[i], times{ms(before), ms(after), ms(before + after - least.wall())})
			}
		}
	}
	fmt.Printf("Medians of %d rounds, in ms. A static Go program that does nothing takes %.1f ms in all.\n\n", n, median(floors, wallMS))
	fmt.Println("| program | start to server reached | last byte to end | together beyond the static Go program |")
	fmt.Println("|---|--:|--:|--:|")
	for i, p := range list {
		fmt.Printf("| %s | %.1f | %.1f | %.1f |\n", p.title(),
			median(got[i], func(t times) float64 { return t.before }),
			median(got[i], func(t times) float64 { return t.after }),
			median(got[i], func(t times) float64 { return t.beyond }))
	}
	return nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
