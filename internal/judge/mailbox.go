package judge

import (
	"strings"

	"check_imap_session/internal/report"
)

// missingMailbox is the advice on a mailbox that is not there.
const missingMailbox = "does the user see it, and is -m spelled as in LIST?"

// whichMailbox names the mailbox that is not there, and those of LIST whose names
// come close to it.
func whichMailbox(e *report.StepError) string {
	if e.Mailbox == "" {
		return "mailbox does not exist"
	}
	text := "mailbox " + e.Mailbox + " does not exist"
	if len(e.Near) == 0 {
		return text
	}
	if e.Near[0].Differ == report.DifferQuotes { // which the first line leaves out
		return "mailbox " + e.Mailbox + " in quotes does not exist (there is " + report.Foreign(e.Near[0].Name) + " without them)"
	}
	if how := differs(e.Near[0].Differ); how != "" {
		return text + " (there is " + report.Foreign(e.Near[0].Name) + ", " + how + ")"
	}
	var names []string
	for _, n := range e.Near {
		names = append(names, report.Foreign(n.Name))
	}
	return text + " (there is: " + strings.Join(names, ", ") + ")"
}

// differs says what tells a name from the one that was asked for, where a reader
// easily overlooks it.
func differs(d report.Difference) string {
	switch d {
	case report.DifferCase:
		return "in other upper and lower case"
	case report.DifferForm:
		return "in another Unicode form"
	case report.DifferBlanks:
		return "with other blanks, hyphens or invisible characters"
	case report.DifferEncoding:
		return "which -m takes in UTF-8"
	case report.DifferDelimiter:
		return "with another hierarchy delimiter"
	case report.DifferPrefix:
		return "with its prefix"
	}
	return ""
}
