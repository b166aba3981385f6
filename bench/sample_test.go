//go:build linux

package main

import (
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	tests := []struct {
		values []float64
		q      float64
		want   float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{4, 1}, 0.5, 2.5},
		{[]float64{9, 1, 5}, 0.5, 5},
		{[]float64{9, 1, 5}, 1, 9},
		{[]float64{9, 1, 5}, 0, 1},
		{[]float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 0.9, 9},
	}
	for _, tt := range tests {
		if got := quantile(tt.values, tt.q, same); got != tt.want {
			t.Errorf("quantile(%v, %v): got %v, want %v", tt.values, tt.q, got, tt.want)
		}
	}
}

// A round in which the machine was busy slows down both programs.
func TestRatioIsOfRounds(t *testing.T) {
	cpu := func(ms ...time.Duration) []sample {
		var list []sample
		for _, d := range ms {
			list = append(list, sample{cpu: d * time.Millisecond})
		}
		return list
	}
	if got := ratio(cpu(20, 60, 22), cpu(10, 30, 10), cpuMS); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
}
