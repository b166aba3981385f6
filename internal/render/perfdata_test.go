package render

import (
	"testing"

	nagios "github.com/atc0005/go-nagios"

	"check_imap_session/internal/judge"
)

// TestPerfdataOracle: go-nagios reads from the performance data what the verdict
// has in it, in the same order, and finds it valid.
func TestPerfdataOracle(t *testing.T) {
	rules := []judge.Rule{
		rule(t, "time", "2", "5"), rule(t, "time_login", "10ms", "1"), rule(t, "messages", "1:", "@0:0"),
		rule(t, "certificate_days", "21:", "7:"), rule(t, "message_age", "~:1h", "1d"), rule(t, "message_size", "", "10MB"),
	}
	type want struct{ label, value, unit, warn, crit, low, high string }
	for _, tt := range []struct {
		name  string
		scale bool
		want  []want // of some metrics
	}{
		{"with minimum", true, []want{
			{"time", "0.213402", "s", "2", "5", "0", "8"},
			{"time_login", "0.021000", "s", "0.01", "1", "0", ""},
			{"certificate_days", "61", "", "21:", "7:", "", ""},
			{"messages", "42", "", "1:", "@0", "0", ""},
			{"message_age", "600.250000", "s", "~:3600", "86400", "", ""},
			{"message_size", "312", "B", "", "10000000", "0", ""},
		}},
		{"without minimum", false, []want{
			{"time", "0.213402", "s", "2", "5", "0", "8"},
			{"time_login", "0.021000", "s", "0.01", "1", "", ""},
			{"message_size", "312", "B", "", "10000000", "", ""},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := judge.Judge(good(), judge.Policy{Rules: rules})
			text := perfdata(v, Options{}, tt.scale)
			parsed, err := nagios.ParsePerfData(text)
			if err != nil || len(parsed) != len(v.Metrics) {
				t.Fatalf("%d metrics, %v, want %d: %s", len(parsed), err, len(v.Metrics), text)
			}
			got := map[string]want{}
			for i, p := range parsed {
				if err := p.Validate(); err != nil || p.Label != v.Metrics[i].Def.Name {
					t.Errorf("metric %d is %q, %v, want %q", i, p.Label, err, v.Metrics[i].Def.Name)
				}
				got[p.Label] = want{p.Label, p.Value, p.UnitOfMeasurement, p.Warn, p.Crit, p.Min, p.Max}
			}
			for _, w := range tt.want {
				if got[w.label] != w {
					t.Errorf("got %q, want %q", got[w.label], w)
				}
			}
		})
	}
}

// TestMinimumIsDropped: the performance data keeps its minima as long as it fits.
func TestMinimumIsDropped(t *testing.T) {
	r := good()
	v := judge.Judge(r, judge.Policy{})
	full := perfdata(v, Options{}, true)
	for room, want := range map[int]string{len(full): full, len(full) - 1: perfdata(v, Options{}, false)} {
		if got := perfdataWithin(r, v, Options{}, room); got != want {
			t.Errorf("room %d: got %q, want %q", room, got, want)
		}
	}
}
