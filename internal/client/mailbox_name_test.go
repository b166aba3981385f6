package client

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMailboxName(t *testing.T) {
	tests := []struct {
		name  string
		plain string
		coded string
	}{
		{"empty", "", ""},
		{"ASCII", "INBOX/Sent Items~", "INBOX/Sent Items~"},
		{"ampersand", "R&D & more&", "R&-D &- more&-"},
		{"RFC 3501 section 5.1.3", "~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
		{"umlauts", "Entwürfe", "Entw&APw-rfe"},
		{"beyond the BMP", "a😀b", "a&2D3eAA-b"},
		{"ampersand beside coded", "ü&ü", "&APw-&-&APw-"},
		{"tab", "a\tb", "a&AAk-b"},
		{"minus behind coded", "ü-", "&APw--"},
		{"DEL", "\x7f", "&AH8-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := EncodeMailbox(tt.plain); got != tt.coded {
				t.Errorf("encode %q: got %q, want %q", tt.plain, got, tt.coded)
			}
			if got, err := decodeMailbox(tt.coded); got != tt.plain || err != nil {
				t.Errorf("decode %q: got %q, %v, want %q", tt.coded, got, err, tt.plain)
			}
		})
	}
}

func TestMailboxNameWrong(t *testing.T) {
	tests := []struct {
		name, coded string
		want        string // what it decodes to; "" for an error
	}{
		{"never closed", "a&APw", ""},
		{"ampersand at the end", "R&D&", ""},
		{"not base64", "&A!w-", ""},
		{"base64 of another alphabet", "&U/BTFw-", ""},
		{"padded", "&APw=-", ""},
		{"odd number of bytes", "&AA-", ""},
		{"one character", "&A-", ""},
		{"a line end in it", "&A\nPw-", ""},
		{"half a surrogate", "&2D0-", "\uFFFD"},
		{"ASCII coded", "&AGE-", "a"},
		{"UTF-8 as it is", "ü", "ü"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeMailbox(tt.coded)
			if got != tt.want || errors.Is(err, errUTF7) != (tt.want == "") {
				t.Errorf("%q: got %q, %v, want %q", tt.coded, got, err, tt.want)
			}
		})
	}
	t.Run("encode what is not UTF-8", func(t *testing.T) {
		if got := EncodeMailbox("a\xffb"); got != "a&,,0-b" {
			t.Errorf("got %q, want the replacement character", got)
		}
	})
}

func FuzzMailboxName(f *testing.F) {
	for _, s := range []string{"", "INBOX", "R&-D", "&U,BTFw-", "&ZeVnLIqe-x", "&APw", "台北", "a😀&-\t", "&2D0-", "&A\nPw-", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		coded := EncodeMailbox(s)
		for i := range len(coded) {
			if coded[i] < ' ' || coded[i] > '~' {
				t.Fatalf("encode %q: got %q, with a byte that is not printable ASCII", s, coded)
			}
		}
		if back, err := decodeMailbox(coded); err != nil || utf8.ValidString(s) && back != s {
			t.Errorf("%q: got %q, and back %q, %v", s, coded, back, err)
		}
		plain, err := decodeMailbox(s)
		if err != nil {
			return
		}
		if !strings.Contains(s, "&") && plain != s {
			t.Errorf("decode %q: got %q, want it as it is", s, plain)
		}
		if len(plain) > 3*len(s) {
			t.Errorf("decode %q: got %d bytes of %d", s, len(plain), len(s))
		}
		if again, err := decodeMailbox(EncodeMailbox(plain)); utf8.ValidString(plain) && (err != nil || again != plain) {
			t.Errorf("decode %q: got %q, and again %q, %v", s, plain, again, err)
		}
	})
}
