package client

import (
	"context"
	"errors"
	"strings"
	"testing"

	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
)

func TestGreeting(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		other        bool // not IMAP
		remarks      int
	}{
		{"empty lines", "raw \"" + strings.Repeat(`\r\n`, 5) + "\"\nS: * OK hi\nhold", false, 0},
		{"too many", "raw \"" + strings.Repeat(`\r\n`, 6) + "\"\nS: * OK hi\nhold", true, 0},
		{"alert", "S: * OK [ALERT] down at noon\nhold", false, 1},
		{"another service", "S: 220 mail ESMTP\nhold", true, 0},
		{"tagged", "S: * X\nS: A1 OK hi\nhold", true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			attached(t, tt.script, func(c *Conn, tm *timer, _ *imaptest.Record) {
				c.HandshakeJustDone = true
				_, err := c.Greeting(tm)
				if c.HandshakeJustDone && !tt.other {
					t.Error("a line has been read, and the handshake is still the last that happened")
				}
				if other := errors.As(err, new(*report.NotIMAP)); other != tt.other || len(tm.remarks) != tt.remarks || c.CanSend() == tt.other {
					t.Errorf("%v, remarks %q, can send %v", err, tm.remarks, c.CanSend())
				}
			})
		})
	}
}

// FuzzGreeting holds that whatever stands first on a connection is a greeting or
// an error, and that a service is named only by what it said.
func FuzzGreeting(f *testing.F) {
	for _, s := range []string{"* OK hi\r\n", "\r\n* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n", "220 SMTP\r\n", "* CAPABILITY X\r\n* BYE no\r\n", "+OK POP3\r\n", "\x15\x03\x01", "\n\n\n\n\n\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := &Conn{}
		c.Attach(context.Background(), replay{server: strings.NewReader(s)})
		defer c.Close()
		reply, err := c.Greeting(&timer{})
		var other *report.NotIMAP
		switch {
		case (reply == nil) == (err == nil):
			t.Errorf("%q: got %v and %v", s, reply, err)
		case errors.As(err, &other) && other.Service != "" && s == "":
			t.Errorf("%q: got %v", s, other)
		case c.CanSend() && (err != nil || reply.Status == "BYE"):
			t.Errorf("%q: can send after %v, %v", s, reply, err)
		}
	})
}
