package client

import "fmt"

// maxWords is how many words of one list are kept: capabilities, flags, quota roots,
// namespaces. It is far above what any healthy server sends.
const maxWords = 1000

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
