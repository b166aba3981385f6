package systemtest

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/app"
	"check_imap_session/internal/certtest"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/session"
)

// The two properties below need different secrets.
//
// A server that does not repeat the secret: the output must be the same, byte for
// byte, whatever the secret is. That holds for a secret of one byte too, which
// could not be looked for: "a" is everywhere.
//
// A server that repeats it, in every form that it can: no form may be in the
// output. What hides it there is the masker, and that leaves secrets of less than
// four bytes alone (masking every "a" would destroy the text and give the secret
// away by its gaps), so these are longer.

var mechanisms = []string{"login", "plain", "cram-md5", "scram-sha-1", "scram-sha-256", "scram-sha-256-plus", "xoauth2", "oauthbearer"}

// outcome is a way for a session to end.
type outcome struct {
	name   string
	script string // behind the greeting; {S} is what the server repeats
	panics bool
}

// quiet returns the endings at a server that repeats nothing.
func quiet() []outcome {
	return []outcome{
		{name: "success", script: "serve"},
		{name: "failure", script: "serve LOGIN AUTHENTICATE\nS: {tag} NO [AUTHENTICATIONFAILED] no\nserve"},
		{name: "challenge and failure", script: "serve LOGIN AUTHENTICATE\nS: + " + b64(`{"status":"401"}`) + "\nC: *\nS: {tag} NO no\nserve"},
		{name: "timeout", script: "serve LOGIN AUTHENTICATE\nhold"},
		{name: "timeout in the exchange", script: "serve LOGIN AUTHENTICATE\nS: + " + b64("<1@x>") + "\nhold"},
		{name: "closed", script: "serve LOGIN AUTHENTICATE\nreset"},
	}
}

// echoing returns the endings at a server that repeats the secret wherever it can.
func echoing() []outcome {
	return []outcome{
		{name: "in a NO", script: "serve LOGIN AUTHENTICATE\nS: * NO [ALERT] {S}\nS: {tag} NO [AUTHENTICATIONFAILED] {S}\nserve"},
		{name: "in an OK", script: "serve LOGIN AUTHENTICATE\nS: * OK [ALERT] {S}\nS: {tag} OK {S}\nserve"},
		{name: "in a challenge", script: "serve LOGIN AUTHENTICATE\nS: + {S}\nC: *\nS: {tag} NO {S}\nserve"},
		{name: "in the JSON of a challenge", script: "serve LOGIN AUTHENTICATE\nS: + {J}\nC: *\nS: {tag} NO no\nserve"},
		{name: "in a BYE", script: "serve LOGIN AUTHENTICATE\nS: * BYE {S}\nclose"},
		{name: "in nonsense", script: "serve LOGIN AUTHENTICATE\nS: {S} {S}\nclose"},
		{name: "in a list", script: "serve LIST\nS: * NO {S}\nS: {tag} NO {S}\nserve"},
		{name: "in a panic", script: "serve", panics: true},
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// runs is what stays the same between the runs of a bubble.
type runs struct {
	t     *testing.T
	cert  tls.Certificate
	roots *dial.Roots
	dir   string
	seed  uint64 // of rand
	rand  *rand.Rand
}

// run runs one session and returns everything that came out of it.
func (b runs) run(mech, value string, o outcome, words ...string) string {
	b.t.Helper()
	file := writeFile(b.t, b.dir, "secret", []byte(value+"\n"))
	from := "--password-file="
	if mech == "xoauth2" || mech == "oauthbearer" {
		from = "--oauth-token-file="
	}
	transcript := filepath.Join(b.dir, "transcript")
	args := append([]string{"-H", "imap.test", "-U", "alice", "--auth", mech, from + file, "-vvv", "-t", "3", "--transcript", transcript}, words...)
	caps := "SASL-IR LITERAL+ AUTH=" + strings.ToUpper(strings.Join(mechanisms[1:], " AUTH="))
	script := "S: * OK [CAPABILITY IMAP4rev1 " + caps + "] ready\n" + strings.ReplaceAll(o.script, "{S}", strings.Join(forms(value), " "))
	explanation, err := json.Marshal(map[string]string{"status": value, "scope": strings.ToUpper(value), "error_description": "x" + value})
	if err != nil {
		b.t.Fatal(err)
	}
	script = strings.ReplaceAll(script, "{J}", b64(string(explanation)))
	r := runIn(b.t, app.Env{Getenv: environment{}.get, Session: func(c *session.Config) {
		c.Cert.Roots = b.roots
		c.Dial.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
			if o.panics {
				panic("lost my mind over " + strings.Join(forms(value), " "))
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil
		}
		c.Dial.Dial = scripted(b.t, script, imaptest.Options{ImplicitTLS: true, TLS: &tls.Config{Certificates: []tls.Certificate{b.cert}}})
	}}, args...)
	dialogue, err := os.ReadFile(transcript)
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%d\n%s", r.out, r.code, dialogue)
}

// bubble calls f in a bubble with what the runs share, beside other tests.
func bubble(t *testing.T, f func(b runs)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Second) // of the bubble's time, for what outlives the runs
		ca := certtest.Must(t, "Test Root")
		seed := rand.Uint64()
		f(runs{t: t, dir: t.TempDir(), seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), roots: dial.RootsOf(ca.Pool()),
			cert: ca.Leaf(t, certtest.Leaf{CommonName: "imap.test", DNSNames: []string{"imap.test"},
				NotAfter: time.Now().Add(60*24*time.Hour + 12*time.Hour)})}) // whole days that last for the bubble
	})
}

// formats are the ways to print.
var formats = [][]string{nil, {"-o", "json"}, {"--transcript-content"}}

// random returns a text of n runes of an alphabet.
func (b runs) random(n int, alphabet []rune) string {
	out := make([]rune, n)
	for i := range out {
		out[i] = alphabet[b.rand.IntN(len(alphabet))]
	}
	return string(out)
}

var (
	tokenRunes  = []rune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._+/=")
	asciiRunes  = append([]rune(" !\"#$%&'()*,:;<>?@[\\]^`{|}"), tokenRunes...)
	beyondRunes = append([]rune("äöüßé密码\u00a0²"), asciiRunes...)
)

// alphabet returns what the secrets of a mechanism are made of. Quoted strings and
// literals look different in a transcript, so one comparison has one of them.
func alphabet(mech string, wide bool) (runes []rune, prefix string) {
	switch {
	case mech == "xoauth2" || mech == "oauthbearer":
		return tokenRunes, ""
	case wide:
		return beyondRunes, "é"
	}
	return asciiRunes, ""
}

// odd says whether a password is one that advice is about when it is rejected: blanks
// or quotes around it.
func odd(password string) bool {
	return strings.TrimSpace(password) != password || strings.Trim(password, `"'`) != password
}

// varying is what differs between two runs of one bubble: tags, what is left
// of the certificate, and the time of the run.
var varying = regexp.MustCompile(`A\d+[a-z]{4}|certificate_percent(=|","value":)[0-9.]+|"timestamp":"[^"]*"|_timestamp_seconds\{.*`)

// TestOutputIsTheSameForEverySecret runs sessions that differ in nothing but the
// secret, of any length from one byte.
func TestOutputIsTheSameForEverySecret(t *testing.T) {
	for _, mech := range mechanisms {
		for _, o := range quiet() {
			t.Run(mech+"/"+o.name, func(t *testing.T) {
				bubble(t, func(b runs) {
					for i, format := range formats {
						runes, prefix := alphabet(mech, i == 0)
						var first, with string
						for _, n := range []int{1, 3, 8, 40} {
							value := prefix + b.random(n, runes)
							for odd(value) {
								value = prefix + b.random(n, runes)
							}
							got := varying.ReplaceAllString(b.run(mech, value, o, format...), "...")
							if first == "" {
								first, with = got, value
							}
							if got != first {
								t.Fatalf("seed %d: the outputs of the secrets %q and %q differ:\n%s", b.seed, with, value, difference(first, got))
							}
						}
					}
				})
			})
		}
	}
}

// difference returns the first lines that are not the same.
func difference(a, b string) string {
	other := strings.Split(b, "\n")
	for i, line := range strings.Split(a, "\n") {
		if i >= len(other) || line != other[i] {
			return line + "\n" + strings.Join(other[min(i, len(other)):min(i+1, len(other))], "")
		}
	}
	return b[len(a):]
}

// forms are the ways in which a server could repeat a secret.
func forms(s string) []string {
	return []string{
		s, strconv.Quote(s), strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s), b64(s),
		b64("\x00alice\x00" + s), b64("user=alice\x01auth=Bearer " + s + "\x01\x01"),
		b64("n,a=alice,\x01host=imap.test\x01port=993\x01auth=Bearer " + s + "\x01\x01"),
		base64.URLEncoding.EncodeToString([]byte(s)), url.QueryEscape(s), url.PathEscape(s),
	}
}

// TestNoTraceOfARepeatedSecret lets the server repeat the secret in all forms.
func TestNoTraceOfARepeatedSecret(t *testing.T) {
	for _, mech := range mechanisms {
		for _, o := range echoing() {
			t.Run(mech+"/"+o.name, func(t *testing.T) {
				bubble(t, func(b runs) {
					for i, format := range formats {
						runes, _ := alphabet(mech, i == 0)
						value := "x" + b.random(9+b.rand.IntN(30), runes) + "y" // blanks at the ends are not kept by scripts
						got := b.run(mech, value, o, format...)
						core := value[1 : len(value)-1]
						for _, form := range append(forms(value), core, inner64(value)) {
							if strings.Contains(got, form) {
								t.Fatalf("seed %d: the secret %q is in the output as %q:\n%s", b.seed, value, form, got)
							}
						}
					}
				})
			})
		}
	}
}

// inner64 is what of the base64 of a secret does not depend on what stands around it.
func inner64(s string) string { return b64(s)[:len(s)/3*4] }
