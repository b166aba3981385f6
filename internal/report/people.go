package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The functions here write numbers for people. Perfdata keeps base units.

// Took returns how long something took: "0.4 ms", "45 ms", and from 100 ms on
// "0.213 s".
func Took(d time.Duration) string {
	switch ms := float64(d) / float64(time.Millisecond); {
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%.3f s", d.Seconds())
	case ms >= 9.95:
		return fmt.Sprintf("%.0f ms", ms)
	default:
		return fmt.Sprintf("%.1f ms", ms)
	}
}

// Roughly returns a time span in one unit: "61 s", "12 min", "3 h", "5 days", and
// from two years on "10 years".
func Roughly(d time.Duration) string {
	const day = 24 * time.Hour
	switch abs := d.Abs(); {
	case abs < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case abs < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case abs < 2*day:
		return fmt.Sprintf("%.0f h", d.Hours())
	case abs < 730*day:
		return InDays(math.Round(d.Hours() / 24))
	}
	return fmt.Sprintf("%d years", int64(d/(365*day)))
}

// InDays returns a number of days: "1 day", "61 days".
func InDays(n float64) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%.0f days", n)
}

// Lasting returns seconds in the two largest units that they have: "3 h 12 min".
// Below two minutes, and where they are no length of time, they stay seconds.
func Lasting(seconds float64) string {
	if seconds < 120 || seconds > time.Duration(math.MaxInt64).Seconds() {
		return strconv.FormatFloat(seconds, 'f', -1, 64) + " s"
	}
	left := int64(math.Round(seconds))
	var words []string
	for _, u := range []struct {
		seconds   int64
		one, many string
	}{{365 * 86400, "year", "years"}, {86400, "day", "days"}, {3600, "h", "h"}, {60, "min", "min"}, {1, "s", "s"}} {
		if n := left / u.seconds; n == 1 {
			words = append(words, "1 "+u.one)
		} else if n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, u.many))
		} else if len(words) == 1 {
			break
		}
		if left %= u.seconds; len(words) == 2 {
			break
		}
	}
	return strings.Join(words, " ")
}

// Size returns a number of bytes in powers of 1000, with one decimal below 10:
// "312 B", "5.4 MB", "86 GB".
func Size(bytes float64) string {
	unit := 0
	units := []string{"B", "kB", "MB", "GB", "TB"}
	for math.Abs(bytes) >= 1000 && unit < len(units)-1 {
		bytes /= 1000
		unit++
	}
	if unit == 0 || math.Abs(bytes) >= 9.95 {
		return fmt.Sprintf("%.0f %s", bytes, units[unit])
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", bytes), ".0") + " " + units[unit]
}
