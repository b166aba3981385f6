//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"time"
)

// sample is one run of a program, as a whole process.
type sample struct {
	began, ended time.Time     // just before it is forked, just after it is reaped
	cpu          time.Duration // user and system
	peak         int64         // of its memory, in bytes
	faults       int64         // pages that were mapped when first used, without I/O
	out, errors  string        // standard output and error
}

func (s sample) wall() time.Duration { return s.ended.Sub(s.began) }

// measure runs a program once. Another exit code than the expected is an error.
func (s *site) measure(ctx context.Context, p program) (sample, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return sample{}, err
	}
	defer r.Close()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, s.path("launch"), p.argv...)
	cmd.Env = environment(p.env)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Run()
	w.Close()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w %s", p.name, err, stderr.String())
	}
	figures, err := io.ReadAll(r)
	if err != nil {
		return sample{}, err
	}
	var began, ended, user, system, kib, faults, code int64
	if _, err := fmt.Sscan(string(figures), &began, &ended, &user, &system, &kib, &faults, &code); err != nil {
		return sample{}, fmt.Errorf("%s: figures %q: %w", p.name, figures, err)
	}
	if code != 0 != p.fails {
		return sample{}, fmt.Errorf("%s: exit code %d: %s%s", p.name, code, stdout.String(), stderr.String())
	}
	return sample{
		began: time.UnixMicro(began), ended: time.UnixMicro(ended),
		cpu:  time.Duration(user+system) * time.Microsecond,
		peak: kib << 10, faults: faults, out: stdout.String(), errors: stderr.String(),
	}, nil
}

// rounds runs every program once in each round, after one round that does not
// count, and returns the samples of each program.
func (s *site) rounds(ctx context.Context, list []program, n int) ([][]sample, error) {
	all := make([][]sample, len(list))
	for round := range n + 1 {
		for i, p := range list {
			one, err := s.measure(ctx, p)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[i] = append(all[i], one)
			}
		}
	}
	return all, nil
}

// quantile returns the value of f below which a part q of the samples is, which
// must not be empty; between two of them for a half.
func quantile[T any](samples []T, q float64, f func(T) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = f(s)
	}
	slices.Sort(values)
	at := q * float64(len(values)-1)
	return (values[int(math.Floor(at))] + values[int(math.Ceil(at))]) / 2
}

func median[T any](samples []T, f func(T) float64) float64 { return quantile(samples, 0.5, f) }

// ratio is the median of the quotients of what was measured in the same round.
func ratio(of, to []sample, f func(sample) float64) float64 {
	quotients := make([]float64, len(of))
	for i := range of {
		quotients[i] = f(of[i]) / f(to[i])
	}
	return median(quotients, func(q float64) float64 { return q })
}
