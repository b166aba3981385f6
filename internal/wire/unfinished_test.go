package wire_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/wire"
)

// TestUnfinished counts and shows what has come of a response that ends too early.
func TestUnfinished(t *testing.T) {
	const whole = "S: * OK hi"
	for _, tt := range []struct {
		name, sent string // behind "* OK hi"
		secret     bool
		mail       string
		want       wire.Unfinished
		shown      string // "" for nothing
		content    string // the same with the content of mails
	}{
		{name: "nothing"},
		{name: "status", sent: "* OK [UIDVALIDITY", want: wire.Unfinished{Line: 17}, shown: "* OK [UIDVALIDITY", content: "* OK [UIDVALIDITY"},
		{name: "tagged", sent: "T1 NO bec", want: wire.Unfinished{Line: 9}, shown: "T1 NO bec", content: "T1 NO bec"},
		{name: "row", sent: "* LIST () \"/\" Sec", want: wire.Unfinished{Line: 17}, shown: "* LIST {17 bytes}", content: "* LIST () \"/\" Sec"},
		{name: "mail", sent: "* 1 FETCH (BODY[] \"Sec", want: wire.Unfinished{Line: 22}, shown: "* 1 FETCH {22 bytes}", content: "* 1 FETCH (BODY[] \"Sec"},
		{name: "literal", sent: "* 1 FETCH (BODY[] {9}\r\nabc", want: wire.Unfinished{Literal: 3, Size: 9}, shown: "* 1 FETCH {24 bytes}", content: "* 1 FETCH (BODY[] {9}\nabc"},
		{name: "literal announced", sent: "* 1 FETCH (BODY[] {9}\r\n", want: wire.Unfinished{Size: 9}, shown: "* 1 FETCH {21 bytes}", content: "* 1 FETCH (BODY[] {9}\n"},
		{name: "behind a literal", sent: "* 1 FETCH (BODY[] {3}\r\nabc X", want: wire.Unfinished{Line: 2}, shown: "* 1 FETCH {26 bytes}", content: "* 1 FETCH (BODY[] {3}\nabc X"},
		{name: "challenge", sent: "+ aHVudGVy", secret: true, want: wire.Unfinished{Line: 10}, shown: "+ [redacted]", content: "+ [redacted]"},
		{name: "stray", sent: "Dear", want: wire.Unfinished{Line: 4}, shown: "{4 bytes}", content: "Dear"},
		{name: "inside a mail", sent: "* NO Dear", mail: "T1", want: wire.Unfinished{Line: 9}, shown: "{9 bytes}", content: "* NO Dear"},
		{name: "the reply behind a mail", sent: "t1 NO De", mail: "T1", want: wire.Unfinished{Line: 8}, shown: "t1 NO De", content: "t1 NO De"},
		{name: "long", sent: "* OK " + strings.Repeat("x", 2000), want: wire.Unfinished{Line: 2005}, shown: "* OK " + strings.Repeat("x", 995), content: "* OK " + strings.Repeat("x", 995)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for content, shown := range map[bool]string{false: tt.shown, true: tt.content} {
				tr := wire.NewTranscript(time.Now(), content)
				c := wire.New(&feed{pieces: []string{"* OK hi\r\n", tt.sent}}, wire.Limits{}, tr)
				if _, err := c.Response(); err != nil {
					t.Fatal(err)
				}
				tr.Secret(tt.secret)
				tr.Mail(tt.mail)
				if _, err := c.Response(); err == nil || c.Unfinished() != tt.want {
					t.Errorf("got %v and %+v, want an error and %+v", err, c.Unfinished(), tt.want)
				}
				want := []string{whole}
				if shown != "" {
					want = append(want, "S: "+shown+" (not complete)")
				}
				if got := lines(tr); !slices.Equal(got, want) {
					t.Errorf("content %t: got %q, want %q", content, got, want)
				}
			}
		})
	}
}
