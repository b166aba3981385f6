package render

import (
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/report"
)

// TestTranscriptUntil prints no more of a transcript than there is time for, and says
// so. All else is printed.
func TestTranscriptUntil(t *testing.T) {
	r := &report.Report{Transcript: []report.Line{{From: "C", Text: "a1 NOOP"}, {From: "S", Text: "* OK one\ntwo"}}}
	for _, tt := range []struct {
		name  string
		until time.Time
		want  bool
	}{
		{"no limit", time.Time{}, true},
		{"in time", time.Now().Add(time.Hour), true},
		{"late", time.Now().Add(-time.Second), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Verbosity: 3, Until: tt.until}
			file := string(TranscriptFile(r, o))
			json, text := string(JSON(r, report.Verdict{}, o)), string(Nagios(r, report.Verdict{}, o))
			for form, out := range map[string]string{"file": file, "JSON": json, "plugin output": text} {
				if got := strings.Contains(out, "NOOP") && strings.Contains(out, "two"); got != tt.want {
					t.Errorf("%s: printed %t, want %t: %s", form, got, tt.want, out)
				}
			}
			if got := file == "-- cut here: no time left, 3 more lines\n"; got == tt.want {
				t.Errorf("file: %q", file)
			}
			if got := strings.Contains(json, `"from":"-","text":"cut here: no time left"`); got == tt.want {
				t.Errorf("JSON: %s", json)
			}
			if got := strings.Contains(text, "lines cut"); got == tt.want {
				t.Errorf("plugin output: %s", text)
			}
		})
	}
}
