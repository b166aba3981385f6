package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

func TestLimits(t *testing.T) {
	limits := wire.Limits{Total: 64 << 10, Line: 16 << 10, Depth: 3, Keep: 16}
	tests := []struct {
		name  string
		sent  string
		over  string // what is over the limit; "" for nothing
		limit int64
	}{
		{"line", "* X " + strings.Repeat("x", 15<<10) + "\r\n", "", 0},
		{"line too long", "* X " + strings.Repeat("x", 17<<10) + "\r\n", "line", 16 << 10},
		{"line without an end", strings.Repeat("x", 60<<10), "line", 16 << 10},
		{"line around literals", "* X" + strings.Repeat(" "+strings.Repeat("x", 1000)+" {1}\r\na", 15) + "\r\n", "", 0},
		{"line around literals too long", "* X" + strings.Repeat(" "+strings.Repeat("x", 1000)+" {1}\r\na", 20) + "\r\n", "line", 16 << 10},
		{"literal is no part of the line", "* X {20000}\r\n" + strings.Repeat("x", 20000) + "\r\n", "", 0},
		{"all", strings.Repeat("* OK x\r\n", 8<<10-1), "", 0},
		{"too much in all", strings.Repeat("* OK x\r\n", 8<<10+1), "data in all", 64 << 10},
		{"depth", "* X (((a)))\r\n", "", 0},
		{"too deep", "* X ((((a))))\r\n", "parentheses", 3},
		{"too deep, never closed", "* X ((((\r\n", "parentheses", 3},
		{"too deep around a literal", "* X ((( {1}\r\na ((a))))\r\n", "parentheses", 3},
		{"many side by side", "* X" + strings.Repeat(" (a)(b (c))", 1000) + "\r\n", "", 0},
		{"parentheses in a string", `* X "(((((((( \" ((((("` + "\r\n", "", 0},
		{"parentheses behind a string", `* X "\\" ((((` + "\r\n", "parentheses", 3},
		{"parentheses in a status text", "* OK :-(((((((((\r\n", "", 0},
		{"parentheses in a tagged text", "T1 NO :-(((((((((\r\n", "", 0},
	}
	for _, tt := range tests {
		for _, size := range []int{0, 1, 1000} {
			t.Run(tt.name, func(t *testing.T) {
				c := wire.New(&feed{pieces: []string{tt.sent}, size: size}, limits, nil)
				_, err := all(c)
				if tt.over == "" {
					if err != nil {
						t.Errorf("%.80q: got error %v, want none", tt.sent, err)
					}
					return
				}
				want := fmt.Sprintf("%v: %s over the limit of %d", report.ErrTooLarge, tt.over, tt.limit)
				if !errors.Is(err, report.ErrTooLarge) || err.Error() != want {
					t.Fatalf("%.80q: got error %v, want %s over %d", tt.sent, err, tt.over, tt.limit)
				}
				if c.Err() != err {
					t.Errorf("%.80q: Err: got %v, want %v", tt.sent, c.Err(), err)
				}
				if _, again := c.Response(); again != err {
					t.Errorf("%.80q: after it: got %v, want the same error", tt.sent, again)
				}
				if got := c.Received(); tt.over == "line" && got > 2*tt.limit+4096 {
					t.Errorf("%.80q: got %d bytes read for a line of %d", tt.sent, got, tt.limit)
				}
			})
		}
	}
}

// envelope is a FETCH response with so many recipients.
func envelope(recipients int) string {
	var b strings.Builder
	b.WriteString(`* 1 FETCH (ENVELOPE ("Mon, 7 Feb 1994 21:52:25 -0800" "to all" (("Terry Gray" NIL "gray" "cac.washington.edu")) NIL NIL (`)
	for i := range recipients {
		fmt.Fprintf(&b, `("O\"Neill (%d" NIL "user%d" "example.com")`, i, i)
	}
	b.WriteString(`) NIL NIL NIL "<B27397-0100000@cac.washington.edu>"))` + "\r\n")
	return b.String()
}

// Healthy things that a limit by number would refuse, under the default limits.
func TestNoLimit(t *testing.T) {
	t.Run("5,000 recipients", func(t *testing.T) {
		r := one(t, envelope(5000))
		open := 0
		s := r.Scan()
		for t := s.Next(); t.Kind != wire.TokenEnd; t = s.Next() {
			if t.Kind == wire.TokenOpen {
				open++
			}
		}
		if open != 5005 {
			t.Errorf("got %d lists, want 5005", open)
		}
	})
	t.Run("100,000 folders", func(t *testing.T) {
		const row = "* LIST (\\HasNoChildren) \"/\" \"folder\"\r\n"
		lines, err := all(conn(strings.Repeat(row, 100_000)))
		if err != nil || len(lines) != 100_000 {
			t.Errorf("got %d rows, %v, want 100000", len(lines), err)
		}
	})
	t.Run("512 lists in each other", func(t *testing.T) {
		r := one(t, "* X "+strings.Repeat("(", 512)+strings.Repeat(")", 512)+"\r\n")
		if len(r.Line) != 4+1024 {
			t.Errorf("got %d bytes, want 1028", len(r.Line))
		}
	})
	t.Run("513 lists in each other", func(t *testing.T) {
		_, err := conn("* X " + strings.Repeat("(", 513) + "\r\n").Response()
		if !errors.Is(err, report.ErrTooLarge) {
			t.Errorf("got %v, want a limit", err)
		}
	})
}
