package judge

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"check_imap_session/internal/report"
)

// crypto/tls has no types for what goes wrong in a handshake: an alert of the
// server is a net.OpError around a number that prints as its name, all else is
// text. See RFC 8446 section 6.2 for the alerts.

// alert returns a Match for an alert of the server with one of these words in
// its name.
func alert(words ...string) func(*report.StepError) bool {
	return func(e *report.StepError) bool {
		name, ok := alertName(e.Err)
		for _, w := range words {
			if ok && strings.Contains(name, w) {
				return true
			}
		}
		return false
	}
}

// alertName returns the name of an alert that the server sent.
func alertName(err error) (string, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return "", false
	}
	return strings.TrimPrefix(op.Err.Error(), "tls: "), true
}

func exampleAlert(name string) *report.StepError {
	return example("tls", &net.OpError{Op: "remote error", Err: errors.New("tls: " + name)})
}

const selectedVersion = "tls: server selected unsupported protocol version "

// unsupportedVersion reports a server that answers with a version of its own.
func unsupportedVersion(e *report.StepError) bool {
	return strings.HasPrefix(e.Err.Error(), selectedVersion)
}

// handshakeDetail is the alert, or what crypto/tls did not like.
func handshakeDetail(e *report.StepError) string {
	if name, ok := alertName(e.Err); ok {
		return "alert of the server: " + name
	}
	msg, _, _ := strings.Cut(e.Err.Error(), "\n")
	var version uint16
	if _, err := fmt.Sscanf(msg, selectedVersion+"%x", &version); err == nil {
		return "the server chose " + tls.VersionName(version)
	}
	return strings.TrimPrefix(msg, "tls: ")
}
