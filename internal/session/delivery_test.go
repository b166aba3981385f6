package session

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// answered is a script whose FETCH brings these header fields of a mail that came in
// at 00:00:00 on the first of January 2000, when the clock of the test begins.
func answered(lines ...string) string {
	text := ""
	if len(lines) > 0 {
		text = strings.Join(lines, "\r\n") + "\r\n"
	}
	text += "\r\n"
	return fmt.Sprintf("greet\nserve FETCH\nraw \"* 42 FETCH (INTERNALDATE \\\"01-Jan-2000 00:00:00 +0000\\\" RFC822.SIZE 9 BODY[HEADER]<0> {4}\\r\\na: b BODY[HEADER.FIELDS (DATE RECEIVED)]<0> {%d}\\r\\n%s)\\r\\n\"\nS: {tag} OK done\nserve",
		len(text), strings.NewReplacer("\r", `\r`, "\n", `\n`, `"`, `\"`).Replace(text))
}

func TestDelivery(t *testing.T) {
	const (
		date  = "Date: Fri, 31 Dec 1999 23:50:00 +0000"
		one   = "Received: from pc by relay.example; Fri, 31 Dec 1999 23:51:00 +0000"
		two   = "Received: from relay.example by mx.example;\r\n\tFri, 31 Dec 1999 23:55:01 +0000"
		three = "Received: from mx.example by store.example; Fri, 31 Dec 1999 23:55:02 +0000"
	)
	received := func(at string) string { return "Received: from a by b; " + at }
	with := func(c *Config) { c.With = set(Delivery) }
	const items = "FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]<0.2048> "
	for _, x := range []trial{
		{name: "nobody asks", script: "greet\nserve", want: []string{"-delivery_time", "-delivery_hops"}, sent: "FETCH 42 (" + strings.TrimSpace(items) + ")"},
		{name: "asked by --with", change: with, script: "greet\nserve", want: []string{"delivery_time=0", "delivery_hops=0"},
			sent: "FETCH 42 (" + items + "BODY.PEEK[HEADER.FIELDS (DATE RECEIVED)]<0.65536>)"},
		{name: "asked by a threshold", change: asks(report.DeliveryHops), script: "greet\nserve", want: []string{"delivery_time=0", "delivery_hops=0"}},
		{name: "with other fields", change: both(with, func(c *Config) {
			c.Expect.Headers = []Header{{"received", regexp.MustCompile("relay")}, {"Date", regexp.MustCompile("Dec")}}
		}), script: answered(two, one, date), want: []string{"delivery_hops=2"}, sent: "FETCH 42 (" + items + "BODY.PEEK[HEADER.FIELDS (DATE RECEIVED)]<0.65536>)"},
		{name: "of an envelope", change: both(with, func(c *Config) { c.Fetch = FetchEnvelope }), script: "greet\nserve", want: []string{"delivery_time=0"},
			sent: "FETCH 42 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY.PEEK[HEADER.FIELDS (DATE RECEIVED)]<0.65536>)"},
		{name: "from the first Received", change: with, script: answered(three, two, one, date),
			want: []string{"delivery_time=540", "delivery_hops=3", "delivery_start=1999-12-31T23:51:00Z", "delivery_slowest_hop=4 min 58 s between \x0estore.example\x0f and the mailbox"}},
		{name: "between two hosts", change: with, script: answered(three, "Received: by mx.example; Fri, 31 Dec 1999 23:58:00 +0000", one),
			want: []string{"delivery_time=540", "delivery_slowest_hop=7 min between \x0erelay.example\x0f and \x0emx.example\x0f"}},
		{name: "the canary from its Date", change: both(with, naming("header:X-Canary=c")), script: answered(two, one, date), want: []string{"delivery_time=600", "delivery_hops=2"}},
		{name: "a canary without Date", change: both(with, naming("header:X-Canary=c")), script: answered(two, one), want: []string{"delivery_time=540"}},
		{name: "a canary whose Received are longer than is fetched", change: both(with, naming("header:X-Canary=c")), script: answered(date, strings.Repeat(two+"\r\n", 1000)+two), want: []string{"delivery_time=600", "-delivery_hops"}},
		{name: "no Received", change: with, script: answered(date), want: []string{"delivery_time=600", "delivery_hops=0", "delivery_slowest_hop=10 min between the sender and the mailbox"}},
		{name: "the first Received has no date", change: with, script: answered(two, received("yesterday"), date), want: []string{"delivery_time=299", "delivery_hops=2"}},
		{name: "a host without a name", change: with, script: answered("Received: (qmail 7 invoked by uid 0); 31 Dec 1999 23:00:00 -0000"), want: []string{"delivery_slowest_hop=1 h between hop 1 and the mailbox"}},
		{name: "no date at all", change: both(with, asks(report.DeliveryTime)), script: answered("Date: today", received("now")), want: []string{"-delivery_time", "delivery_hops=1"},
			fault: "delivery_time cannot be measured: the message has no date in Received or Date that can be read"},
		{name: "a Received without a date, and a Date", change: both(with, asks(report.DeliveryTime)), script: answered(received("now"), date), want: []string{"-delivery_time", "delivery_hops=1"},
			fault: "delivery_time cannot be measured: the message has no date in Received or Date that can be read"},
		{name: "nobody set a limit", change: with, script: answered(), want: []string{"-delivery_time", "delivery_hops=0"}},
		{name: "a little after it came in", change: with, script: answered(received("Sat, 1 Jan 2000 00:01:00 +0000")), want: []string{"delivery_time=0"}},
		{name: "long after it came in", change: both(with, asks(report.DeliveryTime)), script: answered(received("Sat, 1 Jan 2000 00:01:01 +0000")), want: []string{"-delivery_time", "delivery_hops=1"}},
		{name: "longer than is fetched", change: both(with, asks(report.DeliveryTime)), script: answered(strings.Repeat(two+"\r\n", 1000) + date), want: []string{"-delivery_time", "-delivery_hops"},
			fault: "delivery_time cannot be measured: the header fields are longer than 65536 bytes"},
		{name: "the server leaves it out", change: both(with, asks(report.DeliveryHops)), script: answering("FETCH", "42 FETCH (RFC822.SIZE 9)"),
			want: []string{"-delivery_time", "-delivery_hops"}, fault: "delivery_hops cannot be measured: the answer to FETCH does not have"},
		{name: "no INTERNALDATE", change: both(with, asks(report.DeliveryTime)), script: answering("FETCH", `42 FETCH (RFC822.SIZE 9 BODY[HEADER.FIELDS (DATE RECEIVED)]<0> "")`),
			want: []string{"-delivery_time", "delivery_hops=0"}, fault: "no INTERNALDATE"},
	} {
		x.run(t)
	}
}

// TestClocksOnTheWay says when the times of a mail cannot all be right.
func TestClocksOnTheWay(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"in order", answered("Received: by b; Fri, 31 Dec 1999 23:59:00 +0000"), ""},
		{"a little", answered("Received: by b; Sat, 1 Jan 2000 00:00:20 +0000"), "was sent 20 s after it came in: the clocks on its way differ"},
		{"by much", answered("Received: by b; Sat, 1 Jan 2000 00:20:00 +0000"), "was sent 20 min after it came in: the clocks on its way differ"},
		{"one hop", answered("Received: by c; Fri, 31 Dec 1999 23:50:00 +0000", "Received: by b; Fri, 31 Dec 1999 23:59:00 +0000", "Received: by a; Fri, 31 Dec 1999 23:49:00 +0000"),
			"the message went back 9 min in time between \x0eb\x0f and \x0ec\x0f: their clocks differ"},
		{"one hop, a little", answered("Received: by b; Fri, 31 Dec 1999 23:49:00 +0000", "Received: by a; Fri, 31 Dec 1999 23:50:00 +0000"), ""},
		{"two hops", answered("Received: by d; Fri, 31 Dec 1999 23:50:00 +0000", "Received: by c; Fri, 31 Dec 1999 23:58:00 +0000", "Received: by b; Fri, 31 Dec 1999 23:45:00 +0000", "Received: by a; Fri, 31 Dec 1999 23:49:00 +0000"),
			"the message went back 4 min in time between \x0ea\x0f and \x0eb\x0f: their clocks differ"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.cfg.With = set(Delivery)
			r := b.run(t, tt.script)
			got := ""
			for _, rem := range r.Remarks {
				got += rem.Text
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("remarks %q, want %q", got, tt.want)
			}
		})
	}
}
