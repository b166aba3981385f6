package judge

import (
	"testing"

	"check_imap_session/internal/report"
)

func TestArrived(t *testing.T) {
	for _, tt := range []struct {
		arrived *report.Arrived
		want    string
	}{
		{nil, ""},
		{&report.Arrived{Bytes: 9}, " and 9 bytes of the answer"},
		{&report.Arrived{Bytes: 9, Line: 9}, " and 9 bytes of the answer (a line without its end)"},
		{&report.Arrived{Bytes: 9, Line: 8}, " and 9 bytes of the answer (the last 8 are a line without its end)"},
		{&report.Arrived{Bytes: 90, Size: 70, Literal: 60}, " and 90 bytes of the answer (60 of the 70 bytes of a literal)"},
	} {
		if got := arrived(tt.arrived); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.arrived, got, tt.want)
		}
	}
}
