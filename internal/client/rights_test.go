package client

import (
	"testing"

	"check_imap_session/internal/wire"
)

func TestParseMyRights(t *testing.T) {
	for _, tt := range []struct {
		line, want string
		answered   bool
	}{
		{"* MYRIGHTS INBOX rwiptsldaex", "rwiptsldaex", true}, // RFC 4314 section 3.8
		{`* MYRIGHTS "a b" "lrs"`, "lrs", true},
		{"* MYRIGHTS {3}\r\na b {2}\r\nlr", "lr", true},
		{`* MYRIGHTS INBOX ""`, "", true},
		{"* MYRIGHTS INBOX lrlr0", "lr0", true},
		{"* MYRIGHTS INBOX l-R\u00e9s", "ls", true},
		{"* MYRIGHTS INBOX", "", false},
		{"* MYRIGHTS", "", false},
	} {
		answered := false
		got := parsed(t, tt.line, func(r *wire.Response) string {
			rights, ok := parseMyRights(r)
			answered = ok
			return rights.String()
		})
		if got != tt.want || answered != tt.answered {
			t.Errorf("%q: got %q, %v, want %q, %v", tt.line, got, answered, tt.want, tt.answered)
		}
	}
}

func FuzzParseMyRights(f *testing.F) {
	fuzzParser(f, []string{"MYRIGHTS INBOX lrswipkxtea", "MYRIGHTS {1}\r\na {2}\r\nlr", "MYRIGHTS ((", `MYRIGHTS "" ""`},
		func(t *testing.T, r *wire.Response) {
			rights, _ := parseMyRights(r)
			if len(rights) > 36 {
				t.Errorf("%q: %d rights", r.Line, len(rights))
			}
		})
}
