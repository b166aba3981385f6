package judge

import (
	"fmt"
	"strings"

	"check_imap_session/internal/report"
)

// Document returns the failure table as a page of Markdown.
func Document() string {
	var b strings.Builder
	b.WriteString(`# Failures: kinds, states, advice

<!-- Generated from the failure table by "go generate ./..."; do not edit. -->

Every failure is of one kind. The kind is in the long output, in the JSON
output (findings, kind), and is what --state takes:

    --state timeout=unknown,auth_failed=warning

States: CRITICAL is worse than UNKNOWN, then WARNING, then OK. The state of
usage, config and internal is always UNKNOWN: they are about the check itself.

| kind | state | means |
|---|---|---|
`)
	for _, k := range kinds {
		state := k.State.String()
		if k.Name == "threshold" {
			state = "as given"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Name, state, k.Means)
	}
	b.WriteString(`
## How they are recognised, and what to do

What the connection itself says comes first (time is up, refused, reset, TLS),
then the sentences of well-known servers, then response codes (RFC 5530), then
the step. Within a kind the rows are tried in this order.
`)
	all := failureTable()
	for _, k := range kinds {
		var rows []failureRow
		for _, c := range all {
			if c.Kind == k.Name {
				rows = append(rows, c)
			}
		}
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| for example | advice | source |\n|---|---|---|\n", k.Name)
		for _, c := range rows {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(exampleText(c.Example)), cell(c.Advice), cell(c.Source))
		}
	}
	return b.String()
}

// exampleText says in a few words what an example is.
func exampleText(e *report.StepError) string {
	if e.Reply != nil {
		return e.Step + ": " + strings.TrimSpace(e.Reply.Status+" "+e.Reply.String())
	}
	text := e.Err.Error()
	if len(e.Said) > 0 { // the endpoint's words say more than its code
		text = report.ErrToken.Error() + ": " + e.Said[0]
	}
	if !e.Encrypted && (e.Step == report.StepGreeting || e.Step == report.StepLogin) {
		text += " (no TLS)"
	}
	return e.Step + ": " + text
}

// cell makes text safe for a cell of a table.
func cell(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }
