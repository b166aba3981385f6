package judge

import (
	"errors"
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

// arrivedClasses stand before the other timeouts: who has begun to greet does not
// want TLS first.
func arrivedClasses() []Class {
	e := example(report.StepGreeting, report.ErrTimeout)
	e.Arrived = &report.Arrived{Bytes: 9, Line: 9}
	return []Class{
		{Kind: "timeout", Match: func(e *report.StepError) bool {
			return errors.Is(e.Err, report.ErrTimeout) && e.Step == report.StepGreeting && e.Arrived != nil
		}, Detail: waiting,
			Advice: "is the server overloaded, or does the greeting end without a line end?", Example: e},
	}
}
