package client

import (
	"slices"
	"strings"
	"testing"

	imap "github.com/emersion/go-imap/v2"
)

// TestOffers holds what IMAP4rev2 includes, and that a server of both revisions
// is spoken to in the first.
func TestOffers(t *testing.T) {
	for _, tt := range []struct {
		list string
		name imap.Cap
		want bool
	}{
		{"IMAP4rev2", imap.CapIdle, true},
		{"imap4REV2", imap.CapIdle, true},
		{"IMAP4rev2", imap.CapSASLIR, true},
		{"IMAP4rev2", imap.CapLiteralMinus, true},
		{"IMAP4rev2", imap.CapLiteralPlus, false},
		{"IMAP4rev2", imap.CapQuota, false},
		{"IMAP4rev1 IMAP4rev2", imap.CapIdle, false},
		{"IMAP4rev1 IMAP4rev2", imap.CapIMAP4rev2, false},
		{"IMAP4rev1 IMAP4rev2 IDLE", imap.CapIdle, true},
		{"IMAP4rev1", imap.CapESearch, false},
		{"LITERAL+", imap.CapLiteralMinus, true},
		{"  imap4rev1   idle ", imap.CapIdle, true},
		{"", imap.CapIdle, false},
	} {
		c := &Conn{Capabilities: parseCapabilities(tt.list)}
		listed := len(c.Capabilities)
		if got := c.Offers(tt.name); got != tt.want || len(c.Capabilities) != listed {
			t.Errorf("%q: %s is %v with %v, want %v", tt.list, tt.name, got, c.Capabilities, tt.want)
		}
	}
	if new(Conn).Offers(imap.CapIdle) {
		t.Error("nothing is listed, and IDLE is offered")
	}
}

func TestParseCapabilities(t *testing.T) {
	for _, tt := range []struct {
		list string
		want []imap.Cap
	}{
		{"", nil},
		{"imap4REV1 IMAP4REV2 Idle  auth=plain ", []imap.Cap{imap.CapIMAP4rev1, imap.CapIMAP4rev2, imap.CapIdle, "AUTH=PLAIN"}},
		{"IDLE idle X-\xff", []imap.Cap{imap.CapIdle, "X-\uFFFD"}},
	} {
		got := parseCapabilities(tt.list)
		if len(got) != len(tt.want) || slices.ContainsFunc(tt.want, func(c imap.Cap) bool { _, listed := got[c]; return !listed }) {
			t.Errorf("%q: got %v, want %v", tt.list, got, tt.want)
		}
	}
}

func FuzzParseCapabilities(f *testing.F) {
	for _, s := range []string{"IMAP4rev1 IMAP4REV2", "imap4rev2 auth=plain", "  a  b ", "AUTH=\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set := parseCapabilities(s)
		if len(set) > len(strings.Fields(s)) {
			t.Errorf("%q: got %v", s, set)
		}
		for w := range strings.FieldsSeq(s) {
			if len(set) == maxWords {
				break
			}
			if _, ok := set[CapabilityNamed(w)]; !ok {
				t.Errorf("%q: no %s in %v", s, w, set)
			}
		}
	})
}
