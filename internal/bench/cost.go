package main

import (
	"context"
	"fmt"
	"slices"
)

// printCost prints what one run of each program costs.
func printCost(ctx context.Context, s *site, n int) error {
	list := s.programs()
	samples, err := s.rounds(ctx, list, n)
	if err != nil {
		return err
	}
	of := func(name string) []sample {
		if i := slices.IndexFunc(list, func(p program) bool { return p.name == name }); i >= 0 {
			return samples[i]
		}
		return nil
	}
	fmt.Printf("Medians of %d rounds. Ratios are of CPU time.\n\n", n)
	fmt.Println("| program | CPU ms | wall ms | peak MiB | page faults | to bare | to check_imap |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	for i, p := range list {
		got := samples[i]
		fmt.Printf("| %s | %.1f | %.1f | %.1f | %.0f | %s | %s |\n", p.name, median(got, cpuMS), median(got, wallMS), median(got, peakMiB), median(got, pageFaults),
			times(got, of(bareName)), times(got, of(checkImapName)))
	}
	if system := of(systemName); system != nil {
		fmt.Printf("\nThe system's roots cost %.2f times the CPU of a CA file.\n", ratio(system, of(privateName), cpuMS))
	}
	return nil
}

func cpuMS(s sample) float64      { return s.cpu.Seconds() * 1000 }
func wallMS(s sample) float64     { return s.wall.Seconds() * 1000 }
func pageFaults(s sample) float64 { return float64(s.faults) }
func peakMiB(s sample) float64    { return float64(s.peak) / (1 << 20) }

// times is a ratio for the table, empty when there is nothing to compare with.
func times(of, to []sample) string {
	if to == nil {
		return ""
	}
	return fmt.Sprintf("%.2f", ratio(of, to, cpuMS))
}
