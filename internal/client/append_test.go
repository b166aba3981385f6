package client

import (
	"strings"
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
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
		{"APPENDUID", "38505 3955 3956", 0, 0},
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

func FuzzParseAppendUID(f *testing.F) {
	fuzzParser(f, []string{"OK [APPENDUID 38505 3955] done", "OK [APPENDUID 1 4294967296]", "OK [APPENDUID 1 2:3", "OK [APPENDUID -1 x]"},
		func(t *testing.T, r *wire.Response) {
			reply, ok := parseReply(r)
			if !ok {
				return
			}
			validity, uid := parseAppendUID(reply)
			if (validity > 0 || uid > 0) && (reply.Code != "APPENDUID" || len(strings.Fields(reply.Arg)) != 2) {
				t.Errorf("%q: got %d, %d", r.Line, validity, uid)
			}
		})
}
