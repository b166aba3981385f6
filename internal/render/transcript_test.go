package render

import (
	"slices"
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

// TestTranscriptRoom: of a transcript the lines are printed whole that fit into the room
// for it, all sessions together.
func TestTranscriptRoom(t *testing.T) {
	lines := []report.Line{{From: "C", Text: "12345"}, {From: "S", Text: "12345"}}
	for _, tt := range []struct{ room, want, left int }{{11, 2, 1}, {10, 2, 0}, {9, 1, -1}, {4, 0, -1}} {
		room := tt.room
		got := Options{}.jsonTranscript(lines, &room)
		cut := len(got) > 0 && got[len(got)-1].From == "-"
		if whole := slices.DeleteFunc(got, func(l jsonLine) bool { return l.From == "-" }); len(whole) != tt.want || cut != (tt.want < 2) || room != tt.left {
			t.Errorf("room %d: got %d lines, cut %t, %d left, want %d lines, %d left", tt.room, len(whole), cut, room, tt.want, tt.left)
		}
	}
}
