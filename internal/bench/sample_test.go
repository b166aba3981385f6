package main

import (
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   float64
	}{
		{"one", []float64{3}, 3},
		{"even", []float64{4, 1}, 2.5},
		{"odd", []float64{9, 1, 5}, 5},
	}
	for _, tt := range tests {
		if got := median(tt.values, func(f float64) float64 { return f }); got != tt.want {
			t.Errorf("%s: median(%v): got %v, want %v", tt.name, tt.values, got, tt.want)
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
