package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// atGreeting in place of a command floods instead of a greeting.
const atGreeting = "greeting"

// flood is how a server tries to fill the memory of its client: it answers a
// command with text that does not end. The zero value does nothing.
type flood struct {
	name, at string
	piece    func(int) string // the next piece, counted from 0
}

func floods() []flood {
	then := func(first, rest string) func(int) string {
		return func(i int) string {
			if i == 0 {
				return first
			}
			return rest
		}
	}
	always := func(text string) func(int) string { return then(text, text) }
	line := strings.Repeat("x", 1000)
	return []flood{
		{"an endless greeting", atGreeting, then("* OK ", line)},
		{"endless mailboxes", "LIST", func(i int) string { return fmt.Sprintf("* LIST (\\HasNoChildren) \"/\" \"folder %d\"\r\n", i) }},
		{"an endless mailbox name", "LIST", then(`* LIST () "/" "`, line)},
		{"endless parentheses", "LIST", always(strings.Repeat("* (((", 200))},
		{"endless literals", "LIST", always("* LIST () \"/\" {65536}\r\n" + strings.Repeat(line, 66)[:65536] + "\r\n")},
		{"a literal of 1 GiB", "FETCH", then("* 1 FETCH (BODY[HEADER]<0> {1073741824}\r\n", line)},
		{"endless capabilities", "LOGIN", func(i int) string { return fmt.Sprintf("* CAPABILITY IMAP4rev1 X%d %s\r\n", i, line) }},
		{"endless alerts", "EXAMINE", always("* OK [ALERT] " + line + "\r\n")},
	}
}

// pour returns when the client has closed the connection.
func (f flood) pour(c io.Writer) {
	w := bufio.NewWriterSize(c, 64<<10)
	for i := 0; ; i++ {
		if _, err := io.WriteString(w, f.piece(i)); err != nil {
			return
		}
	}
}
