package client

import (
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

func TestIdentify(t *testing.T) {
	for _, tt := range []struct{ line, service, hint string }{
		{"+OK Microsoft Exchange IMAP4rev1 server ready", "an IMAP server that greets with +OK, as in Microsoft's article Q189326: RFC 9051 wants * OK", ""},
		{"+OK POP3 ready", "POP3", ""},
		{"-ERR busy", "POP3", ""},
		{"220 ftp.example.com FTP server", "FTP", ""},
		{"220 mail.example.com LMTP", "LMTP", ""},
		{"220 mail.example.com ESMTP", "SMTP", ""},
		{"421 mail.example.com SMTP too busy", "SMTP", ""},
		{"421 4.7.0 too busy", "SMTP", ""},
		{"554 mail.example.com ESMTP not here", "SMTP", ""},
		{"554 5.7.1 no", "SMTP", ""},
		{"421 too busy", "", ""},
		{"554 no", "", ""},
		{"http/1.1 400 Bad Request", "HTTP", ""},
		{"<html>", "HTTP", ""},
		{"SSH-2.0-OpenSSH_9.2", "SSH", ""},
		{`"IMPLEMENTATION" "Dovecot"`, "ManageSieve", ""},
		{`"SIEVE" "fileinto"`, "ManageSieve", ""},
		{"200 news", "NNTP", ""},
		{"201 news", "NNTP", ""},
		{"\x15\x03\x01\x00\x02", "TLS", "--tls=implicit"},
		{"\x16\x03\x01", "TLS", "--tls=implicit"},
		{"RFB 003.008", "VNC", ""},
		{"@RSYNCD: 31.0", "rsync", ""},
		{"\xff\xfd\x18", "Telnet", ""},
		{"hello", "", ""},
		{"", "", ""},
	} {
		want := report.NotIMAP{Service: tt.service, Hint: tt.hint}
		if got := *identify(tt.line); got != want {
			t.Errorf("%q: got %+v, want %+v", tt.line, got, want)
		}
	}
}

func TestPlainService(t *testing.T) {
	for _, tt := range []struct{ first, service, hint string }{
		{"* OK ", "IMAP without TLS", "--tls=starttls"},
		{"220 m", "SMTP without TLS", ""},
		{"hello", "a service without TLS", ""},
	} {
		want := report.NotIMAP{Service: tt.service, Hint: tt.hint, Said: tt.first}
		if got := *PlainService(tt.first); got != want {
			t.Errorf("%q: got %+v, want %+v", tt.first, got, want)
		}
	}
}

// FuzzIdentify holds that what a service says only decides which of our own words
// for it is taken.
func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"+OK POP3", "220 FTP", "421 4.7.0", "http/1.1", "\x16\x03\x01", "\xff\xfd", `"SIEVE"`, "* OK ", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		n := identify(line)
		known := n.Service == ""
		for _, sv := range services {
			known = known || n.Service == sv.service && n.Hint == sv.hint
		}
		if !known {
			t.Errorf("%q: got %+v", line, n)
		}
		if p := PlainService(line); !strings.HasSuffix(p.Service, " without TLS") || p.Said != line {
			t.Errorf("%q under TLS: got %+v", line, p)
		}
	})
}
