package session

import (
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// TestRefusesToken wants another token to be fetched only after a refusal that the
// token may be the reason of: otherwise each check of a busy server would ask the
// token endpoint twice.
func TestRefusesToken(t *testing.T) {
	for code, want := range map[imap.ResponseCode]bool{
		"":                                    true,
		imap.ResponseCodeAuthenticationFailed: true,
		imap.ResponseCodeAuthorizationFailed:  true,
		imap.ResponseCodeExpired:              true,
		imap.ResponseCodeUnavailable:          false,
		imap.ResponseCodeLimit:                false,
		imap.ResponseCodeInUse:                false,
		imap.ResponseCodeServerBug:            false,
		imap.ResponseCodeOverQuota:            false,
		imap.ResponseCode("REFERRAL"):         false,
		imap.ResponseCodePrivacyRequired:      true,
	} {
		err := &report.StepError{Err: report.ErrNo, Reply: &report.Reply{Status: "NO", Code: string(code)}}
		if got := refusesToken(err); got != want {
			t.Errorf("NO [%s]: got %v, want %v", code, got, want)
		}
	}
	if refusesToken(&report.StepError{Err: report.ErrTimeout}) {
		t.Error("a timeout is taken for a refusal")
	}
}
