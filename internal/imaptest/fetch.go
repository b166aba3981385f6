package imaptest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mail is the message that every number stands for.
type mail struct {
	received time.Time
	header   string // with the empty line that ends it
	body     string
}

func newMail() mail {
	at := time.Now().UTC().Add(-10 * time.Minute).Truncate(time.Second)
	header := []string{
		"Date: " + at.Format(time.RFC1123Z),
		"From: Monitor <monitor@example.com>",
		"To: Probe <probe@example.com>",
		"Subject: probe message",
		"Message-ID: <probe@example.com>",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=us-ascii",
	}
	return mail{
		received: at,
		header:   strings.Join(header, "\r\n") + "\r\n\r\n",
		body:     "This message is here to be fetched.\r\n",
	}
}

// fetchRows answer FETCH and UID FETCH with one row for each message of the
// set, with every item asked for. See RFC 9051 section 6.4.5.
func (t *talk) fetchRows(cmd command) ([]string, error) {
	set, items, ok := strings.Cut(cmd.args, " ")
	if !ok {
		return nil, errors.New("FETCH without items")
	}
	byUID := cmd.sub != ""
	numbers, err := numbersOf(set, byUID)
	if err != nil {
		return nil, err
	}
	names := fetchItems(items)
	if byUID {
		names = append([]string{"UID"}, names...)
	}
	m := newMail()
	var rows []string
	for _, seq := range numbers {
		row, err := m.row(names, seq)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if byUID && t.added.header != "" && slices.Contains(strings.Split(set, ","), strconv.Itoa(firstUID+messages)) {
		row, err := t.added.row(names, messages+1)
		return append(rows, row), err
	}
	return rows, nil
}

// row is the answer for one message.
func (m mail) row(names []string, seq int) (string, error) {
	var answers []string
	seen := map[string]bool{}
	for _, name := range names {
		if seen[strings.ToUpper(name)] {
			continue
		}
		seen[strings.ToUpper(name)] = true
		a, err := m.item(name, seq)
		if err != nil {
			return "", err
		}
		answers = append(answers, a)
	}
	return fmt.Sprintf("%d FETCH (%s)", seq, strings.Join(answers, " ")), nil
}

// numbersOf are the sequence numbers of a set, ranges of it included.
func numbersOf(set string, byUID bool) ([]int, error) {
	offset := 0
	if byUID {
		offset = firstUID - 1
	}
	number := func(s string) (int, error) {
		if s == "*" {
			return messages, nil
		}
		n, err := strconv.Atoi(s)
		return n - offset, err
	}
	var numbers []int
	for part := range strings.SplitSeq(set, ",") {
		from, to, ranged := strings.Cut(part, ":")
		if !ranged {
			to = from
		}
		a, errA := number(from)
		b, errB := number(to)
		if errA != nil || errB != nil {
			return nil, fmt.Errorf("invalid message set %q", set)
		}
		a, b = min(a, b), max(a, b)
		if (a < 1 || b > messages) && !byUID { // RFC 9051 section 6.4.9: no such UID is no error
			return nil, errors.New("invalid message set")
		}
		for n := max(a, 1); n <= min(b, messages); n++ {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

var fetchItem = regexp.MustCompile(`[^\s()\[\]]+(\[[^\]]*\])?(<[\d.]+>)?`)

// fetchItems splits the items, of which a BODY[HEADER.FIELDS (From)] is one.
func fetchItems(s string) []string {
	switch strings.ToUpper(s) {
	case "ALL":
		s = "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"
	case "FAST":
		s = "FLAGS INTERNALDATE RFC822.SIZE"
	case "FULL":
		s = "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY"
	}
	return fetchItem.FindAllString(s, -1)
}

// item is the name and the value of one item.
func (m mail) item(name string, seq int) (string, error) {
	name = strings.ToUpper(name)
	if strings.HasPrefix(name, "BODY[") || strings.HasPrefix(name, "BODY.PEEK[") {
		return m.part(name)
	}
	structure := fmt.Sprintf(`("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" %d 1)`, len(m.body))
	values := map[string]string{
		"FLAGS":         `(\Seen)`,
		"INTERNALDATE":  `"` + m.received.Format("_2-Jan-2006 15:04:05 -0700") + `"`,
		"RFC822.SIZE":   strconv.Itoa(len(m.header + m.body)),
		"UID":           strconv.Itoa(seq + firstUID - 1),
		"MODSEQ":        "(1)",
		"ENVELOPE":      m.envelope(),
		"BODY":          structure,
		"BODYSTRUCTURE": structure,
		"RFC822":        bytesOf(m.header + m.body),
		"RFC822.HEADER": bytesOf(m.header),
		"RFC822.TEXT":   bytesOf(m.body),
	}
	v, ok := values[name]
	if !ok {
		return "", fmt.Errorf("unknown FETCH item %s", name)
	}
	return name + " " + v, nil
}

func (m mail) envelope() string {
	from := `(("Monitor" NIL "monitor" "example.com"))`
	to := `(("Probe" NIL "probe" "example.com"))`
	return fmt.Sprintf(`(%q "probe message" %s %s %s %s NIL NIL NIL "<probe@example.com>")`,
		m.received.Format(time.RFC1123Z), from, from, from, to)
}

// part is the value of BODY[section]<offset.count>. See RFC 9051 section
// 6.4.5.1; the answer names the offset only.
func (m mail) part(name string) (string, error) {
	section := name[strings.Index(name, "[")+1 : strings.Index(name, "]")]
	partial := strings.Trim(name[strings.Index(name, "]")+1:], "<>")
	var s string
	switch word, rest, _ := strings.Cut(section, " "); word {
	case "":
		s = m.header + m.body
	case "HEADER":
		s = m.header
	case "HEADER.FIELDS", "HEADER.FIELDS.NOT":
		s = m.fields(strings.Fields(strings.Trim(rest, "()")), word == "HEADER.FIELDS")
	case "TEXT", "1":
		s = m.body
	default:
		return "BODY[" + section + "] NIL", nil
	}
	if partial == "" {
		return "BODY[" + section + "] " + bytesOf(s), nil
	}
	from, count, _ := strings.Cut(partial, ".")
	offset, err := strconv.Atoi(from)
	n, err2 := strconv.Atoi(count)
	if err != nil || err2 != nil || n == 0 {
		return "", fmt.Errorf("invalid partial <%s>", partial)
	}
	s = s[min(offset, len(s)):]
	s = s[:min(n, len(s))]
	return fmt.Sprintf("BODY[%s]<%d> %s", section, offset, bytesOf(s)), nil
}

// fields are the header fields with these names, or those without.
func (m mail) fields(names []string, with bool) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(m.header, "\r\n")) {
		name, _, _ := strings.Cut(line, ":")
		named := slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(strings.Trim(n, `"`), name) })
		if named == with {
			b.WriteString(line)
		}
	}
	return b.String() + "\r\n"
}

// bytesOf is a literal.
func bytesOf(s string) string { return fmt.Sprintf("{%d}\r\n%s", len(s), s) }
