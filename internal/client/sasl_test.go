package client

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// TestCapabilitiesOfLogin holds which list is valid behind a login.
func TestCapabilitiesOfLogin(t *testing.T) {
	for _, tt := range []struct {
		name, answer  string
		listed, valid int // how many; -1 for not known
	}{
		{"none", "S: {tag} OK in", -1, 2},
		{"in the code", "S: {tag} OK [CAPABILITY IMAP4rev1 IDLE ID] in", 3, 3},
		{"before it", "S: * CAPABILITY IMAP4rev1\nS: {tag} OK in", 1, 1},
		{"of a refusal", "S: * CAPABILITY IMAP4rev1\nS: {tag} NO no", 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			converse(t, "S: * OK [CAPABILITY IMAP4rev1 LITERAL+] hi\nserve LOGIN\n"+tt.answer+"\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
				count := func(set imap.CapSet) int {
					if set == nil {
						return -1
					}
					return len(set)
				}
				listed, _ := c.Login(tm, "alice", "s3cret")
				if count(listed) != tt.listed || count(c.Capabilities) != tt.valid {
					t.Errorf("listed %v, valid %v, want %d and %d", listed, c.Capabilities, tt.listed, tt.valid)
				}
			})
		})
	}
	converse(t, "S: * OK [CAPABILITY IMAP4rev1] hi\nserve CAPABILITY\nS: {tag} OK none\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
		if err := c.Capability(tm); err != nil || c.Capabilities != nil {
			t.Errorf("an answer without a list: %v, %v, want nothing known", err, c.Capabilities)
		}
	})
}

// TestLongInitialResponse sends a token that makes the line too long behind the
// server's "+".
func TestLongInitialResponse(t *testing.T) {
	for size, want := range map[int]int{5000: 3, 7000: 2} { // words of the command line
		converse(t, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi\nserve", func(c *Conn, tm *timer, record *imaptest.Record) {
			token := secret.New(strings.Repeat("x", size))
			c.Authenticate(tm, auth.XOAuth2.Client(auth.Credentials{Username: "alice", Token: token}))
			synctest.Wait()
			line := record.Received()[0]
			if _, command, _ := strings.Cut(line, " "); len(strings.Fields(command)) != want {
				t.Errorf("token of %d bytes: sent %.60q, want %d words", size, line, want)
			}
		})
	}
}

// TestChallengeIsRedacted holds that the transcript shows no challenge and no
// response.
func TestChallengeIsRedacted(t *testing.T) {
	const challenge = "PDFAeD4=" // <1@x>
	converse(t, "greet\nserve AUTHENTICATE\nS: + "+challenge+"\nC: *\nS: {tag} OK in\nserve", func(c *Conn, tm *timer, _ *imaptest.Record) {
		if _, err := c.Authenticate(tm, auth.CRAMMD5.Client(auth.Credentials{Username: "alice", Password: secret.New("s3cret")})); err != nil {
			t.Fatal(err)
		}
		lines := c.Transcript()
		for _, line := range lines {
			if strings.Contains(line.Text, challenge) {
				t.Errorf("shown: %q", line.Text)
			}
		}
		if len(lines) < 5 {
			t.Errorf("transcript %v, want the whole dialogue", lines)
		}
	})
}

// echo is a mechanism that answers a challenge with the challenge, and complains of an
// empty one.
type echo struct{ auth.Client }

var errEmpty = errors.New("an empty challenge")

func (echo) Next(challenge []byte) ([]byte, error) {
	if len(challenge) == 0 {
		return nil, errEmpty
	}
	return challenge, nil
}

// TestAnswerChallenge holds that a challenge is base64 with its padding, and that a
// complaint of the mechanism is about the server.
func TestAnswerChallenge(t *testing.T) {
	for _, tt := range []struct {
		challenge, want string // want is what the mechanism got; "" for an error
		complaint       bool   // of the mechanism
	}{
		{"PDFAeD4=", "<1@x>", false},
		{"AA==", "\x00", false},
		{"", "", true},
		{"PDFAeD4", "", false},
		{"<1@x>", "", false},
	} {
		got, err := answerChallenge(echo{}, tt.challenge)
		if string(got) != tt.want || errors.Is(err, report.ErrProtocol) != (tt.want == "") || errors.Is(err, errEmpty) != tt.complaint {
			t.Errorf("%q: got %q, %v, want %q", tt.challenge, got, err, tt.want)
		}
	}
}

func FuzzAnswerChallenge(f *testing.F) {
	for _, s := range []string{"PDFAeD4=", "", "=", "P DF", "PDFA\neD4=", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, challenge string) {
		got, err := answerChallenge(echo{}, challenge)
		if err != nil {
			if !errors.Is(err, report.ErrProtocol) {
				t.Errorf("%q: got %v, want a fault of the server", challenge, err)
			}
			return
		}
		if again, err := base64.StdEncoding.DecodeString(challenge); err != nil || !bytes.Equal(got, again) {
			t.Errorf("%q: got %q, want %q, %v", challenge, got, again, err)
		}
	})
}
