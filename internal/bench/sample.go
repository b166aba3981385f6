package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// sample is one run of a program, measured as a whole process.
type sample struct {
	cpu, wall   time.Duration // user and system time; from fork to exit
	peak        int64         // resident memory, in bytes
	faults      int64         // page faults without I/O
	out, errors string        // standard output and error
}

// measure runs a program once. An unexpected exit code is an error.
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
	var wall, cpu, kib, faults, code int64
	if _, err := fmt.Sscan(string(figures), &wall, &cpu, &kib, &faults, &code); err != nil {
		return sample{}, fmt.Errorf("%s: figures %q: %w", p.name, figures, err)
	}
	if code != 0 != p.fails {
		return sample{}, fmt.Errorf("%s: exit code %d: %s%s", p.name, code, stdout.String(), stderr.String())
	}
	return sample{
		cpu: time.Duration(cpu) * time.Microsecond, wall: time.Duration(wall) * time.Microsecond,
		peak: kib << 10, faults: faults, out: stdout.String(), errors: stderr.String(),
	}, nil
}

// environment is the user's environment without what would change the
// measurement, and with more.
func environment(more []string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SSL_CERT_") || strings.HasPrefix(v, "GO") || strings.HasPrefix(v, "CHECK_IMAP_SESSION_")
	})
	return append(env, more...)
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

// median returns the median of f over the samples, of which there must be one.
func median[T any](samples []T, f func(T) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = f(s)
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// ratio is the median of the quotients of each round: when the machine is busy
// with other things, both sides of a quotient are slower.
func ratio(of, to []sample, f func(sample) float64) float64 {
	quotients := make([]float64, len(of))
	for i := range of {
		quotients[i] = f(of[i]) / f(to[i])
	}
	return median(quotients, func(q float64) float64 { return q })
}
