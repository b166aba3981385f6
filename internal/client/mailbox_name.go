package client

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"
)

// mutf7 is the alphabet of modified base64. See RFC 3501 section 5.1.3.
var mutf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// EncodeMailbox returns a mailbox name in modified UTF-7 (RFC 3501 section 5.1.3,
// RFC 9051 appendix A), which both protocol versions take as long as nothing
// else is enabled.
func EncodeMailbox(name string) string {
	var b strings.Builder
	var coded []rune // not printable ASCII, and not written yet
	flush := func() {
		if len(coded) == 0 {
			return
		}
		var units []byte
		for _, u := range utf16.Encode(coded) {
			units = binary.BigEndian.AppendUint16(units, u)
		}
		b.WriteString("&" + mutf7.EncodeToString(units) + "-")
		coded = nil
	}
	for _, r := range name {
		if r < ' ' || r > '~' {
			coded = append(coded, r)
			continue
		}
		flush()
		b.WriteRune(r)
		if r == '&' {
			b.WriteByte('-')
		}
	}
	flush()
	return b.String()
}

// MailboxWord returns the name of a mailbox, or a pattern of LIST, as a quoted
// string.
func MailboxWord(name string) string { return Quote(EncodeMailbox(name)) }

// MailboxName decodes a name that a server sent. One that is not modified UTF-7
// stays as it is, as in mail clients.
func MailboxName(sent string) string {
	if name, err := decodeMailbox(sent); err == nil {
		return name
	}
	return sent
}

var errUTF7 = errors.New("not modified UTF-7")

// decodeMailbox is the reverse of EncodeMailbox. A name that is not modified
// UTF-7 is an error.
func decodeMailbox(name string) (string, error) {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(name, "&")
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		coded, after, closed := strings.Cut(rest, "-")
		if !closed {
			return "", errUTF7
		}
		name = after
		if coded == "" {
			b.WriteByte('&')
			continue
		}
		raw, err := mutf7.DecodeString(coded)
		if err != nil || len(raw)%2 != 0 || strings.ContainsAny(coded, "\r\n") { // base64 skips line ends
			return "", errUTF7
		}
		units := make([]uint16, 0, len(raw)/2)
		for pair := range slices.Chunk(raw, 2) {
			units = append(units, binary.BigEndian.Uint16(pair))
		}
		b.WriteString(string(utf16.Decode(units)))
	}
}
