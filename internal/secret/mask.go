package secret

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

const (
	// minForm is the shortest text that is masked, in bytes. Masking every "a" or "db"
	// would destroy the text and give the secret away by what is missing.
	minForm = 4
	// minRun is how many characters in a row a text may not share with a secret.
	minRun = 8
)

// Masker replaces secrets by `***` in text that others wrote: server answers, the
// errors of libraries, transcripts. The zero value and nil mask nothing.
//
// It is a second belt; the first is that secrets are not put into text. It compares
// characters and does not understand the text. Where a secret is also an everyday
// word it masks that word, so use it for foreign text only.
//
// A Masker prints no secrets and is safe for concurrent use.
type Masker struct {
	literal []Secret // found byte by byte
	finders []*finder
}

// NewMasker returns a Masker for secrets; zero Secrets are left out. It finds each
// secret, and every run of 8 or more characters of it,
//
//   - in upper and lower case;
//   - with any of the characters in between that the sanitiser of the output drops or
//     changes, line ends and other white space included;
//   - wholly or partly percent-encoded, or escaped for an IMAP quoted string (RFC 9051
//     section 4.3), for JSON, Go, C or HTML;
//   - in Latin-1 and UTF-16, and in hex;
//   - in base64 (RFC 4648 sections 4 and 5, padded or not), alone or anywhere in
//     a longer text: SASL PLAIN, XOAUTH2 and OAUTHBEARER, HTTP Basic. All characters
//     that hold bits of the secret are masked, the rest stays readable.
//
// A secret of less than 8 characters is found as a whole only. Forms of less than 4
// bytes are not masked, so a secret of one to three bytes shows, except in base64 by
// itself.
func NewMasker(secrets ...Secret) *Masker {
	m := &Masker{}
	exact, visible, words, b64 := newFinder(exactRune), newFinder(visibleRune), newFinder(wordRune), newFinder(base64Rune)
	for _, s := range secrets {
		raw := s.Reveal()
		if raw == "" {
			continue
		}
		if len(raw) < minForm {
			m.literal = append(m.literal, New(base64.StdEncoding.EncodeToString([]byte(raw))), New(base64.URLEncoding.EncodeToString([]byte(raw))))
			continue
		}
		m.literal = append(m.literal, s)
		words.add(hex.EncodeToString([]byte(raw)), edges{})
		if len(visible.runes(raw)) < len(exact.runes(raw)) {
			exact.add(raw, edges{})
		}
		addWords(visible, words, raw)
		for _, text := range encodings(raw) {
			m.literal = append(m.literal, New(text))
			visible.add(text, edges{})
		}
		addBase64(b64, raw)
		// A client secret is form-encoded before it goes into HTTP Basic.
		// See RFC 6749 section 2.3.1.
		if query := url.QueryEscape(raw); query != raw {
			addBase64(b64, query)
		}
	}
	for _, f := range []*finder{exact, visible, words, b64} {
		if f.seal() {
			m.finders = append(m.finders, f)
		}
	}
	return m
}

// addWords adds a text as its letters and digits and, where it has other characters,
// with those. One that is mostly other characters has too few letters to be told by
// them.
func addWords(visible, words *finder, text string) {
	all, letters := visible.runes(text), words.runes(text)
	if len(letters) < len(all) {
		visible.add(text, edges{})
	}
	if 2*len(letters) >= len(all) {
		words.add(text, edges{})
	}
}

// encodings returns raw in Latin-1 and UTF-16. Of a text in ASCII these have the
// same letters as UTF-8: only NUL bytes, which are skipped, stand between them.
func encodings(raw string) []string {
	runes := []rune(raw)
	if !slices.ContainsFunc(runes, func(r rune) bool { return r >= 0x80 }) {
		return nil
	}
	var latin, big, little []byte
	for _, r := range runes {
		latin = append(latin, byte(r))
	}
	for _, u := range utf16.Encode(runes) {
		big = append(big, byte(u>>8), byte(u))
		little = append(little, byte(u), byte(u>>8))
	}
	out := []string{string(big), string(little)}
	if slices.Max(runes) < 0x100 {
		out = append(out, string(latin))
	}
	return out
}

// addBase64 adds the base64 of raw, and the characters that raw alone determines for
// each of the three places it can have among the groups of three bytes.
func addBase64(f *finder, raw string) {
	f.add(base64.RawStdEncoding.EncodeToString([]byte(raw)), edges{padded: true})
	for lead := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, lead), raw...))
		first, last := (lead*8+5)/6, (lead+len(raw))*8/6
		if first < last {
			f.add(text[first:last], edges{before: lead > 0, after: (lead+len(raw))%3 != 0})
		}
	}
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// Replace returns s with every occurrence of a secret replaced by `***`; where
// occurrences overlap or touch they become one.
func (m *Masker) Replace(s string) string {
	return cut(s, 0, m.find(s))
}

// ReplaceAll is Replace for the words of one text that was taken apart at blanks:
// a secret with a blank in it is found too.
func (m *Masker) ReplaceAll(words []string) []string {
	found := m.find(strings.Join(words, " "))
	out := slices.Clone(words)
	at := 0
	for i, w := range words {
		out[i] = cut(w, at, found)
		at += len(w) + len(" ")
	}
	return out
}

// cut returns a word with `***` for what was found in it. The word begins at a place of
// the text that was searched.
func cut(word string, at int, found []span) string {
	var b strings.Builder
	done := 0 // bytes of word
	for _, f := range found {
		from, to := max(f.from-at, done), min(f.to-at, len(word))
		if from >= to {
			continue
		}
		if from > done || done == 0 {
			b.WriteString(word[done:from])
			b.WriteString(stars)
		}
		done = to
	}
	if done == 0 {
		return word
	}
	b.WriteString(word[done:])
	return b.String()
}

// find returns where secrets stand in s, in the order of their beginnings; nowhere when
// m is nil.
func (m *Masker) find(s string) []span {
	if m == nil {
		return nil
	}
	var found []span
	for _, l := range m.literal {
		text := l.Reveal()
		for at := 0; ; {
			i := strings.Index(s[at:], text)
			if i < 0 {
				break
			}
			found = append(found, span{at + i, at + i + len(text)})
			at += i + 1
		}
	}
	escaped := hasEscape(s)
	for _, f := range m.finders {
		found = f.find(s, false, found)
		if escaped {
			found = f.find(s, true, found)
		}
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return found
}
