// Failuresdoc writes docs/failures.md from the failure table. It is run by
// go generate in package judge.
package main

import (
	"fmt"
	"os"

	"check_imap_session/internal/judge"
)

func main() {
	if err := os.WriteFile("../../docs/failures.md", []byte(judge.Document()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
