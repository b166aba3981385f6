package report

import "strings"

// The marks around foreign text. No sanitiser lets them through, and Foreign takes
// them out of the text itself.
const (
	foreignBegin = "\x0e"
	foreignEnd   = "\x0f"
)

// Foreign marks text that others wrote (the server, a certificate, a library) inside
// a sentence of ours: a detail, a remark, the text of an error. Secrets are masked in
// it and nowhere else, so that a password that is also a word of ours, or the user's
// name, changes nothing in what we print ourselves. The empty string stays empty.
func Foreign(s string) string {
	if s == "" {
		return ""
	}
	return foreignBegin + strings.ReplaceAll(strings.ReplaceAll(s, foreignBegin, ""), foreignEnd, "") + foreignEnd
}

// ForeignError is err with its words marked.
func ForeignError(err error) error { return foreignError{err} }

type foreignError struct{ err error }

func (e foreignError) Error() string { return Foreign(e.err.Error()) }
func (e foreignError) Unwrap() error { return e.err }

// MapForeign replaces every marked part of s by what f makes of it, and takes the
// marks away.
func MapForeign(s string, f func(string) string) string {
	own, rest, marked := strings.Cut(s, foreignBegin)
	if !marked {
		return s
	}
	var b strings.Builder
	for marked {
		b.WriteString(own)
		var theirs string
		theirs, rest, _ = strings.Cut(rest, foreignEnd)
		b.WriteString(f(theirs))
		own, rest, marked = strings.Cut(rest, foreignBegin)
	}
	return b.String() + own
}
