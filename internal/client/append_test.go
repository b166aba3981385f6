package client

import (
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// TestParseAppendUID reads what RFC 4315 section 3 has, and takes nothing else for it.
func TestParseAppendUID(t *testing.T) {
	for _, tt := range []struct {
		code, arg string
		validity  uint32
		uid       imap.UID
	}{
		{"APPENDUID", "38505 3955", 38505, 3955},
		{"APPENDUID", " 38505  3955 ", 38505, 3955},
		{"APPENDUID", "38505 3955:3957", 0, 0},
		{"APPENDUID", "38505", 0, 0},
		{"APPENDUID", "4294967296 1", 0, 0},
		{"APPENDUID", "1 -1", 0, 0},
		{"COPYUID", "1 2", 0, 0},
		{"", "", 0, 0},
	} {
		validity, uid := parseAppendUID(&report.Reply{Status: "OK", Code: tt.code, Arg: tt.arg})
		if validity != tt.validity || uid != tt.uid {
			t.Errorf("%s %s: got %d, %d, want %d, %d", tt.code, tt.arg, validity, uid, tt.validity, tt.uid)
		}
	}
}
