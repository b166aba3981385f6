package report

import (
	"math"
	"testing"
	"time"
)

func TestPeople(t *testing.T) {
	const ms, day = time.Millisecond, 24 * time.Hour
	for _, tt := range []struct{ got, want string }{
		{Took(400 * time.Microsecond), "0.4 ms"}, {Took(9949 * time.Microsecond), "9.9 ms"}, {Took(9960 * time.Microsecond), "10 ms"},
		{Took(45 * ms), "45 ms"}, {Took(99*ms + 900*time.Microsecond), "100 ms"}, {Took(100 * ms), "0.100 s"}, {Took(4022 * ms), "4.022 s"}, {Took(0), "0.0 ms"},
		{Roughly(61 * time.Second), "61 s"}, {Roughly(12 * time.Minute), "12 min"}, {Roughly(3 * time.Hour), "3 h"}, {Roughly(5 * day), "5 days"},
		{Roughly(10 * 365 * day), "10 years"}, {Roughly(-3 * time.Hour), "-3 h"},
		{InDays(1), "1 day"}, {InDays(0), "0 days"}, {InDays(61), "61 days"},
		{Lasting(60), "60 s"}, {Lasting(0.5), "0.5 s"}, {Lasting(3600), "1 h"}, {Lasting(11520), "3 h 12 min"}, {Lasting(86400), "1 day"}, {Lasting(172801), "2 days"},
		{Lasting(338847574), "10 years 271 days"}, {Lasting(121), "2 min 1 s"}, {Lasting(math.Inf(1)), "+Inf s"},
		{Size(312), "312 B"}, {Size(5381671), "5.4 MB"}, {Size(86e6), "86 MB"}, {Size(1e9), "1 GB"}, {Size(1536), "1.5 kB"}, {Size(9.99e15), "9990 TB"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
