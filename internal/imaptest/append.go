package imaptest

import (
	"errors"
	"strings"
	"time"
)

// add keeps the message of an APPEND; there is one at most. See RFC 9051 section 6.3.12.
func (t *talk) add(args string) error {
	_, text, ok := strings.Cut(args, `) "`)
	header, body, whole := strings.Cut(strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(strings.TrimSuffix(text, `"`)), "\r\n\r\n")
	if !ok || !whole {
		return errors.New("APPEND without flags or message")
	}
	t.added = mail{received: time.Now().UTC().Truncate(time.Second), header: header + "\r\n\r\n", body: body}
	return nil
}
