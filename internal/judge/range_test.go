package judge

import (
	"math"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

func TestParseRange(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		name string
		in   string
		unit report.Unit
		want Range
		text string // String of the result
	}{
		{"upper bound", "10", report.Count, Range{0, 10, false}, "10"},
		{"zero", "0", report.Count, Range{0, 0, false}, "0"},
		{"start 0", "0:5", report.Count, Range{0, 5, false}, "5"},
		{"start left out", ":5", report.Count, Range{0, 5, false}, "5"},
		{"open end", "10:", report.Count, Range{10, inf, false}, "10:"},
		{"not negative", "0:", report.Count, Range{0, inf, false}, "0:"},
		{"open start", "~:5", report.Count, Range{-inf, 5, false}, "~:5"},
		{"never", "~:", report.Count, Range{-inf, inf, false}, "~:"},
		{"always", "@~:", report.Count, Range{-inf, inf, true}, "@~:"},
		{"between", "10:20", report.Count, Range{10, 20, false}, "10:20"},
		{"inside", "@10:20", report.Count, Range{10, 20, true}, "@10:20"},
		{"inside from 0", "@0:20", report.Count, Range{0, 20, true}, "@20"},
		{"inside open", "@10:", report.Count, Range{10, inf, true}, "@10:"},
		{"one value", "7:7", report.Count, Range{7, 7, false}, "7:7"},
		{"negative start", "-5:5", report.Count, Range{-5, 5, false}, "-5:5"},
		{"both negative", "-20:-10", report.Count, Range{-20, -10, false}, "-20:-10"},
		{"negative zero", "-0:5", report.Count, Range{0, 5, false}, "5"},
		{"decimals", "0.5:1.25", report.Count, Range{0.5, 1.25, false}, "0.5:1.25"},
		{"no digit before the point", ".5", report.Count, Range{0, 0.5, false}, "0.5"},
		{"no digit behind the point", "5.", report.Count, Range{0, 5, false}, "5"},
		{"leading zeros", "007", report.Count, Range{0, 7, false}, "7"},
		{"plus", "+5", report.Count, Range{0, 5, false}, "5"},
		{"large without exponent", "1000000000000000000", report.Count, Range{0, 1e18, false}, "1000000000000000000"},
		{"small without exponent", "0.000000001", report.Count, Range{0, 1e-9, false}, "0.000000001"},

		{"bare seconds", "2", report.Seconds, Range{0, 2, false}, "2"},
		{"milliseconds", "500ms", report.Seconds, Range{0, 0.5, false}, "0.5"},
		{"milliseconds without a rest", "700ms", report.Seconds, Range{0, 0.7, false}, "0.7"},
		{"microseconds", "250us", report.Seconds, Range{0, 0.00025, false}, "0.00025"},
		{"micro sign", "250\u00b5s", report.Seconds, Range{0, 0.00025, false}, "0.00025"},
		{"Greek mu", "250\u03bcs", report.Seconds, Range{0, 0.00025, false}, "0.00025"},
		{"nanoseconds", "1ns", report.Seconds, Range{0, 1e-9, false}, "0.000000001"},
		{"compound", "1m30s", report.Seconds, Range{0, 90, false}, "90"},
		{"compound to the end", "1h2m3.5s", report.Seconds, Range{0, 3723.5, false}, "3723.5"},
		{"open start with unit", "~:2s", report.Seconds, Range{-inf, 2, false}, "~:2"},
		{"hours", "36h", report.Seconds, Range{0, 129600, false}, "129600"},
		{"days", "14d:", report.Seconds, Range{1209600, inf, false}, "1209600:"},
		{"weeks", "2w", report.Seconds, Range{0, 1209600, false}, "1209600"},
		{"units on both sides", "@100ms:1.5s", report.Seconds, Range{0.1, 1.5, true}, "@0.1:1.5"},
		{"negative duration", "-5m:1h30m", report.Seconds, Range{-300, 5400, false}, "-300:5400"},
		{"sign of the whole", "-1m30s:", report.Seconds, Range{-90, inf, false}, "-90:"},

		{"bare days", "14:", report.Days, Range{14, inf, false}, "14:"},
		{"days in days", "14d:", report.Days, Range{14, inf, false}, "14:"},
		{"weeks in days", "2w:", report.Days, Range{14, inf, false}, "14:"},
		{"hours in days", "36h:", report.Days, Range{1.5, inf, false}, "1.5:"},
		{"hour in days, rounded", "1h:", report.Days, Range{0.041666667, inf, false}, "0.041666667:"},

		{"bare bytes", "1024", report.Bytes, Range{0, 1024, false}, "1024"},
		{"byte sign", "10B", report.Bytes, Range{0, 10, false}, "10"},
		{"kB", "10kB", report.Bytes, Range{0, 1e4, false}, "10000"},
		{"MB decimal", "10MB", report.Bytes, Range{0, 1e7, false}, "10000000"},
		{"MiB binary", "10MiB", report.Bytes, Range{0, 10 << 20, false}, "10485760"},
		{"bare M binary", "10M", report.Bytes, Range{0, 10 << 20, false}, "10485760"},
		{"bare K binary", "10K", report.Bytes, Range{0, 10 << 10, false}, "10240"},
		{"lower case", "1g:2gb", report.Bytes, Range{1 << 30, 2e9, false}, "1073741824:2000000000"},
		{"terabytes", "1TB:1TiB", report.Bytes, Range{1e12, 1 << 40, false}, "1000000000000:1099511627776"},
		{"fraction of a unit", "1.5KiB", report.Bytes, Range{0, 1536, false}, "1536"},

		{"percent sign", "20%:", report.Percent, Range{20, inf, false}, "20:"},
		{"percent without sign", "10:90", report.Percent, Range{10, 90, false}, "10:90"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRange(tt.in, tt.unit)
			if err != nil || got != tt.want {
				t.Fatalf("ParseRange(%q, %q): got %+v, %v, want %+v", tt.in, tt.unit, got, err, tt.want)
			}
			if got.String() != tt.text {
				t.Errorf("ParseRange(%q, %q).String(): got %q, want %q", tt.in, tt.unit, got.String(), tt.text)
			}
			back, err := ParseRange(got.String(), tt.unit)
			if err != nil || back != got {
				t.Errorf("ParseRange(%q, %q): got %+v, %v, want %+v as printed", got.String(), tt.unit, back, err, got)
			}
		})
	}
}

func TestParseRangeErrors(t *testing.T) {
	tests := []struct {
		name string
		in   string
		unit report.Unit
		says string // must be in the message, beside what was given
	}{
		{"empty", "", report.Seconds, "empty: write 2, 500ms"},
		{"only inside", "@", report.Count, "no bound"},
		{"only a colon", ":", report.Count, "no bound"},
		{"only tilde", "~", report.Count, "as in ~:5"},
		{"tilde without colon", "~5", report.Count, "as in ~:5"},
		{"tilde as end", "5:~", report.Count, "as in ~:5"},
		{"tilde twice", "~:~", report.Count, "as in ~:5"},
		{"tilde with number as start", "~5:10", report.Count, "bad start"},
		{"at sign inside", "5@", report.Count, "not valid"},
		{"at sign twice", "@@5", report.Count, "not valid"},
		{"start above end", "30:10", report.Count, "write 10:30"},
		{"start above end by unit", "1m:10s", report.Seconds, "starts at 60, above its end 10"},
		{"negative end without start", "-5", report.Count, "write ~:-5"},
		{"three bounds", "1:2:3", report.Count, "more than one colon"},
		{"two colons", "1::3", report.Count, "more than one colon"},
		{"trailing junk", "5x", report.Count, `"5x" is not valid, write a number`},
		{"junk as start", "x:5", report.Count, `bad start: "x"`},
		{"two points", "1..2", report.Count, "not valid"},
		{"only a point", ".", report.Count, "not valid"},
		{"hexadecimal", "0x10", report.Count, "not valid"},
		{"exponent", "1e3", report.Count, "not valid"},
		{"huge exponent", "1e400", report.Count, "not valid"},
		{"underscore", "1_000", report.Count, "not valid"},
		{"fraction", "1/2", report.Count, "not valid"},
		{"NaN", "NaN", report.Count, "not valid"},
		{"inf", "inf", report.Count, "not valid"},
		{"negative inf", "-Inf:5", report.Seconds, "not valid"},
		{"double sign", "--5", report.Count, "not valid"},
		{"plus minus", "+-5", report.Count, "not valid"},
		{"German comma", "0,5", report.Seconds, "point, as in 0.5"},
		{"equals sign is the caller's", "=5", report.Count, "not valid"},
		{"leading blank", " 5", report.Count, "blank"},
		{"blank before the unit", "5 s", report.Seconds, "blank"},
		{"other digits", "\u0665", report.Count, "not valid"},
		{"too large", "1000000000000000001", report.Count, "at most 1000000000000000000"},
		{"too small", "0.0000000001", report.Count, "at least 0.000000001"},
		{"too long", strings.Repeat("0", 101), report.Count, "longer than 100"},
		{"seconds with a byte unit", "5MB", report.Seconds, "ns, us, ms, s, m, h, d or w"},
		{"compound without last unit", "1m30", report.Seconds, "not valid"},
		{"unit without number", "s", report.Seconds, "not valid"},
		{"sign inside a compound", "1m-30s", report.Seconds, "not valid"},
		{"months", "3months", report.Days, "not valid"},
		{"bytes with a time unit", "5s", report.Bytes, "powers of 1024"},
		{"compound bytes", "1MB1kB", report.Bytes, "not valid"},
		{"percent twice", "5%%", report.Percent, "percent sign"},
		{"count with percent", "5%", report.Count, "write a number"},
		{"unit of no metric", "5", report.Unit("ms"), `unit "ms"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRange(tt.in, tt.unit)
			if err == nil {
				t.Fatalf("ParseRange(%q, %q): got %+v, want an error", tt.in, tt.unit, got)
			}
			if got != (Range{}) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("ParseRange(%q, %q): got %+v, %q, want the zero range and %q", tt.in, tt.unit, got, err, tt.says)
			}
			if strings.ContainsAny(err.Error(), "|\n") {
				t.Errorf("ParseRange(%q, %q): got %q, want one line without |", tt.in, tt.unit, err)
			}
		})
	}
}

func TestRangeStringOfNegativeZero(t *testing.T) {
	if got := (Range{Lower: -1, Upper: math.Copysign(0, -1)}).String(); got != "-1:0" {
		t.Errorf("got %q, want -1:0", got)
	}
}

func TestRangeViolates(t *testing.T) {
	tests := []struct {
		name string
		in   string
		v    float64
		want bool
	}{
		{"below 0", "10", -0.1, true},
		{"at 0", "10", 0, false},
		{"at the end", "10", 10, false},
		{"just above the end", "10", math.Nextafter(10, 11), true},
		{"below an open end", "10:", 9.999, true},
		{"at the start of an open end", "10:", 10, false},
		{"far above an open end", "10:", 1e300, false},
		{"negative under an open start", "~:10", -1e300, false},
		{"above an open start", "~:10", 10.1, true},
		{"between", "10:20", 15, false},
		{"below between", "10:20", 9, true},
		{"inside", "@10:20", 15, true},
		{"inside at the start", "@10:20", 10, true},
		{"inside at the end", "@10:20", 20, true},
		{"inside, but below", "@10:20", 9.999, false},
		{"inside, but above", "@10:20", 20.001, false},
		{"never", "~:", -5, false},
		{"always", "@~:", -5, true},
		{"NaN outside", "10", math.NaN(), true},
		{"NaN inside", "@10", math.NaN(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseRange(tt.in, report.Count)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Violates(tt.v); got != tt.want {
				t.Errorf("%q.Violates(%v): got %v, want %v", tt.in, tt.v, got, tt.want)
			}
		})
	}
}

func TestRangeNonNegative(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"open start", "~:5", "5"},
		{"start 0", "0:5", "5"},
		{"open start up to 0", "~:0", "0"},
		{"true lower bound", "2:5", "2:5"},
		{"negative lower bound", "-2:5", "-2:5"},
		{"inside", "@~:5", "@~:5"},
		{"negative end", "~:-5", "~:-5"},
		{"never", "~:", "~:"},
		{"open end", "10:", "10:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseRange(tt.in, report.Count)
			if err != nil {
				t.Fatal(err)
			}
			n := r.NonNegative()
			if n.String() != tt.want {
				t.Errorf("%q.NonNegative(): got %q, want %q", tt.in, n, tt.want)
			}
			for _, v := range []float64{0, 1, 2, 5, 5.1, 10, 1e9} {
				if n.Violates(v) != r.Violates(v) {
					t.Errorf("%q.NonNegative().Violates(%v): got %v, want %v", tt.in, v, n.Violates(v), r.Violates(v))
				}
			}
		})
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"10", "@~:5", "-5:5", "1m30s", "2w:", "10MiB", "20%", "1..2", "0,5", "1e400", "\u00b5s"} {
		for unit := range byte(5) {
			f.Add(s, unit)
		}
	}
	units := []report.Unit{report.Seconds, report.Days, report.Bytes, report.Percent, report.Count}
	f.Fuzz(func(t *testing.T, s string, i byte) {
		unit := units[int(i)%len(units)]
		r, err := ParseRange(s, unit)
		if err != nil {
			if r != (Range{}) || len(err.Error()) > 600 {
				t.Errorf("ParseRange(%q, %q): got %+v and %d bytes of error, want the zero range and at most 600", s, unit, r, len(err.Error()))
			}
			return
		}
		if !(r.Lower <= r.Upper) || math.IsInf(r.Lower, 1) || math.IsInf(r.Upper, -1) {
			t.Errorf("ParseRange(%q, %q): got %+v, want Lower <= Upper", s, unit, r)
		}
		text := r.String()
		if strings.Trim(text, "@~:-.0123456789") != "" || len(text) > 64 {
			t.Errorf("ParseRange(%q, %q).String(): got %q, want plain decimal numbers", s, unit, text)
		}
		back, err := ParseRange(text, unit)
		if err != nil || back != r {
			t.Errorf("ParseRange(%q, %q) prints as %q, which reads back as %+v, %v, want %+v", s, unit, text, back, err, r)
		}
	})
}
