package client

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

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
