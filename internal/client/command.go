package client

import (
	"fmt"
	"math"
	"strings"

	imap "github.com/emersion/go-imap/v2"
)

// command is one command being put together: text, and the places where the
// server must first agree to a literal.
type command struct {
	name   string // "LOGIN", for words to the user
	chunks []chunk
	// nonSync is the size up to which a literal does not wait for the server's
	// "+"; negative for none.
	nonSync int
}

// chunk is what is sent in one write; the server's "+" is awaited between two.
type chunk struct{ data, shown string }

// maxLiteralMinus is the size up to which LITERAL- allows non-synchronising
// literals. See RFC 7888 section 5.
const maxLiteralMinus = 4096

// newCommand returns the beginning of a command. words are sent as they are.
func (c *Conn) newCommand(name string, words ...string) *command {
	cmd := &command{name: name, chunks: make([]chunk, 1), nonSync: -1}
	// Without LITERAL+ (RFC 7888) every literal costs a round trip.
	switch {
	case c.Offers(imap.CapLiteralPlus):
		cmd.nonSync = math.MaxInt
	case c.Offers(imap.CapLiteralMinus):
		cmd.nonSync = maxLiteralMinus
	}
	cmd.text(name)
	for _, w := range words {
		cmd.text(" " + w)
	}
	return cmd
}

// last returns the chunk that the next text belongs to.
func (c *command) last() *chunk { return &c.chunks[len(c.chunks)-1] }

// add adds data, and what the transcript shows in its place.
func (k *chunk) add(data, shown string) {
	k.data += data
	k.shown += shown
}

// text adds text that is neither data nor secret.
func (c *command) text(t string) *command {
	c.last().add(t, t)
	return c
}

// hidden adds text that the transcript does not show.
func (c *command) hidden(t string) *command {
	c.last().add(t, " [redacted]")
	return c
}

// mailbox adds a space and the name of a mailbox, or a pattern of LIST.
func (c *command) mailbox(name string) *command { return c.str(EncodeMailbox(name)) }

// str adds a space and a string argument: quoted where that can hold it, else
// as a literal. See RFC 9051 section 4.3.
func (c *command) str(v string) *command { return c.argument(v, v) }

// secret adds a string argument that the transcript does not show.
func (c *command) secret(v string) *command { return c.argument(v, "[redacted]") }

func (c *command) argument(v, shown string) *command {
	c.text(" ")
	if !quotable(v) {
		return c.literal(v, shown)
	}
	if shown == v {
		shown = Quote(v)
	}
	c.last().add(Quote(v), shown)
	return c
}

// literal adds a string as a literal, without a space before it.
func (c *command) literal(v, shown string) *command {
	if len(v) <= c.nonSync {
		c.last().add(fmt.Sprintf("{%d+}\r\n%s", len(v), v), shown)
		return c
	}
	c.last().add(fmt.Sprintf("{%d}\r\n", len(v)), "{literal}")
	c.chunks = append(c.chunks, chunk{v, shown})
	return c
}

// maxQuoted is the longest text that is sent as a quoted string: servers need
// not take long lines.
const maxQuoted = 1000

// quotable says whether a quoted string can hold v. Eight-bit text cannot stand
// in one before UTF8=ACCEPT is enabled, which this client never does.
func quotable(v string) bool {
	if len(v) > maxQuoted {
		return false
	}
	for i := range len(v) {
		if b := v[i]; b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

// Quote returns v as a quoted string. See RFC 9051 section 4.3.
func Quote(v string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), `"`, `\"`) + `"`
}
