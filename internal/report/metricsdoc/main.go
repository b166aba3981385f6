// Metricsdoc writes docs/metrics.md from the metric table. It is run by
// go generate in package report.
package main

import (
	"fmt"
	"os"

	"check_imap_session/internal/report"
)

func main() {
	if err := os.WriteFile("../../docs/metrics.md", []byte(report.MetricsDocument()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
