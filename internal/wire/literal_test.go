package wire_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

func TestLiterals(t *testing.T) {
	tests := []struct {
		name  string
		sent  string
		want  []string // lines
		bytes int64    // in the literals of the first response
		texts []string // strings that the first response scans to
	}{
		{"one", "* 1 FETCH (BODY[] {5}\r\nhello)\r\n", []string{"* 1 FETCH (BODY[] {5})"}, 5, []string{"hello"}},
		{"non-synchronising", "* 1 FETCH (BODY[] {5+}\r\nhello)\r\n", []string{"* 1 FETCH (BODY[] {5+})"}, 5, []string{"hello"}},
		{"binary", "* 1 FETCH (BINARY[1] ~{5}\r\nh\x00l\r\n)\r\n", []string{"* 1 FETCH (BINARY[1] ~{5})"}, 5, []string{"h\x00l\r\n"}},
		{"several", "* 1 FETCH (A {1}\r\na B \"b\" C {3}\r\nccc)\r\n", []string{`* 1 FETCH (A {1} B "b" C {3})`}, 4, []string{"a", "b", "ccc"}},
		{"empty", "* 1 FETCH (BODY[] {0}\r\n)\r\n", []string{"* 1 FETCH (BODY[] {0})"}, 0, []string{""}},
		{"at the end of the line", "* LIST () \"/\" {5}\r\nINBOX\r\n* OK hello\r\n", []string{`* LIST () "/" {5}`, "* OK hello"}, 5, []string{"/", "INBOX"}},
		{"two in a row", "* X {1}\r\na {1}\r\nb\r\n* Y\r\n", []string{"* X {1} {1}", "* Y"}, 2, []string{"a", "b"}},
		{"like a tagged line", "* 1 FETCH (BODY[] {12}\r\n\r\nT1 OK no\r\n)\r\nT1 NO yes\r\n", []string{"* 1 FETCH (BODY[] {12})", "T1 NO yes"}, 12, []string{"\r\nT1 OK no\r\n"}},
		{"like a literal", "* 1 FETCH (BODY[] {7}\r\n* {99}\n)\r\n", []string{"* 1 FETCH (BODY[] {7})"}, 7, []string{"* {99}\n"}},
		{"LF server", "* X {5}\nhello y\n* Y\n", []string{"* X {5} y", "* Y"}, 5, []string{"hello"}},
		{"longer than the buffer", "* X {9000}\r\n" + strings.Repeat("x", 9000) + "\r\n* Y\r\n", []string{"* X {9000}", "* Y"}, 9000, []string{strings.Repeat("x", 9000)}},
		{"longer than is kept", "* X {100000}\r\n" + strings.Repeat("x", 100000) + " y\r\n", []string{"* X {100000} y"}, 100000, []string{strings.Repeat("x", 64<<10)}},
		{"none in OK", "* OK wait {5}\r\nT1 OK\r\n", []string{"* OK wait {5}", "T1 OK"}, 0, nil},
		{"none in lower case BYE", "* bye {5}\r\nT1 OK\r\n", []string{"* bye {5}", "T1 OK"}, 0, nil},
		{"none in a tagged line", "T1 NO {5}\r\n* X\r\n", []string{"T1 NO {5}", "* X"}, 0, nil},
		{"none in a continuation request", "+ {5}\r\n* X\r\n", []string{"+ {5}", "* X"}, 0, nil},
		{"no number", "* X {}\r\n* X {x}\r\n* X {+}\r\n* X {-1}\r\n* X {+1}\r\n* X 5}\r\n", []string{"* X {}", "* X {x}", "* X {+}", "* X {-1}", "* X {+1}", "* X 5}"}, 0, nil},
		{"no number that fits", "* X {99999999999999999999}\r\n* Y\r\n", []string{"* X {99999999999999999999}", "* Y"}, 0, nil},
		{"not at the end", "* X {5} \r\n* Y\r\n", []string{"* X {5} ", "* Y"}, 0, nil},
	}
	for _, tt := range tests {
		for _, size := range []int{0, 1, 3} {
			t.Run(tt.name, func(t *testing.T) {
				c := cutUp(size, tt.sent)
				r, err := c.Response()
				if err != nil {
					t.Fatalf("%.80q: %v", tt.sent, err)
				}
				if got := r.LiteralBytes(); got != tt.bytes {
					t.Errorf("%.80q: got %d bytes in literals, want %d", tt.sent, got, tt.bytes)
				}
				if got := texts(r); tt.texts != nil && !slices.Equal(got, tt.texts) {
					t.Errorf("%.80q: got strings %.80q, want %.80q", tt.sent, got, tt.texts)
				}
				first := string(r.Line) // before it is overwritten
				rest, err := all(c)
				if got := append([]string{first}, rest...); err != nil || !slices.Equal(got, tt.want) {
					t.Errorf("%.80q in reads of %d: got %.80q, %v, want %.80q", tt.sent, size, got, err, tt.want)
				}
			})
		}
	}
}

// texts returns the strings of a response.
func texts(r *wire.Response) []string {
	var out []string
	s := r.Scan()
	for t := s.Next(); t.Kind != wire.TokenEnd; t = s.Next() {
		if t.Kind == wire.TokenString {
			out = append(out, t.Text)
		}
	}
	return out
}

// A literal that cannot be allowed is refused by its announcement: after the
// line comes io.EOF, which would be the error of a read.
func TestLiteralTooLarge(t *testing.T) {
	limits := wire.Limits{Total: 1000, Line: 100, Depth: 10, Keep: 10}
	line := func(size int64) string { return "* 1 FETCH (BODY[] {" + strconv.FormatInt(size, 10) + "}\r\n" }
	tests := []struct {
		name  string
		sent  string
		allow int64
		large bool
	}{
		{"fits to the byte", line(1000 - int64(len(line(100)))), 0, false},
		{"one over", line(1001 - int64(len(line(100)))), 0, true},
		{"one over, allowed", line(1001 - int64(len(line(100)))), 1, false},
		{"4 GiB", line(4 << 30), 0, true},
		{"4 GiB, in a small allowance", line(4 << 30), 1000, true},
		{"the most there is", line(math.MaxInt64), 0, true},
		{"second literal", "* X {600}\r\n" + strings.Repeat("x", 600) + " {600}\r\n", 0, true},
		{"second response", "* X {600}\r\n" + strings.Repeat("x", 600) + "\r\n" + line(600), 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := wire.New(&feed{pieces: []string{tt.sent}}, limits, nil)
			c.Allow(tt.allow)
			_, err := all(c)
			if got := errors.Is(err, report.ErrTooLarge) && strings.Contains(err.Error(), "literal over the limit"); got != tt.large {
				t.Errorf("%.80q: got error %v, want a literal over the limit: %t", tt.sent, err, tt.large)
			}
			if got := c.Received(); got != int64(len(tt.sent)) {
				t.Errorf("%.80q: got %d bytes read, want %d", tt.sent, got, len(tt.sent))
			}
			if _, again := c.Response(); tt.large && !errors.Is(again, err) {
				t.Errorf("read on: got %v, want %v", again, err)
			}
		})
	}
}

// A response with a great many literals, as a message to thousands has them on
// some servers, is read in a time that grows with them, not with their square;
// there is an end to it, and to what is kept of large ones.
func TestManyLiterals(t *testing.T) {
	const n = 1 << 15
	r := one(t, "* X"+strings.Repeat(" {1}\r\na", n)+"\r\n")
	if got := len(texts(r)); got != n || r.LiteralBytes() != n {
		t.Errorf("got %d strings of %d bytes, want %d of %d", got, r.LiteralBytes(), n, n)
	}
	_, err := conn("* X" + strings.Repeat(" {1}\r\na", n+1) + "\r\n").Response()
	if !errors.Is(err, report.ErrTooLarge) {
		t.Errorf("one more: got %v, want a limit", err)
	}
	const large = 60 << 10
	r = one(t, "* X"+strings.Repeat(fmt.Sprintf(" {%d}\r\n%s", large, strings.Repeat("a", large)), 100)+"\r\n")
	kept := 0
	for _, text := range texts(r) {
		kept += len(text)
	}
	if kept > wire.DefaultLimits.Line || r.LiteralBytes() != 100*large {
		t.Errorf("kept %d of %d bytes, want at most %d of %d", kept, r.LiteralBytes(), wire.DefaultLimits.Line, 100*large)
	}
}

func TestLiteralCutOff(t *testing.T) {
	for _, sent := range []string{"* X {5}\r\n", "* X {5}\r\nhell", "* X {5}\r\nhello", "* X {0}\r\n"} {
		c := conn(sent)
		if r, err := c.Response(); !errors.Is(err, io.EOF) {
			t.Errorf("%q: got %v, %v, want EOF", sent, r, err)
		}
	}
}
