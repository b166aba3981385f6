package app

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/cli"
	"check_imap_session/internal/render"
)

// TestOutputs: --output takes the formats that exist.
func TestOutputs(t *testing.T) {
	grammar := cli.Model()
	formats := slices.Sorted(maps.Keys(render.Formats()))
	for _, f := range grammar.Flags {
		if words := slices.Sorted(strings.SplitSeq(f.Enum, ",")); f.Name == "output" && !slices.Equal(words, formats) {
			t.Errorf("--output takes %v, render has %v", words, formats)
		}
	}
}
