package client

import (
	"strings"
	"testing"
)

// TestStrings holds how an argument goes over the wire: "|" is where the
// server's "+" is awaited.
func TestStrings(t *testing.T) {
	long := strings.Repeat("x", maxLiteralMinus)
	for _, tt := range []struct{ name, caps, value, want string }{
		{"quoted", "", `a "b" \c`, `LOGIN "a \"b\" \\c"`},
		{"empty", "", "", `LOGIN ""`},
		{"literal", "IMAP4rev1", "ü", "LOGIN {2}\r\n|ü"},
		{"line end", "IMAP4rev1", "a\r\nb", "LOGIN {4}\r\n|a\r\nb"},
		{"LITERAL+", "LITERAL+", "ü", "LOGIN {2+}\r\nü"},
		{"LITERAL+, long", "LITERAL+", long + "x", "LOGIN {4097+}\r\n" + long + "x"},
		{"LITERAL-", "LITERAL-", "ü", "LOGIN {2+}\r\nü"},
		{"LITERAL-, at its limit", "LITERAL-", long, "LOGIN {4096+}\r\n" + long},
		{"LITERAL-, long", "LITERAL-", long + "x", "LOGIN {4097}\r\n|" + long + "x"},
		{"IMAP4rev2", "IMAP4rev2", "ü", "LOGIN {2+}\r\nü"},
		{"both revisions", "IMAP4rev1 IMAP4rev2", "ü", "LOGIN {2}\r\n|ü"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &Conn{Capabilities: parseCapabilities(tt.caps)}
			var sent []string
			for _, k := range c.newCommand("LOGIN").str(tt.value).chunks {
				sent = append(sent, k.data)
			}
			if got := strings.Join(sent, "|"); got != tt.want {
				t.Errorf("got %.60q, want %.60q", got, tt.want)
			}
		})
	}
}

// TestShown holds that the transcript shows no secret, quoted or literal.
func TestShown(t *testing.T) {
	for _, password := range []string{"s3cret", "gehüm"} {
		for _, caps := range []string{"IMAP4rev1", "LITERAL+"} {
			c := &Conn{Capabilities: parseCapabilities(caps)}
			shown := ""
			for _, k := range c.newCommand("LOGIN").str("alice").secret(password).chunks {
				shown += k.shown
			}
			if want := `LOGIN "alice" `; !strings.HasPrefix(shown, want) || !strings.Contains(shown, "[redacted]") || strings.Contains(shown, password) {
				t.Errorf("%s, %s: shown %q", password, caps, shown)
			}
		}
	}
}
