package session

import (
	"reflect"
	"strings"
	"testing"
)

func TestKeptFact(t *testing.T) {
	long := strings.Repeat("x", maxFact)
	for _, tt := range []struct {
		name        string
		value, want any
	}{
		{"short", "ready", "ready"},
		{"long", long + "y", long + "..."},
		{"list", []string{"a", "b"}, []string{"a", "b"}},
		{"empty list", []string{}, []string{}},
		{"long word", []string{"a", long, "b"}, []string{"a", long[1:] + "...", "..."}},
		{"number", int64(7), int64(7)},
	} {
		if got := keptFact(tt.value); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %.60v", tt.name, got)
		}
	}
}
