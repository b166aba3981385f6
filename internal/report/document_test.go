package report

import (
	"os"
	"testing"
)

// TestMetricsDocument keeps docs/metrics.md equal to the table.
func TestMetricsDocument(t *testing.T) {
	got, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != MetricsDocument() {
		t.Error("docs/metrics.md differs from the metric table: run go generate ./...")
	}
}
