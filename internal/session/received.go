package session

import (
	"strings"
	"time"
	"unicode"
)

// hop is what a Received header field says: a host took the message from another
// one. See RFC 5321 section 4.4.
type hop struct {
	by string    // the host that wrote it; "" when it names none
	at time.Time // in UTC, whole seconds; zero when there is none that can be read
}

// maxHopName is the longest name of a host, in bytes (RFC 5321 section 4.5.3.1.2).
const maxHopName = 255

// parseReceived reads the value of a Received field, unfolded. Whoever sent the
// message may have written it: it never fails, and what it cannot read is left out.
func parseReceived(v string) hop {
	plain := withoutComments(v)
	var h hop
	// The last semicolon outside of comments is in front of the date (RFC 5322
	// section 3.6.7). Where comments are broken, it is the last one of all.
	for _, text := range []string{plain, v} {
		if i := strings.LastIndexByte(text, ';'); i >= 0 && h.at.IsZero() {
			h.at = parseMailDate(text[i+1:])
		}
	}
	stamp, _, _ := strings.Cut(plain, ";")
	words := strings.Fields(stamp)
	for i, w := range words {
		if i+1 < len(words) && strings.EqualFold(w, "by") {
			h.by = hostName(words[i+1])
			break
		}
	}
	return h
}

// hostName returns a name of a host or an address literal, "" for what is neither: a
// mail must not put sentences of its own into the output.
func hostName(w string) string {
	odd := func(r rune) bool {
		return r == unicode.ReplacementChar || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:[]", r)
	}
	if len(w) > maxHopName || strings.ContainsFunc(w, odd) {
		return ""
	}
	return w
}

// withoutComments replaces comments by a blank. They nest, and a backslash takes the
// meaning from the next byte (RFC 5322 section 3.2.2). A parenthesis that nothing
// closes begins no comment.
func withoutComments(v string) string {
	if !strings.ContainsRune(v, '(') {
		return v
	}
	var out []byte
	var open []int // lengths of out where comments begin
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && len(open) > 0 && i+1 < len(v):
			out = append(out, c, v[i+1])
			i++
		case c == ')' && len(open) > 0:
			out = append(out[:open[len(open)-1]], ' ')
			open = open[:len(open)-1]
		case c == '(':
			open = append(open, len(out))
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// mailDateForms are the ways dates are written in mails: that of RFC 5322 section 3.3,
// those of section 4.3 with two digits of a year, and that of asctime.
var mailDateForms = []string{
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04 -0700",
	"2-Jan-2006 15:04:05 -0700", "Jan 2 15:04:05 2006 -0700", "Jan 2 15:04:05 -0700 2006",
}

// zones are the names of RFC 5322 section 4.3, and two that are common.
var zones = map[string]string{
	"UT": "+0000", "GMT": "+0000", "UTC": "+0000", "Z": "+0000",
	"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}

// maxMailDate is the longest date that is looked at, in bytes.
const maxMailDate = 100

// parseMailDate reads the date of a mail. The result is zero for what is not a date, and
// for a date whose zone is not known.
func parseMailDate(v string) time.Time {
	v = withoutComments(v)
	if day, rest, found := strings.Cut(v, ","); found && isDay(day) {
		v = rest
	}
	words := strings.Fields(v)
	if len(words) > 0 && isDay(words[0]) {
		words = words[1:]
	}
	if len(words) > maxMailDate/2 {
		return time.Time{}
	}
	for i, w := range words {
		if offset, named := zones[strings.ToUpper(w)]; named {
			words[i] = offset
		} else if strings.HasSuffix(w, ":60") { // a leap second, which package time does not have
			words[i] = strings.TrimSuffix(w, "60") + "59"
		}
	}
	text := strings.Join(words, " ")
	if len(text) > maxMailDate {
		return time.Time{}
	}
	for _, form := range mailDateForms {
		// In UTC, as time.Parse would read the file of the local zone for nothing.
		if t, err := time.ParseInLocation(form, text, time.UTC); err == nil {
			return t.UTC().Truncate(time.Second)
		}
	}
	return time.Time{}
}

// isDay says whether a word is a day of the week.
func isDay(w string) bool {
	w = strings.ToLower(strings.TrimSpace(w))
	return len(w) >= 3 && strings.Contains(" sun mon tue wed thu fri sat ", " "+w[:3]+" ")
}
