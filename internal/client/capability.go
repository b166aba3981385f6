package client

import (
	"strings"

	imap "github.com/emersion/go-imap/v2"
)

// Capability sends CAPABILITY and drops what was known of the capabilities
// before: of a server that answers without a list, nothing is known then. See
// RFC 9051 section 6.1.1.
func (c *Conn) Capability(t Timer) error {
	cmd := c.newCommand("CAPABILITY")
	c.Capabilities = nil
	return c.run(t, cmd)
}

// Offers says whether the server offers a capability at this point, by itself or
// as a part of another: IMAP4rev2 includes what RFC 9051 appendix E lists, LITERAL+
// includes LITERAL-. A server that speaks both revisions speaks IMAP4rev1 to us,
// because this client enables nothing; what it offers beyond that it lists (RFC 9051
// section 6.3.1).
func (c *Conn) Offers(name imap.Cap) bool {
	listed := c.Capabilities
	if _, both := listed[imap.CapIMAP4rev1]; both {
		listed = listed.Copy()
		delete(listed, imap.CapIMAP4rev2)
	}
	return listed.Has(name)
}

// setCapabilities takes in a list of capabilities.
func (c *Conn) setCapabilities(list string) {
	c.Capabilities = parseCapabilities(list)
	c.keptOf("capabilities", len(c.Capabilities))
}

// parseCapabilities reads a list of capabilities, with any number of spaces, up to
// maxWords of them.
func parseCapabilities(words string) imap.CapSet {
	set := imap.CapSet{}
	for w := range strings.FieldsSeq(words) {
		if set[CapabilityNamed(w)] = struct{}{}; len(set) == maxWords {
			break
		}
	}
	return set
}

// CapabilityNamed returns a capability in the spelling of go-imap, whose rules
// look for exactly that: the revisions in mixed case, all others in upper case.
// The case has no meaning on the wire (RFC 9051 section 2.2).
func CapabilityNamed(word string) imap.Cap {
	for _, revision := range []imap.Cap{imap.CapIMAP4rev1, imap.CapIMAP4rev2} {
		if strings.EqualFold(word, string(revision)) {
			return revision
		}
	}
	return imap.Cap(strings.ToUpper(word))
}
