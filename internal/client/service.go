package client

import (
	"cmp"
	"strings"

	"check_imap_session/internal/report"
)

// services are the first bytes by which other services are known.
var services = []struct{ prefix, contains, service, hint string }{
	{"+OK", "IMAP", "an IMAP server that greets with +OK, as in Microsoft's article Q189326: RFC 9051 wants * OK", ""},
	{"+OK", "", "POP3", ""},
	{"-ERR", "", "POP3", ""},
	{"220", "FTP", "FTP", ""},
	{"220", "LMTP", "LMTP", ""},
	{"220", "", "SMTP", ""},
	{"421", "SMTP", "SMTP", ""},
	{"421 4.", "", "SMTP", ""}, // an enhanced status code, RFC 3463
	{"554", "SMTP", "SMTP", ""},
	{"554 5.", "", "SMTP", ""},
	{"HTTP/", "", "HTTP", ""},
	{"<", "", "HTTP", ""},
	{"SSH-", "", "SSH", ""},
	{`"IMPLEMENTATION"`, "", "ManageSieve", ""},
	{`"`, "SIEVE", "ManageSieve", ""},
	{"200 ", "", "NNTP", ""},
	{"201 ", "", "NNTP", ""},
	{"\x15\x03", "", "TLS", "--tls=implicit"},
	{"\x16\x03", "", "TLS", "--tls=implicit"},
	{"RFB ", "", "VNC", ""},
	{"@RSYNCD", "", "rsync", ""},
	{"\xff", "", "Telnet", ""},
}

// identify names the service that begins with line.
func identify(line string) *report.NotIMAP {
	upper := strings.ToUpper(line) // which puts U+FFFD for what is not UTF-8
	for _, sv := range services {
		begins := strings.HasPrefix(line, sv.prefix) || strings.HasPrefix(upper, sv.prefix)
		if begins && strings.Contains(upper, sv.contains) {
			return &report.NotIMAP{Service: sv.service, Hint: sv.hint}
		}
	}
	return &report.NotIMAP{}
}

// PlainService names what answered a TLS handshake in plain text; first is all
// of it that is known, five bytes.
func PlainService(first string) *report.NotIMAP {
	if strings.HasPrefix(first, "* ") {
		return &report.NotIMAP{Service: "IMAP without TLS", Hint: "--tls=starttls", Said: first}
	}
	n := identify(first)
	n.Service = cmp.Or(n.Service, "a service") + " without TLS"
	n.Said = first
	return n
}
