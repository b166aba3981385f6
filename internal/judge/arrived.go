package judge

import (
	"fmt"

	"check_imap_session/internal/report"
)

// arrived says how much of an answer had come: a server that is silent and one that
// is slow are different faults.
func arrived(a *report.Arrived) string {
	switch {
	case a == nil:
		return ""
	case a.Size > 0:
		return fmt.Sprintf(" and %d bytes of the answer (%d of the %d bytes of a literal)", a.Bytes, a.Literal, a.Size)
	case a.Line > 0 && a.Line < a.Bytes:
		return fmt.Sprintf(" and %d bytes of the answer (the last %d are a line without its end)", a.Bytes, a.Line)
	case a.Line > 0:
		return fmt.Sprintf(" and %d bytes of the answer (a line without its end)", a.Bytes)
	}
	return fmt.Sprintf(" and %d bytes of the answer", a.Bytes)
}

// greetingFailures come before the other timeouts: a server that has begun to greet
// does not wait for TLS.
func greetingFailures() []failureRow {
	e := example(report.StepGreeting, report.ErrTimeout)
	e.Arrived = &report.Arrived{Bytes: 9, Line: 9}
	return []failureRow{
		{Kind: "timeout", Match: both(at(report.ErrTimeout, report.StepGreeting), func(e *report.StepError) bool { return e.Arrived != nil }),
			Detail: waiting,
			Advice: "is the server overloaded, or does the greeting end without a line end?", Example: e},
	}
}
