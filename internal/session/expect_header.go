package session

import (
	"mime"
	"regexp"
	"slices"
	"strings"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// Header is a header field that the fetched message is to have.
type Header struct {
	Name    string
	Pattern *regexp.Regexp // matches the field's value, encoded or decoded; never nil
}

// headerNames returns the names of the fields that are asked for, as FETCH takes them:
// those of the way of the message, and the expected ones.
func (c *Config) headerNames() []string {
	var names []string
	if c.MeasuresDelivery() {
		names = append(names, traceFields...)
	}
	for _, h := range c.Expect.Headers {
		name := h.Name
		if strings.ContainsAny(name, `(){%*"\]`) { // not an astring, RFC 9051 section 9
			name = client.Quote(name)
		}
		if !slices.Contains(names, strings.ToUpper(name)) { // a second time changes nothing
			names = append(names, name)
		}
	}
	return names
}

// expectHeaders looks at the fields that the answer brought. A fault does not
// show the value: it is content of a mail.
func expectHeaders(rec *Recorder, expected []Header, got *client.FetchData) {
	for _, h := range expected {
		values := headerValues(got.Header, h.Name)
		matched := false
		for _, v := range values {
			matched = matched || h.Pattern.MatchString(v) || h.Pattern.MatchString(decodeWords(v))
		}
		switch {
		case matched:
		case len(values) == 0 && len(got.Header) >= client.MaxHeader:
			rec.Fault(report.ErrExpectation, "message %d has no header field %s in the first %d bytes of what the server sent",
				got.Number, h.Name, client.MaxHeader)
		case len(values) == 0:
			rec.Fault(report.ErrExpectation, "message %d has no header field %s", got.Number, h.Name)
		default:
			rec.Fault(report.ErrExpectation, "the header field %s of message %d does not match %s", h.Name, got.Number, h.Pattern)
		}
	}
}

// headerValues returns the values of the fields of that name, unfolded. See
// RFC 5322 section 2.2.3.
func headerValues(text, name string) []string {
	var values []string
	ours := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			ours = false
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if ours {
				values[len(values)-1] += line
			}
			continue
		}
		field, value, found := strings.Cut(line, ":")
		if ours = found && strings.EqualFold(strings.TrimSpace(field), name); ours {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// decodeWords decodes the encoded words of RFC 2047, as far as their character
// set is known.
func decodeWords(v string) string {
	decoded, err := new(mime.WordDecoder).DecodeHeader(v)
	if err != nil {
		return v
	}
	return decoded
}
