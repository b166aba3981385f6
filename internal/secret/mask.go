package secret

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// minForm is the shortest text that is masked, in bytes. Masking every "a" or "db"
// would destroy the text and give the secret away by what is missing.
const minForm = 4

// Masker replaces secrets by `***` in text that others wrote: server answers, the
// errors of libraries, transcripts. The zero value and nil mask nothing.
//
// It is a second belt. It does not know what a text means, so it finds a secret
// only in a form that it knows, and where the secret is also an everyday word it
// masks that word: do not run it over performance data. Run it before the text is
// sanitised or cut; afterwards the secret may be there in part, or changed.
//
// A Masker prints no secrets and is safe for concurrent use.
type Masker struct {
	forms []form
}

// form is one way in which a secret may be written.
type form struct {
	text Secret
	// before and after say that the neighbouring base64 character holds bits of the
	// secret too, beside bits of what stands next to it.
	before, after bool
}

// NewMasker returns a Masker for secrets; zero Secrets are left out. It knows these
// forms of each:
//
//   - as it is; escaped for an IMAP quoted string (RFC 9051 section 4.3), for JSON,
//     for a Go string, for HTML; percent-encoded;
//   - in base64 (RFC 4648 sections 4 and 5, padded or not), alone or anywhere in
//     a longer text: SASL PLAIN, XOAUTH2 and OAUTHBEARER, HTTP Basic. All characters
//     that hold bits of the secret are masked, the rest stays readable.
//
// Forms of less than 4 bytes are not masked; in base64 inside a longer text it is
// the characters wholly determined by the secret that count. So a secret of one to
// three bytes shows, except in base64 by itself. Leaving out what is known to be
// a secret, where it is known, is the first belt.
func NewMasker(secrets ...Secret) *Masker {
	m := &Masker{}
	for _, s := range secrets {
		if s.IsZero() {
			continue
		}
		raw := s.Reveal()
		texts := append(escaped(raw), base64.StdEncoding.EncodeToString([]byte(raw)), base64.URLEncoding.EncodeToString([]byte(raw)))
		for _, t := range texts {
			m.add(form{text: New(t)})
		}
		m.addBase64(raw)
		// A client secret is form-encoded before it goes into HTTP Basic.
		// See RFC 6749 section 2.3.1.
		if !plain(raw) {
			m.addBase64(url.QueryEscape(raw))
		}
	}
	return m
}

// Replace returns s with every occurrence of a secret replaced by `***`; where
// occurrences overlap or touch they become one.
func (m *Masker) Replace(s string) string {
	if m == nil {
		return s
	}
	type span struct{ from, to int }
	var found []span
	for _, f := range m.forms {
		text := f.text.Reveal()
		for at := 0; ; {
			i := strings.Index(s[at:], text)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(text)
			at = from + 1
			if f.before && from > 0 && isBase64(s[from-1]) {
				from--
			}
			if f.after {
				if to < len(s) && isBase64(s[to]) {
					to++
				}
				for to < len(s) && s[to] == '=' {
					to++
				}
			}
			found = append(found, span{from, to})
		}
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	done := 0
	for i, f := range found {
		if i == 0 || f.from > done {
			b.WriteString(s[done:f.from])
			b.WriteString(stars)
		}
		done = max(done, f.to)
	}
	b.WriteString(s[done:])
	return b.String()
}

func (m *Masker) add(f form) {
	known := func(o form) bool {
		return o.text.Reveal() == f.text.Reveal() && o.before == f.before && o.after == f.after
	}
	if len(f.text.Reveal()) >= minForm && !slices.ContainsFunc(m.forms, known) {
		m.forms = append(m.forms, f)
	}
}

// plain says whether a text looks the same in every notation: letters and digits do.
func plain(raw string) bool {
	return !strings.ContainsFunc(raw, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// addBase64 adds the base64 characters that raw alone determines, for each of the
// three places it can have among the groups of three bytes.
func (m *Masker) addBase64(raw string) {
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for lead := range 3 {
			text := enc.EncodeToString(append(make([]byte, lead), raw...))
			first := (lead*8 + 5) / 6
			last := (lead + len(raw)) * 8 / 6
			if first < last {
				m.add(form{New(text[first:last]), lead > 0, (lead+len(raw))%3 != 0})
			}
		}
	}
}

// escaped returns raw as it is and in the forms of other notations.
func escaped(raw string) []string {
	if plain(raw) {
		return []string{raw}
	}
	forms := []string{
		raw,
		strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(raw),
		inner(strconv.Quote(raw)),
		inner(strconv.QuoteToASCII(raw)),
		html.EscapeString(raw),
	}
	for _, escapeHTML := range []bool{true, false} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escapeHTML)
		if e.Encode(raw) == nil {
			text := inner(strings.TrimSpace(b.String()))
			forms = append(forms, text, strings.ReplaceAll(text, "/", `\/`))
		}
	}
	query := url.QueryEscape(raw)
	for _, text := range []string{query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(raw)} {
		forms = append(forms, text, lowerHex(text))
	}
	return forms
}

// inner returns s without its first and last byte, the quotes.
func inner(s string) string { return s[1 : len(s)-1] }

// lowerHex turns the %2F of a percent-encoded text into %2f.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// isBase64 covers both alphabets.
func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("+/-_", c) >= 0
}
