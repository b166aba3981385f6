package explain

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

func TestPrintable(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "Gelöschte Elemente", "Gelöschte Elemente"},
		{"backslash and quote", `a\b "c"`, `a\b "c"`},
		{"line end", "a\r\nb", `a\r\nb`},
		{"terminal", "\x1b[31m\x07", `\x1b[31m\a`},
		{"invisible", "a\u202eb\u00a0c", `a\u202eb\u00a0c`},
		{"not UTF-8", "a\xffb", `a\xffb`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := printable(tt.in); got != tt.want {
				t.Errorf("printable(%q): got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// TestTextIsPrintable puts line ends and escapes of the terminal into all that a user
// can give.
func TestTextIsPrintable(t *testing.T) {
	const bad = "x\n[OK] forged | time=0\x1b[31m"
	endpoint := &url.URL{Scheme: "https", Host: "login.example.com", Path: "/" + bad, RawQuery: "client_secret=hunter2"}
	c := session.Config{
		Dial: dial.Config{Host: bad, Port: 993}, TLS: session.TLSImplicit, Cert: dial.TLSConfig{ServerName: bad},
		Username: bad, Mailbox: bad, Auth: auth.XOAuth2, OAuth: &auth.TokenSource{URL: endpoint, ClientID: bad, Scope: bad, ClientSecret: secret.New("SECRET"), Cache: bad},
		With: map[string]bool{"status": true}, Files: session.Files{CA: bad}, ListPattern: bad,
	}
	plan, err := session.Plan(c)
	if err != nil {
		t.Fatal(err)
	}
	text := Text(Check{Config: c, Plan: plan, Timeout: time.Second})
	for line := range strings.Lines(text) {
		if line != "\n" && strings.Trim(line[:2], " 123456789") != "" && strings.HasPrefix(line, "[OK]") {
			t.Errorf("a line is forged: %q", line)
		}
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' }); i >= 0 {
		t.Errorf("a control character at %d of %q", i, text)
	}
	if strings.Contains(text, "hunter2") {
		t.Errorf("the query of the token endpoint is in %s", text)
	}
	if n := strings.Count(text, "(those items that the server offers)"); n != 2 {
		t.Errorf("got the note on STATUS %d times, want it in the plan and in the dialogue:\n%s", n, text)
	}
}

// TestPrintfWord wants what printf(1) prints back as it was.
func TestPrintfWord(t *testing.T) {
	if got, want := printfWord("a%b\\c\x00d\x01"), `a%%b\\c\0d\001`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
