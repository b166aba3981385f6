package judge

import (
	"os"
	"testing"
)

// TestDocument keeps docs/failures.md equal to the table.
func TestDocument(t *testing.T) {
	got, err := os.ReadFile("../../docs/failures.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Document() {
		t.Error("docs/failures.md differs from the failure table: run go generate ./...")
	}
}
