package client

import (
	"fmt"
	"strconv"
	"strings"
)

// maxWords is how many words of one list are kept: capabilities, flags, quota roots,
// namespaces. It is far above what any healthy server sends.
const maxWords = 1000

// maxText is how much of one text of the server is kept for people, in bytes: a line of
// IMAP is shorter (RFC 9051 section 4).
const maxText = 8 << 10

// keptText returns the text, or its beginning with a mark.
func keptText(text string) string { return Beginning(text, maxText) }

// Beginning returns a text of at most max bytes whole, and of a longer one the beginning
// with a mark. It is a copy: text may be a part of a line of a megabyte.
func Beginning(text string, max int) string {
	if len(text) <= max {
		return strings.Clone(text)
	}
	return strings.ToValidUTF8(text[:max], "") + "..."
}

// parseNumber reads a number of 32 bits. See RFC 9051 section 9, number.
func parseNumber(word string) (uint32, error) {
	n, err := strconv.ParseUint(word, 10, 32)
	return uint32(n), err
}

// keptOf remembers, for a remark when the command is answered, a list of which as many
// words were kept as may be.
func (c *Conn) keptOf(kind string, words int) {
	if words >= maxWords {
		c.overlong = kind
	}
}

// remarkOverlong says which list it was.
func (c *Conn) remarkOverlong(t Timer) {
	if c.overlong != "" {
		t.Remark(fmt.Sprintf("the server sends a list of %d %s or more: no more are kept", maxWords, c.overlong))
	}
}
