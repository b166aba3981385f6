package session

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseReceived(t *testing.T) {
	const at = "2026-11-25T15:44:12Z"
	for value, want := range map[string]string{ // want is the host and RFC 3339
		"from a.example by b.example; Wed, 25 Nov 2026 15:44:12 +0000":                                   "b.example " + at,
		"from a (a [192.0.2.7]) by b (Postfix) with ESMTPS id 4X; Wed, 25 Nov 2026 16:44:12 +0100 (CET)": "b " + at,
		"by 2002:a05:6a10:8a44 with SMTP id x; Wed, 25 Nov 2026 07:44:12 -0800 (PST)":                    "2002:a05:6a10:8a44 " + at,
		"(qmail 1234 invoked by uid 0); 25 Nov 2026 15:44:12 -0000":                                      " " + at,
		"from unknown (HELO x) (192.0.2.7)  by b with SMTP; 25 Nov 26 15:44:12 GMT":                      "b " + at,
		"from a (a (b) \\) by c; d) by [IPv6:2001:db8::7]; Wed,25 Nov 2026 10:44:12 EST":                 "[IPv6:2001:db8::7] " + at,
		"from a BY\tb (envelope-from <x(y@z>);\twed , 25 nov 2026 15:44:12 UT":                           "b " + at,
		"from a by b; Wed Nov 25 15:44:12 2026 +0000":                                                    "b " + at,
		"from a by b; Wed, 25 Nov 2026 15:44:12 +0000 (UTC; set by NTP)":                                 "b " + at,
		"from a by b; Wed, 25 Nov 2026 15:44:12 +0000 (broken; comment":                                  "b ",
		"from a by b with LMTP by c; Wed, 25 Nov 2026 15:44:12 +0000":                                    "b " + at,
		"from a \\(x; y) by b; Wed, 25 Nov 2026 15:44:12 +0000":                                          "b " + at,
		"from a by b id 1;2; Wed, 25 Nov 2026 15:44:12.987 Z":                                            "b " + at,
		"from a by b; Wed, 25 Nov 2026 15:44 +0000":                                                      "b 2026-11-25T15:44:00Z",
		"from a by b; Thu, 31 Dec 2026 23:59:60 +0000":                                                   "b 2026-12-31T23:59:59Z",
		"from a by b; Wed, 25 Nov 2026 15:44:12":                                                         "b ",
		"from a by b; Wed, 25 Nov 2026 15:44:12 XYZ":                                                     "b ",
		"from a by b; Wed, 32 Nov 2026 15:44:12 +0000":                                                   "b ",
		"from a by b Wed, 25 Nov 2026 15:44:12 +0000":                                                    "b ",
		"from a by pay|now; Wed, 25 Nov 2026 15:44:12 +0000":                                             " " + at,
		"from a by " + strings.Repeat("x", 256) + "; Wed, 25 Nov 2026 15:44:12 +0000":                    " " + at,
		"from a by " + strings.Repeat("x", 255) + "; Wed, 25 Nov 2026 15:44:12 +0000":                    strings.Repeat("x", 255) + " " + at,
		"from a by m\u00fcller.example; Wed, 25 Nov 2026 15:44:12 +0000":                                 "m\u00fcller.example " + at,
		"from a by": " ", "by": " ", ";": " ", "": " ", "((((": " ", "))))": " ", "by b": "b ", "; " + strings.Repeat("25 ", 200): " ",
	} {
		h := parseReceived(value)
		got := h.by + " "
		if !h.at.IsZero() {
			got += h.at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

// FuzzParseReceived reads what anybody may have written: nothing but the name of a
// host and a moment in UTC comes out.
func FuzzParseReceived(f *testing.F) {
	for _, s := range []string{
		"from a (a [192.0.2.7]) by b (Postfix) with ESMTPS id 4X; Wed, 25 Nov 2026 16:44:12 +0100 (CET)",
		"(qmail 1 invoked by uid 0); 25 Nov 26 15:44:12 -0000", "by b; Wed Nov 25 15:44:12 2026 GMT", "((\\(;(", "by \xff; 31 Dec 2026 23:59:60 Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := parseReceived(s)
		if len(h.by) > maxHopName || !utf8.ValidString(h.by) || strings.ContainsAny(h.by, " |;<>()\"'`\r\n\t\x00") {
			t.Errorf("%q: host %q", s, h.by)
		}
		if h.at.Location() != time.UTC || !h.at.Equal(h.at.Truncate(time.Second)) {
			t.Errorf("%q: time %v", s, h.at)
		}
		if plain := withoutComments(s); len(plain) > len(s) {
			t.Errorf("%q: %q without comments", s, plain)
		}
	})
}
