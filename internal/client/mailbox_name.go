package client

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// mutf7 is the alphabet of modified base64. See RFC 3501 section 5.1.3.
var mutf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// EncodeMailbox returns a mailbox name in modified UTF-7 (RFC 3501 section 5.1.3,
// RFC 9051 appendix A), which both protocol versions take as long as nothing
// else is enabled.
func EncodeMailbox(name string) string {
	var b strings.Builder
	for name != "" {
		i := 0
		for i < len(name) && name[i] >= ' ' && name[i] <= '~' && name[i] != '&' {
			i++
		}
		b.WriteString(name[:i])
		if name = name[i:]; name == "" {
			break
		}
		if name[0] == '&' {
			b.WriteString("&-")
			name = name[1:]
			continue
		}
		i = 0
		for i < len(name) && (name[i] < ' ' || name[i] > '~') {
			_, n := utf8.DecodeRuneInString(name[i:])
			i += n
		}
		var units []byte
		for _, u := range utf16.Encode([]rune(name[:i])) {
			units = append(units, byte(u>>8), byte(u))
		}
		b.WriteString("&" + mutf7.EncodeToString(units) + "-")
		name = name[i:]
	}
	return b.String()
}

// MailboxWord returns the name of a mailbox, or a pattern of LIST, as a quoted
// string.
func MailboxWord(name string) string { return Quote(EncodeMailbox(name)) }

// mailboxName decodes a name that a server sent. One that is not modified UTF-7
// stays as it is, as in mail clients.
func mailboxName(sent string) string {
	if name, err := DecodeMailbox(sent); err == nil {
		return name
	}
	return sent
}

var errUTF7 = errors.New("not modified UTF-7")

// DecodeMailbox is the reverse of EncodeMailbox. A name that is not modified
// UTF-7 is an error.
func DecodeMailbox(name string) (string, error) {
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
		if coded == "" {
			b.WriteByte('&')
		} else {
			raw, err := mutf7.DecodeString(coded)
			if err != nil || len(raw)%2 != 0 || strings.ContainsAny(coded, "\r\n") { // base64 skips line ends
				return "", errUTF7
			}
			units := make([]uint16, len(raw)/2)
			for i := range units {
				units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
			}
			b.WriteString(string(utf16.Decode(units)))
		}
		name = after
	}
}
