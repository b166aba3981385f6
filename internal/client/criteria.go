package client

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	imap "github.com/emersion/go-imap/v2"
)

// Criteria is what to search for: search keys of RFC 9051 section 6.4.4 as the
// user wrote them. The zero Criteria is every message.
type Criteria struct {
	text  string
	parts []criterion
	key   string // the first key that only WITHIN has (RFC 5032); "" for none
}

// criterion is a part of the criteria: text that goes over the wire as it is,
// or a string that has to go as a literal because it is not ASCII.
type criterion struct {
	text    string
	literal bool
}

// MaxCriteria is the most bytes that criteria may have: servers need not take longer lines than
// 8192 bytes (RFC 7162 section 4).
const MaxCriteria = 4000

// ParseCriteria reads search keys, and rejects input that could inject a second
// command or leave a string open. Strings that are not ASCII have to be quoted.
// {-7d} outside of quotes is the date seven days before now, in UTC.
func ParseCriteria(v string, now time.Time) (Criteria, error) {
	v = strings.TrimSpace(v)
	if v == "" {
		return Criteria{}, nil
	}
	switch {
	case len(v) > MaxCriteria:
		return Criteria{}, fmt.Errorf("longer than %d bytes", MaxCriteria)
	case !utf8.ValidString(v):
		return Criteria{}, errors.New("not in UTF-8")
	case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Criteria{}, errors.New("a control character, such as a line end, is not allowed in it")
	}
	c := Criteria{text: v}
	var plain []byte
	var words strings.Builder // the text outside quotes, with "" for each quoted string
	depth := 0
	for i := 0; i < len(v); {
		switch v[i] {
		case '{':
			date, n, err := relativeDate(v[:i], v[i:], now)
			if err != nil {
				return Criteria{}, err
			}
			plain = append(plain, date...)
			words.WriteString(date)
			i += n
			continue
		case '"':
			value, n, err := quotedString(v[i:])
			if err != nil {
				return Criteria{}, err
			}
			if isASCII(value) {
				plain = append(plain, v[i:i+n]...)
			} else {
				c.parts = append(c.parts, criterion{string(plain), false}, criterion{value, true})
				plain = nil
			}
			words.WriteString(`""`)
			i += n
			continue
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return Criteria{}, errors.New("a ) without its (")
			}
		}
		plain = append(plain, v[i])
		words.WriteByte(v[i])
		i++
	}
	if depth > 0 {
		return Criteria{}, errors.New("a ( without its )")
	}
	c.parts = append(c.parts, criterion{string(plain), false})
	return c, c.checkWords(words.String())
}

// maxDays is how far back a relative date may lie.
const maxDays = 36500

// relativeDate reads the {-7d} that s begins with, returns it as SEARCH has a date, and
// says how long it is. It stands by itself, behind a blank or a parenthesis. The server
// compares dates without time and zone, see RFC 9051 section 6.4.4.
func relativeDate(before, s string, now time.Time) (date string, n int, err error) {
	inside, after, closed := strings.Cut(s[1:], "}")
	number, unit := inside, 1
	for name, days := range map[string]int{"d": 1, "w": 7} {
		if rest, ok := strings.CutSuffix(inside, name); ok {
			number, unit = rest, days
		}
	}
	count, err := strconv.ParseUint(strings.TrimPrefix(number, "-"), 10, 16)
	switch {
	case !closed, err != nil, number == inside, !strings.HasPrefix(number, "-"):
		return "", 0, errors.New("{ stands only before a number of days or weeks, {-7d} or {-2w}: a literal cannot stand here, put the string in quotes")
	case before != "" && !strings.ContainsAny(before[len(before)-1:], " (") || after != "" && !strings.ContainsAny(after[:1], " )"):
		return "", 0, fmt.Errorf("{%s} has to stand by itself, as a date does", inside)
	case int(count)*unit > maxDays:
		return "", 0, fmt.Errorf("{%s} is more than 100 years ago", inside)
	}
	// See date-text in RFC 9051 section 9.
	return now.UTC().AddDate(0, 0, -int(count)*unit).Format("2-Jan-2006"), len(inside) + 2, nil
}

// checkWords looks at the text outside quotes.
func (c *Criteria) checkWords(text string) error {
	if !isASCII(text) {
		return errors.New("text that is not ASCII must be in double quotes")
	}
	words := strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return strings.ContainsRune(" ()", r) })
	if len(words) > 0 && (words[0] == "RETURN" || words[0] == "CHARSET") {
		return fmt.Errorf("%s is added by the check where it is needed: give the search keys only", words[0])
	}
	for i, w := range words {
		if (w == "OLDER" || w == "YOUNGER") && i+1 < len(words) && strings.Trim(words[i+1], "0123456789") == "" && c.key == "" {
			c.key = w
		}
	}
	return nil
}

// quotedString reads the quoted string that s begins with, and says how long it
// is with its quotes. See RFC 9051 section 9, quoted.
func quotedString(s string) (value string, n int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), i + 1, nil
		case '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", 0, errors.New(`in quotes, \ is allowed only before " and \`)
			}
		}
		b.WriteByte(s[i])
	}
	return "", 0, errors.New("a quote that is not closed")
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

// String returns the criteria as they were given.
func (c Criteria) String() string { return c.text }

// NeedsWithin returns the first search key that needs the capability WITHIN, OLDER or
// YOUNGER; "" when there is none. See RFC 5032.
func (c Criteria) NeedsWithin() string { return c.key }

// unicode says whether a string of the criteria is not ASCII, so that the
// server has to be told the character set.
func (c Criteria) unicode() bool { return len(c.parts) > 1 }

// appendTo adds the criteria to a SEARCH: set limits it to some messages, nil
// for all.
func (c Criteria) appendTo(cmd *command, set imap.SeqSet) *command {
	if c.unicode() {
		cmd.text(" CHARSET UTF-8")
	}
	if len(set) > 0 {
		cmd.text(" " + set.String())
	}
	if len(c.parts) == 0 {
		return cmd.text(" ALL")
	}
	cmd.text(" ")
	for _, p := range c.parts {
		if p.literal {
			cmd.literal(p.text, p.text)
		} else {
			cmd.text(p.text)
		}
	}
	return cmd
}

// Typed returns the criteria as a person types them behind SEARCH.
func (c Criteria) Typed() string {
	if len(c.parts) == 0 {
		return "ALL"
	}
	text := ""
	if c.unicode() {
		text = "CHARSET UTF-8 "
	}
	for _, p := range c.parts {
		if p.literal {
			text += Quote(p.text)
		} else {
			text += p.text
		}
	}
	return text
}

// Flagged returns the criteria of messages with a system flag: their search keys
// are their names. See RFC 9051 section 6.4.4.
func Flagged(flag imap.Flag) Criteria {
	key := strings.ToUpper(strings.TrimPrefix(string(flag), `\`))
	return Criteria{parts: []criterion{{key, false}}}
}

// HeaderCriteria returns the criteria of messages with a header field of that
// value.
func HeaderCriteria(name, value string) Criteria {
	c := Criteria{parts: []criterion{{"HEADER " + Quote(name) + " ", false}}}
	if quotable(value) {
		c.parts[0].text += Quote(value)
		return c
	}
	c.parts = append(c.parts, criterion{value, true})
	return c
}
