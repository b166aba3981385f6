package judge

import (
	"errors"
	"fmt"
	"strings"

	"check_imap_session/internal/report"
)

func fixed(s string) func(*report.StepError) string {
	return func(*report.StepError) string { return s }
}

// text is the detail that is in the error itself, without the condition's own
// words in front of it. What a condition of ours does not say is foreign.
func text(e *report.StepError) string {
	msg := strings.TrimPrefix(e.Err.Error(), report.ErrToken.Error()+": ")
	for _, c := range []error{
		report.ErrSelfSigned, report.ErrMissingIntermediate, report.ErrUnknownAuthority, report.ErrWeakSignature, report.ErrWeakKey,
	} {
		if errors.Is(e.Err, c) {
			return msg
		}
	}
	for _, c := range []error{
		report.ErrConfig, report.ErrInternal, report.ErrTooLarge, report.ErrMisfiled,
		report.ErrReadOnly, report.ErrMessageMissing, report.ErrExpectation, report.ErrNotOffered,
		report.ErrAddressFailed, report.ErrNodesDiffer, report.ErrValidityDiffers, report.ErrManyAddresses,
		report.ErrCertificateMismatch, report.ErrOtherCertificate, report.ErrLoginDisabled, report.ErrPlaintextRefused,
		report.ErrNoMechanism, report.ErrNoAddress, report.ErrToken,
	} {
		if errors.Is(e.Err, c) {
			if msg == c.Error() {
				return ""
			}
			msg = strings.TrimPrefix(strings.TrimPrefix(msg, c.Error()), ", ")
			msg = strings.TrimPrefix(msg, ": ")
			if c == report.ErrInternal || c == report.ErrConfig || c == report.ErrToken { // around any other error
				return report.Foreign(msg)
			}
			return msg
		}
	}
	msg, _, _ = strings.Cut(msg, "\n")
	return report.Foreign(strings.TrimPrefix(msg, "remote error: "))
}

func waiting(e *report.StepError) string {
	if e.Waiting == "" {
		return ""
	}
	return withOthers("waiting for "+e.Waiting, e, report.ErrTimeout)
}

func serviceDetail(e *report.StepError) string {
	n, _ := errors.AsType[*report.NotIMAP](e.Err)
	if n.Binary > 0 {
		return fmt.Sprintf("not IMAP: %d bytes of binary data", n.Binary)
	}
	if n.Service == "" {
		return "no IMAP server answers"
	}
	return "this is " + n.Service
}

func logoutDetail(e *report.StepError) string {
	if errors.Is(e.Err, report.ErrTimeout) {
		return "no answer"
	}
	return ""
}

func protocolDetail(e *report.StepError) string {
	msg := e.Err.Error()
	if rest, ok := strings.CutPrefix(msg, report.ErrProtocol.Error()+": "); ok {
		return rest
	}
	if errors.Is(e.Err, report.ErrProtocol) {
		return ""
	}
	return text(e)
}
