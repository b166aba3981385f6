package session

import "strings"

// Explanation says what a step does and what it sends. It is data: package
// explain makes text of it. In what is sent, PASSWORD, TOKEN and SECRET stand for
// secrets, and N for a number that only the server can tell.
type Explanation struct {
	Does    string   // in words, beside what is sent; "" when that says it all
	Sends   []Sent   // in order; nil for a step that sends nothing, or not to the IMAP server
	Expects []string // what is expected beside an answer; nil for nothing
	// Command are the words of the shell command by which a person does the same,
	// for a step outside of the conversation; nil for none.
	Command []string
}

// Sent is a line that a step sends.
type Sent struct {
	Text     string // without its tag
	Untagged bool   // it has no tag: an answer to the server's "+", or DONE
	Base64   bool   // it is sent in base64
	When     string // "where the server says LOGINDISABLED"; "" for always
	Answer   string // what a healthy server answers, beside the tagged OK; "" for nothing
}

// oneCommand returns the Explanation of a step that sends one command.
func oneCommand(command, answer string) Explanation {
	return Explanation{Sends: []Sent{{Text: command, Answer: answer}}}
}

// sends returns the Explain of a step that always sends the same command.
func sends(command, answer string) func(*Config) Explanation {
	return func(*Config) Explanation { return oneCommand(command, answer) }
}

// expectsAll puts "CAP1, CAP2" behind what is expected of them; nil for none.
func expectsAll(what string, words []string) []string {
	if len(words) == 0 {
		return nil
	}
	return []string{what + " " + strings.Join(words, ", ")}
}
