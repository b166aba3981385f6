package render

import (
	"fmt"
	"slices"
	"strings"

	"check_imap_session/internal/report"
)

// Text of the program itself is printed as it is: a password that is also a word of
// ours, the host, the user or the mailbox changes nothing there. Foreign text is
// masked before it is made safe, while it still looks as it was sent, and again
// afterwards.

const (
	// maxForeign is how much of one foreign text is looked at, in bytes. No output
	// shows more.
	maxForeign = 64 << 10
	// maxQuoted is how much is looked at for a quotation of 200 runes.
	maxQuoted = 8 << 10
	// slack is what is masked behind the end, so that a secret which the end cuts is
	// found whole.
	slack = 8 << 10
	// maxWords is how many words of a list are shown.
	maxWords = 1000
)

// foreign returns text that others wrote, without secrets and made safe by safe.
func (o Options) foreign(s string, safe func(string) string) string {
	return o.upTo(s, maxForeign, safe)
}

// upTo is foreign for the first max bytes of s.
func (o Options) upTo(s string, max int, safe func(string) string) string {
	s = o.start(s, max)
	if made := safe(s); made != s {
		return o.mask(made)
	}
	return s
}

// start returns the first max bytes of s, masked.
func (o Options) start(s string, max int) string {
	long := len(s)-slack > max
	if long {
		s = s[:max+slack]
	}
	s = o.mask(s)
	if len(s) > max {
		s, long = strings.ToValidUTF8(s[:max], ""), true
	}
	if long {
		s += cutMark
	}
	return s
}

// ours returns text of the program, with foreign text in it masked, made safe.
func (o Options) ours(s string, safe func(string) string) string {
	return safe(report.MapForeign(s, func(theirs string) string { return o.foreign(theirs, visible) }))
}

// clean is ours for the lines of plugin output.
func (o Options) clean(s string) string { return o.ours(s, Text) }

// quote returns a server's words for plugin output.
func (o Options) quote(s string) string { return o.upTo(s, maxQuoted, Quote) }

func (o Options) mask(s string) string {
	if o.Mask == nil {
		return s
	}
	return o.Mask(s)
}

// words returns the words of a list that others sent, masked: all of them together,
// as a secret with a blank in it comes as several.
func (o Options) words(list []string) []string {
	more := len(list) - maxWords
	list = slices.Clone(list[:min(len(list), maxWords)])
	if o.MaskWords != nil {
		list = o.MaskWords(list)
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("... %d more", more))
	}
	return list
}

// ownFacts are the facts that hold words of the program, of its libraries' tables and
// numbers, but nothing that a server chose.
var ownFacts = []string{
	"access", "address", "addresses", "attempts", "certificate_expected_sha256", "certificate_first_end",
	"certificate_key", "certificate_not_after", "certificate_not_before", "certificate_sha256", "certificate_signature",
	"delivery_slowest_hop", "delivery_start", "internaldate", "login_next_try", "login_rejected_at", "mechanism",
	"tls_alpn", "tls_cipher_suite", "tls_key_exchange", "tls_ocsp_stapling", "tls_version", "token",
}

// plainName returns the name of a fact without the mailbox that it is about.
func plainName(f report.Fact) string {
	name, _, _ := strings.Cut(f.Name, "@")
	return name
}

// factName returns the name of a fact. The name of a mailbox in it may be foreign.
func (o Options) factName(f report.Fact, safe func(string) string) string {
	if f.Name == plainName(f) {
		return f.Name
	}
	return o.foreign(f.Name, safe)
}

// fact returns the value of a fact, made safe by safe: a string, a list of strings,
// or what is neither, as it is.
func (o Options) fact(f report.Fact, safe func(string) string) any {
	made := o.foreign
	own := slices.Contains(ownFacts, plainName(f))
	if own {
		made = o.ours
	}
	switch v := f.Value.(type) {
	case string:
		return made(v, safe)
	case []string:
		words := v
		if !own {
			words = o.words(v)
		}
		out := make([]string, len(words))
		for i, w := range words {
			out[i] = made(w, safe)
		}
		return out
	}
	return f.Value
}
