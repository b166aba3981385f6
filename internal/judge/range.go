package judge

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"check_imap_session/internal/report"
)

const (
	// maxRangeText bounds a range as typed, in bytes. The longest useful one has
	// two bounds of 30 characters.
	maxRangeText = 100
	// maxBound is the largest bound: an exabyte, or 30 thousand million years.
	maxBound = 1e18
	// boundDecimals is how finely a bound is kept: a nanosecond, in seconds. It
	// keeps the printed range short whatever was typed (1h in days is 0.041666667).
	boundDecimals = 9
)

// Range is one Nagios threshold range. It alerts on a value outside
// [Lower, Upper], or inside when Inside is set; both ends belong to the range.
//
// Lower and Upper are in the unit of the metric; an open end is -Inf or +Inf.
// The zero value is the range `0`, which alerts on everything but 0: "no
// threshold" is the absence of a Range, not its zero value.
//
// See the Monitoring Plugins Development Guidelines, "Threshold and Ranges".
type Range struct {
	Lower, Upper float64
	Inside       bool
}

// ParseRange parses `[@][start:][end]`, the bounds of which may carry units that
// are converted to the unit of the metric.
//
// A start left out is 0 (`5`, `:5`), `~` as start is minus infinity, an end left
// out behind the colon is plus infinity (`10:`); `@` alerts inside. What a bound
// may look like depends on the metric's unit:
//
//   - Seconds: a bare number is seconds; Go durations (`500ms`, `1m30s`), with
//     `d` for 24 hours and `w` for 7 days.
//   - Days: a bare number is days; the durations of Seconds are converted.
//   - Bytes: a bare number is bytes; as in GNU tools `kB MB GB TB` are powers of
//     1000, `KiB MiB GiB TiB` and the bare `K M G T` powers of 1024 (Dovecot's
//     quota rules and `du -h` mean the same by `10M`); case does not matter.
//   - Percent: a number, with or without `%`.
//   - Count: a number.
//
// Numbers are decimal, with a sign and a fraction if need be, without exponent.
// A bound is kept to nine decimals and may be 1e18 at most. The error names what
// was given, what is wrong with it, and an example.
func ParseRange(s string, unit report.Unit) (Range, error) {
	sy, err := syntaxOf(unit)
	if err != nil {
		return Range{}, err
	}
	bad := func(format string, args ...any) (Range, error) {
		return Range{}, fmt.Errorf("range %s %w", shown(s), fmt.Errorf(format, args...))
	}
	switch {
	case s == "":
		return bad("is empty: write %s", sy.example)
	case len(s) > maxRangeText:
		return bad("is longer than %d characters: write %s", maxRangeText, sy.example)
	case strings.Contains(s, ","):
		return bad("has a comma: decimals take a point, as in 0.5")
	case strings.ContainsAny(s, " \t\r\n"):
		return bad("has a blank in it: write %s", sy.example)
	}

	body, inside := strings.CutPrefix(s, "@")
	start, end, colon := strings.Cut(body, ":")
	if !colon {
		start, end = "", body
	}
	switch {
	case start == "" && end == "":
		return bad("has no bound: write %s", sy.example)
	case strings.Contains(end, ":"):
		return bad("has more than one colon: write %s", sy.example)
	case strings.Contains(end, "~"):
		return bad("has ~ (no lower limit) in the wrong place: it is a start and needs its colon, as in ~:5")
	}

	r := Range{Upper: math.Inf(1), Inside: inside}
	if start == "~" {
		r.Lower = math.Inf(-1)
	} else if start != "" {
		if r.Lower, err = sy.bound(start); err != nil {
			return bad("has a bad start: %w", err)
		}
	}
	if end != "" {
		if r.Upper, err = sy.bound(end); err != nil {
			return bad("has a bad end: %w", err)
		}
	}
	if r.Lower > r.Upper {
		low, high := decimal(r.Lower), decimal(r.Upper)
		if start == "" {
			return bad("ends below 0, where it starts: write ~:%s for no lower limit", high)
		}
		return bad("starts at %s, above its end %s: write %s:%s", low, high, high, low)
	}
	return r, nil
}

// Violates reports whether v, in the unit of the range, is to be alerted on. The
// ends count as within the range. NaN is in no range.
func (r Range) Violates(v float64) bool {
	within := r.Lower <= v && v <= r.Upper
	return within == r.Inside
}

// NonNegative returns the range in its shortest form for a metric that is never
// negative: an upper bound alone, `~:5`, becomes `0:5` and so prints as `5`, which
// Icinga hands on to graphs where it drops `~:5`. Every other range is returned as
// it is. On values of 0 and above both ranges alert alike.
func (r Range) NonNegative() Range {
	if !r.Inside && math.IsInf(r.Lower, -1) && r.Upper >= 0 && !math.IsInf(r.Upper, 1) {
		r.Lower = 0
	}
	return r
}

// String returns the range in its shortest form, as perfdata and messages show it:
// bare decimal numbers in the metric's unit, never an exponent, a start of 0 left
// out (`5`, `@5`, but `0:` for 0 and above). ParseRange reads it back as the same
// range. For a metric that is never negative call NonNegative first.
func (r Range) String() string {
	var b strings.Builder
	if r.Inside {
		b.WriteByte('@')
	}
	switch {
	case math.IsInf(r.Lower, -1):
		b.WriteString("~:")
	case r.Lower != 0 || math.IsInf(r.Upper, 1):
		b.WriteString(decimal(r.Lower) + ":")
	}
	if !math.IsInf(r.Upper, 1) {
		b.WriteString(decimal(r.Upper))
	}
	return b.String()
}

// decimal prints f in as few digits as identify it, never as -0.
func decimal(f float64) string {
	return strconv.FormatFloat(f+0, 'f', -1, 64)
}

// shown quotes what was given, shortened so that the message stays one.
func shown(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strconv.Quote(s)
}

// syntax is how a bound of one unit is written.
type syntax struct {
	valid   string                           // what to write, for messages
	example string                           // a range or two, for messages
	chain   bool                             // several numbers with units make one bound, as in 1m30s
	worth   func(suffix string) (n, d int64) // one of suffix in the metric's unit, as a fraction; 0 = no such suffix
}

func syntaxOf(unit report.Unit) (syntax, error) {
	const durations = "a number with ns, us, ms, s, m, h, d or w"
	switch unit {
	case report.Seconds:
		return syntax{"seconds or " + durations, "2, 500ms or 1:10", true, secondsWorth}, nil
	case report.Days:
		return syntax{"days or " + durations, "14:, 2w: or 36h:", true, daysWorth}, nil
	case report.Bytes:
		return syntax{"bytes or a number with kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB, K, M, G, T (powers of 1024)",
			"10MB or 1KiB:25MiB", false, bytesWorth}, nil
	case report.Percent:
		return syntax{"a number, with or without a percent sign", "20%: or 10:90", false, percentWorth}, nil
	case report.Count:
		return syntax{"a number", "10, 1: or 1:500", false, countWorth}, nil
	}
	return syntax{}, fmt.Errorf("no ranges for unit %q", string(unit))
}

func secondsWorth(suffix string) (n, d int64) {
	switch suffix {
	case "ns":
		return 1, 1e9
	case "us", "\u00b5s", "\u03bcs": // micro sign and Greek mu, as time.ParseDuration
		return 1, 1e6
	case "ms":
		return 1, 1e3
	case "", "s":
		return 1, 1
	case "m":
		return 60, 1
	case "h":
		return 3600, 1
	case "d":
		return 86400, 1
	case "w":
		return 7 * 86400, 1
	}
	return 0, 1
}

func daysWorth(suffix string) (n, d int64) {
	if suffix == "" {
		return 1, 1
	}
	n, d = secondsWorth(suffix)
	return n, d * 86400
}

func bytesWorth(suffix string) (n, d int64) {
	switch strings.ToLower(suffix) {
	case "", "b":
		return 1, 1
	case "kb":
		return 1e3, 1
	case "mb":
		return 1e6, 1
	case "gb":
		return 1e9, 1
	case "tb":
		return 1e12, 1
	case "k", "kib":
		return 1 << 10, 1
	case "m", "mib":
		return 1 << 20, 1
	case "g", "gib":
		return 1 << 30, 1
	case "t", "tib":
		return 1 << 40, 1
	}
	return 0, 1
}

func percentWorth(suffix string) (n, d int64) {
	if suffix == "" || suffix == "%" {
		return 1, 1
	}
	return 0, 1
}

func countWorth(suffix string) (n, d int64) {
	if suffix == "" {
		return 1, 1
	}
	return 0, 1
}

// bound converts one end of a range. It reckons in fractions: in floating point
// 700 times a thousandth is 0.7000000000000001, and would be printed so.
func (sy syntax) bound(s string) (float64, error) {
	invalid := fmt.Errorf("%s is not valid, write %s, for example %s", shown(s), sy.valid, sy.example)
	rest, negative := strings.CutPrefix(s, "-")
	if !negative {
		rest = strings.TrimPrefix(s, "+")
	}
	sum := new(big.Rat)
	for part := 0; part == 0 || rest != ""; part++ {
		var digits, suffix string
		digits, rest = span(rest, isNumeric)
		suffix, rest = span(rest, func(c byte) bool { return !isNumeric(c) })
		bare := suffix == ""
		if part > 0 && (bare || !sy.chain) || bare && rest != "" {
			return 0, invalid
		}
		number, ok := new(big.Rat).SetString(digits)
		n, d := sy.worth(suffix)
		if !ok || n == 0 {
			return 0, invalid
		}
		sum.Add(sum, number.Mul(number, big.NewRat(n, d)))
	}
	if negative {
		sum.Neg(sum)
	}
	if limit := new(big.Rat).SetFloat64(maxBound); new(big.Rat).Abs(sum).Cmp(limit) > 0 {
		return 0, fmt.Errorf("%s is too large, write at most %s", shown(s), decimal(maxBound))
	}
	f, err := strconv.ParseFloat(sum.FloatString(boundDecimals), 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", shown(s), err)
	}
	if f == 0 && sum.Sign() != 0 {
		return 0, fmt.Errorf("%s is too small, write 0 or at least %s", shown(s), decimal(1e-9))
	}
	return f, nil
}

func isNumeric(c byte) bool { return '0' <= c && c <= '9' || c == '.' }

// span cuts s behind its longest prefix of bytes that satisfy in.
func span(s string, in func(byte) bool) (prefix, rest string) {
	i := 0
	for i < len(s) && in(s[i]) {
		i++
	}
	return s[:i], s[i:]
}
