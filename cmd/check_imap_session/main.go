// Check_imap_session is a Nagios and Icinga plugin that runs a whole IMAP
// session against a mail server, times every step, judges the numbers against
// thresholds, and says in one sentence which step failed, why, and what to do.
package main

import (
	"os"

	"check_imap_session/internal/app"
	_ "check_imap_session/internal/single"
)

func main() { os.Exit(app.Main(os.Args[1:], app.OS())) }
