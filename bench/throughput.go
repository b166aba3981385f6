//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// window is how long checks are started for one figure.
const window = 2 * time.Second

// printThroughput prints how many checks a second this machine completes, the
// server's part included.
func printThroughput(ctx context.Context, s *site, _ int) error {
	parallel := []int{1, 2, 4, 8, 16, 32, 64}
	var list []program
	for _, p := range s.sessions(s.server.imaps) {
		if slices.Contains([]string{bareName, privateName, systemName, checkImapName, "curl", "Python, imaplib"}, p.name) {
			list = append(list, p)
		}
	}
	fmt.Printf("Checks a second on %d processors, which the server shares, by how many are run in parallel.\n\n", runtime.NumCPU())
	head, rule := "| program |", "|---|"
	for _, n := range parallel {
		head, rule = head+fmt.Sprintf(" %d |", n), rule+"--:|"
	}
	fmt.Println(head)
	fmt.Println(rule)
	rates := make([][]float64, len(list))
	for _, n := range parallel {
		for i, p := range list {
			rate, err := throughput(ctx, p, n)
			if err != nil {
				return fmt.Errorf("%s, %d in parallel: %w", p.name, n, err)
			}
			rates[i] = append(rates[i], rate)
		}
	}
	for i, p := range list {
		row := "| " + p.title() + " |"
		for _, rate := range rates[i] {
			row += fmt.Sprintf(" %.0f |", rate)
		}
		fmt.Println(row)
	}
	return nil
}

// throughput returns how many runs a second are completed with n at a time.
func throughput(ctx context.Context, p program, n int) (float64, error) {
	var done atomic.Int64
	var workers sync.WaitGroup
	errs := make([]error, n)
	began := time.Now()
	for i := range n {
		workers.Go(func() {
			for errs[i] == nil && time.Since(began) < window {
				cmd := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
				cmd.Env = environment(p.env)
				if errs[i] = cmd.Run(); errs[i] == nil {
					done.Add(1)
				}
			}
		})
	}
	workers.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), errors.Join(errs...)
}
