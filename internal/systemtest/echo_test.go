package systemtest

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"check_imap_session/internal/app"
	"check_imap_session/internal/certtest"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/session"
)

// spellings are the ways in which a server may repeat a secret.
func spellings(s string) map[string]string {
	every := func(format string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
	between := func(what string) string { return strings.Join(strings.Split(s, ""), what) }
	encode := base64.StdEncoding.EncodeToString
	return map[string]string{
		"as it is": s, "upper case": strings.ToUpper(s), "lower case": strings.ToLower(s),
		"NUL": between("\x00"), "NUL behind": between("\x00") + "\x00", "ESC": between("\x1b"), "DEL": between("\x7f"),
		"soft hyphen": between("\u00ad"), "zero width": between("\u200b"), "byte order mark": between("\ufeff"), "filler": between("\u3164"),
		"variation": between("\ufe0f"), "C1": between("\u0085"), "tab": between("\t"), "quote": between("'"), "bar": between("|"), "not UTF-8": between("\xff"),
		"percent": every("%%%02x"), "partly percent": url.QueryEscape(s[:4]) + "%" + fmt.Sprintf("%02X", s[4]) + s[5:], "JSON": every(`\u%04x`), "HTML": every("&#%d;"),
		"HTML names": html.EscapeString(s), "octal": every(`\%03o`), "quoted": strconv.Quote(s), "hex": hex.EncodeToString([]byte(s)),
		"base64": encode([]byte(s)), "base64 of PLAIN": encode([]byte("\x00alice\x00" + s)), "base64 behind one": encode([]byte("x" + s)),
		"base64 behind two": encode([]byte("xx" + s + "y")), "base64 cut": encode([]byte(s))[:12], "base64 of a URL": base64.URLEncoding.EncodeToString([]byte(s)),
		"last cut": s[:len(s)-1], "first cut": s[1:], "both cut": s[3 : len(s)-3],
	}
}

// places are where a server may repeat a secret: {S} is it, between quotes of Go, {N} its
// length.
var places = map[string]string{
	"greeting":        "raw \"* OK hello {S}\\r\\n\"\nserve",
	"greeting code":   "raw \"* OK [{S} 1] hello\\r\\n\"\nserve",
	"no IMAP":         "raw \"220 {S}\\r\\n\"\nhold",
	"capability":      "greet\nserve LOGIN\nraw \"{tag} OK [CAPABILITY IMAP4rev1 X-{S}] in\\r\\n\"\nserve",
	"NO":              "greet\nserve LOGIN\nraw \"{tag} NO {S}\\r\\n\"\nserve",
	"code":            "greet\nserve LOGIN\nraw \"{tag} NO [{S} 1] no\\r\\n\"\nserve",
	"code's argument": "greet\nserve LOGIN\nraw \"{tag} NO [X-WHY {S}] no\\r\\n\"\nserve",
	"alert":           "greet\nserve LOGIN\nraw \"* OK [ALERT] {S}\\r\\n\"\nS: {tag} OK in\nserve",
	"BYE":             "greet\nserve LOGIN\nraw \"* BYE {S}\\r\\n\"\nclose",
	"stray line":      "greet\nserve LOGIN\nraw \"{S} {S}\\r\\n\"\nclose",
	"unknown line":    "greet\nserve LOGIN\nraw \"* XWHY {S}\\r\\n\"\nS: {tag} NO no\nserve",
	"flags":           "greet\nserve EXAMINE\nS: * 3 EXISTS\nraw \"* FLAGS ({S})\\r\\n* OK [PERMANENTFLAGS ({S})] x\\r\\n\"\nS: {tag} OK done\nserve",
	"ID":              "greet\nserve ID\nraw \"* ID (\\\"name\\\" {{N}}\\r\\n{S})\\r\\n\"\nS: {tag} OK done\nserve",
	"namespace":       "greet\nserve NAMESPACE\nraw \"* NAMESPACE ((\\\"{S}\\\" \\\"/\\\")) NIL NIL\\r\\n\"\nS: {tag} OK done\nserve",
	"list":            "greet\nserve LIST\nraw \"* LIST () \\\"/\\\" {{N}}\\r\\n{S}\\r\\n\"\nS: {tag} OK done\nserve",
	"quota root":      "greet\nserve GETQUOTAROOT\nraw \"* QUOTAROOT INBOX {{N}}\\r\\n{S}\\r\\n* QUOTA {{N}}\\r\\n{S} (STORAGE 1 2)\\r\\n\"\nS: {tag} OK done\nserve",
	"certificate":     "greet\nserve",
}

// shows returns 8 letters and digits in a row that an output shares with a secret.
func shows(out string, of ...string) string {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsNumber(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	text := letters(out)
	for _, s := range of {
		for s = letters(s); len(s) >= 8; s = s[1:] {
			if strings.Contains(text, s[:8]) {
				return s[:8]
			}
		}
	}
	return ""
}

// TestNoSpellingOfARepeatedSecret lets a server repeat the secret in all spellings in
// all places, and looks for it in all outputs.
func TestNoSpellingOfARepeatedSecret(t *testing.T) {
	outputs := [][]string{{"-vvv", "--transcript-content"}, {"-o", "json", "-vvv"}, {"--with=id"}, {"-o", "openmetrics"}}
	var count atomic.Int64
	t.Cleanup(func() { t.Logf("%d runs", count.Load()) })
	for i, pw := range []string{"Zq7xKv9Tw2Lp4Rb8", `Zq7x|Kv9"Tw2<Lp4;Rb8~m`} {
		outputs := outputs[:4-2*i]
		forms := spellings(pw)
		for place, script := range places {
			t.Run(place+"/"+pw, func(t *testing.T) {
				bubble(t, func(b runs) {
					ca := certtest.Must(t, "Test Root")
					for name, form := range forms {
						cert := b.cert
						if place == "certificate" {
							if strings.ContainsFunc(form, func(r rune) bool { return r < ' ' || r == unicode.ReplacementChar }) || len(form) > 64 {
								continue // crypto/x509 makes no such name
							}
							cert = ca.Leaf(t, certtest.Leaf{CommonName: form})
						}
						for _, words := range outputs {
							count.Add(1)
							out := b.echo(pw, cert, strings.NewReplacer("{S}", inner(form), "{{N}}", fmt.Sprintf("{%d}", len(form))).Replace(script), words)
							if got := shows(out, pw, base64.StdEncoding.EncodeToString([]byte(pw)), hex.EncodeToString([]byte(pw))); got != "" {
								t.Fatalf("%s, %q: the output shows %q:\n%s", name, words, got, out)
							}
							if name == "as it is" && words[0] == "-vvv" && !strings.Contains(out, "***") {
								t.Fatalf("the secret was not repeated:\n%s", out)
							}
						}
					}
				})
			})
		}
	}
}

// inner returns a text as it stands between the quotes of Go.
func inner(s string) string { q := strconv.Quote(s); return q[1 : len(q)-1] }

// echo runs the program against a script and returns all that comes out of it.
func (b runs) echo(pw string, cert tls.Certificate, script string, words []string) string {
	b.t.Helper()
	file := filepath.Join(b.dir, "transcript")
	args := append([]string{"-H", "imap.test", "-U", "alice", "-t", "3", "--transcript", file, "--with=id,namespace,quota"}, words...)
	r := runIn(b.t, app.Env{Getenv: password(pw).get, Session: func(c *session.Config) {
		c.Cert.Roots = b.roots
		c.Dial.Lookup = resolving("192.0.2.7")
		c.Dial.Dial = scripted(b.t, script, imaptest.Options{ImplicitTLS: true, TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
			Capabilities: "IMAP4rev1 ID NAMESPACE QUOTA"})
	}}, args...)
	dialogue, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	if !strings.Contains(r.out, "imap.test") {
		b.t.Fatalf("no output of a check:\n%s", r.out)
	}
	return r.out + string(dialogue)
}

// TestEnvironmentSecretInACommandsError runs a command that prints secrets from its
// environment, which the check does not use.
func TestEnvironmentSecretInACommandsError(t *testing.T) {
	const pw = "Zq7xKv9Tw2Lp4Rb8"
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("skip: no /bin/sh")
	}
	t.Setenv("CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET", pw)
	for _, form := range []string{"nagios", "json", "openmetrics"} {
		r := runIn(t, app.Env{Getenv: os.Getenv}, "-H", "imap.test", "-U", "alice", "-o", form, "--password-command",
			`/bin/sh -c 'echo "wrong: $CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET" >&2; exit 1'`)
		if got := shows(r.out, pw); r.code != 3 || got != "" || form != "openmetrics" && !strings.Contains(r.out, "wrong: ***") {
			t.Errorf("%s: exit %d, shows %q:\n%s", form, r.code, got, r.out)
		}
	}
}
