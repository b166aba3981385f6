package report

import (
	"strings"
	"testing"
)

func TestMapForeign(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"ours", "login rejected", "login rejected"},
		{"theirs", Foreign("abc"), "ABC"},
		{"both", "says: " + Foreign("abc") + " and " + Foreign("def") + ".", "says: ABC and DEF."},
		{"empty", "says: " + Foreign(""), "says: "},
		{"marks in it", Foreign("a\x0fb\x0ec") + "d", "ABCd"},
		{"marked twice", Foreign("a" + Foreign("b") + "c"), "ABC"},
		{"end cut off", strings.TrimSuffix("x "+Foreign("abc"), "\x0f"), "x ABC"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := MapForeign(tt.in, strings.ToUpper); got != tt.want {
				t.Errorf("MapForeign(%q): got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
