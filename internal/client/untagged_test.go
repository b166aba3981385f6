package client

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/wire"
)

// TestUntagged holds what the state of the session becomes of what a server says
// at any time.
func TestUntagged(t *testing.T) {
	type state struct {
		exists   uint32
		expunged bool
		bye      string
		notices  []string
		warnings []string
		last     string
		caps     int // -1: not known
	}
	for _, tt := range []struct {
		name, text string
		want       state
	}{
		{"messages", "* 5 EXISTS\r\n* 2 EXPUNGE\r\n* x EXISTS\r\n", state{exists: 4, expunged: true, caps: -1}},
		{"expunged below zero", "* 1 EXPUNGE\r\n", state{expunged: true, caps: -1}},
		{"capabilities", "* CAPABILITY IMAP4rev1 IDLE\r\n", state{caps: 2}},
		{"capabilities in a code", "* OK [CAPABILITY IMAP4rev1] hi\r\n", state{caps: 1}},
		{"text", "* OK Waiting for authentication process to respond..\r\n", state{last: "Waiting for authentication process to respond..", caps: -1}},
		{"alert", "* OK [ALERT] full\r\n", state{notices: []string{"[ALERT] full"}, warnings: []string{"[ALERT] full"}, caps: -1}},
		{"NO", "* NO disk full\r\n", state{notices: []string{"disk full"}, warnings: []string{"disk full"}, caps: -1}},
		{"BYE", "* BYE [UNAVAILABLE] down\r\n", state{bye: "[UNAVAILABLE] down", caps: -1}},
		{"unknown", "* Too many invalid logon attempts.\r\n", state{notices: []string{"Too many invalid logon attempts."}, caps: -1}},
		{"known", "* SORT 1\r\n* 1 FETCH (FLAGS ())\r\n* VANISHED 1\r\n", state{caps: -1}},
		{"the last three", "* a\r\n* b\r\n* c\r\n* d\r\n*\r\n", state{notices: []string{"b", "c", "d"}, caps: -1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &Conn{}
			eachResponse(tt.text, c.untagged)
			bye, caps := "", -1
			if c.Bye != nil {
				bye = c.Bye.String()
			}
			if c.Capabilities != nil {
				caps = len(c.Capabilities)
			}
			got := state{c.Exists, c.Expunged, bye, c.Notices, c.warnings, c.LastText, caps}
			if got.exists != tt.want.exists || got.expunged != tt.want.expunged || got.bye != tt.want.bye || got.last != tt.want.last || got.caps != tt.want.caps ||
				!slices.Equal(got.notices, tt.want.notices) || !slices.Equal(got.warnings, tt.want.warnings) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestParsers reads the source: a response that a command looks for is one that is
// known, and each parser of a response runs in a fuzz target.
func TestParsers(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code, tests strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			tests.Write(text)
		} else {
			code.Write(text)
		}
	}
	kinds := regexp.MustCompile(`\bis\(r, "([A-Z]+)"\)`).FindAllStringSubmatch(code.String(), -1)
	for _, m := range kinds {
		if !known([]string{m[1]}) {
			t.Errorf("%s is looked for, and not known", m[1])
		}
	}
	fuzzed := strings.Join(regexp.MustCompile(`(?ms)^func Fuzz.*?^}`).FindAllString(tests.String(), -1), "\n")
	parsers := regexp.MustCompile(`(?m)^func (parse\w+)\(r \*wire\.Response\b`).FindAllStringSubmatch(code.String(), -1)
	for _, m := range parsers {
		if !strings.Contains(fuzzed, m[1]+"(") {
			t.Errorf("%s is called by no fuzz target", m[1])
		}
	}
	if len(kinds) < 10 || len(parsers) < 8 {
		t.Errorf("found %d kinds of responses and %d parsers, want at least 10 and 8", len(kinds), len(parsers))
	}
}

func FuzzUntagged(f *testing.F) {
	fuzzParser(f, []string{"5 EXISTS", "1 EXPUNGE", "BYE [X \"]", "OK [CAPABILITY a", "NO", "CAPABILITY IMAP4rev1", "x y"},
		func(t *testing.T, r *wire.Response) {
			c := &Conn{}
			c.untagged(r)
			if reply, ok := parseReply(r); ok && reply.Status == "BYE" != (c.Bye != nil) {
				t.Errorf("%q: BYE %v", r.Line, c.Bye)
			}
			if len(c.Notices) > 1 || len(c.warnings) > 1 {
				t.Errorf("%q: notices %q, warnings %q", r.Line, c.Notices, c.warnings)
			}
		})
}
