package report

// NearMailbox is a mailbox that is there, in place of one that is not.
type NearMailbox struct {
	Name   string // in UTF-8
	Differ Difference
}

// Difference says by what two names of mailboxes differ, where that is easily
// overlooked.
type Difference int

// The differences.
const (
	DifferLetters   Difference = iota // by some letters, which can be seen
	DifferCase                        // by upper and lower case
	DifferForm                        // by the Unicode form: a letter with its accent, or the two of them
	DifferQuotes                      // by quotes that do not belong to the name
	DifferBlanks                      // by blanks, hyphens or characters that nobody sees
	DifferEncoding                    // by modified UTF-7, as it stands on the wire
	DifferDelimiter                   // by what separates the levels
	DifferPrefix                      // by a prefix, such as INBOX.
)

// Arrived is how much had come of an answer.
type Arrived struct {
	Bytes int64 // since the command was sent
	// Line is how much of that stands behind the last line end. Where a literal
	// is not complete, Literal of its Size bytes have come, and Line is 0.
	Line          int64
	Literal, Size int64
}
