package wire

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"check_imap_session/internal/report"
)

// maxLines and maxBytes bound a transcript: that much from the start is kept, and
// a mark says where it was cut. All of it is rendered after the session, so it must
// not take long.
const (
	maxLines = 2000
	maxBytes = 1 << 20
)

// Transcript is the dialogue as a person may see it: what was secret or a
// mail's content when it went over the wire never gets into it. A nil
// *Transcript keeps nothing. It is safe for use by several goroutines.
type Transcript struct {
	Max int // bytes that are kept; 0 means maxBytes, which is the most

	content bool // what mails and lists of folders say is shown too
	start   time.Time

	mu     sync.Mutex // guards what follows
	lines  []report.Line
	bytes  int
	cut    bool
	secret bool
	mail   string    // tag of the command whose answer is inside a mail; "" for none
	rows   int       // rows of a list that are counted, not shown
	rowsAt time.Time // when the last of them came
	kind   string    // LIST, LSUB or XLIST
}

// NewTranscript returns a transcript whose times count from start. content also
// shows what mails and lists of folders say.
func NewTranscript(start time.Time, content bool) *Transcript {
	return &Transcript{content: content, start: start}
}

// Add adds a line: from is "C", "S" or "-".
func (t *Transcript) Add(from, text string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
	t.add(time.Now(), from, text)
}

// Secret says that an authentication begins or ends. In between, what the
// server asks (its challenges) is not shown either.
func (t *Transcript) Secret(on bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.secret = on
}

// Mail says that what comes may stand inside a mail, up to the reply with the tag;
// "" ends that.
func (t *Transcript) Mail(tag string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mail = tag
}

// Lines returns the lines so far.
func (t *Transcript) Lines() []report.Line {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
	return slices.Clone(t.lines)
}

func (t *Transcript) add(at time.Time, from, text string) {
	keep := func(from, text string) {
		t.lines = append(t.lines, report.Line{At: at.Sub(t.start), From: from, Text: text})
	}
	limit := min(cmp.Or(t.Max, maxBytes), maxBytes)
	t.bytes += len(text)
	switch {
	case t.cut:
	case t.bytes > limit:
		t.cut = true
		keep("-", fmt.Sprintf("cut here after %d bytes", limit))
	case len(t.lines) < maxLines:
		keep(from, text)
	case len(t.lines) == maxLines:
		keep("-", fmt.Sprintf("cut here after %d lines", maxLines))
	}
}

// server adds a response of the server.
func (t *Transcript) server(r *Response) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	words := r.Words(2)
	if t.hidesRow(r, words) {
		if t.rows > 0 && t.kind != words[0] {
			t.flush()
		}
		t.rows++
		t.kind, t.rowsAt = words[0], r.At
		return
	}
	t.flush()
	t.add(r.At, "S", t.shown(r, words))
}

// hidesRow says whether a response is a row of a list of folders that may not be shown.
func (t *Transcript) hidesRow(r *Response, words []string) bool {
	return r.Tag == "*" && !t.content && len(words) > 0 && slices.Contains([]string{"LIST", "LSUB", "XLIST"}, words[0])
}

// flush adds the line for rows that were only counted.
func (t *Transcript) flush() {
	if t.rows == 0 {
		return
	}
	plural := "s"
	if t.rows == 1 {
		plural = ""
	}
	t.add(t.rowsAt, "S", fmt.Sprintf("* %s (%d row%s)", t.kind, t.rows, plural))
	t.rows = 0
}

// shown returns a response as the transcript may show it.
func (t *Transcript) shown(r *Response, words []string) string {
	switch {
	case t.secret && !harmless(r, words):
		return r.Tag[:min(1, len(r.Tag))] + " [redacted]"
	case t.content:
		return withLiterals(r)
	case r.Tag == "*" && IsFetch(words):
		return fmt.Sprintf("* %s FETCH {%d bytes}", words[0], int64(len(r.Line))+r.LiteralBytes())
	}
	inMail := t.mail != "" && !strings.EqualFold(r.Tag, t.mail)
	if inMail || r.Tag != "*" && r.Tag != "+" && !isStatus(r) {
		// No line of IMAP, or one that may be the content of a mail whose literal was
		// announced too short.
		return fmt.Sprintf("{%d bytes}", len(r.Line))
	}
	return string(r.Line)
}

func isStatus(r *Response) bool {
	kind, _ := r.statusType()
	return kind != ""
}

// harmless says whether a response during an authentication is of a kind that
// carries nothing of the exchange: a status or the capabilities.
func harmless(r *Response, words []string) bool {
	if r.Tag == "+" { // a challenge, even if it begins with OK
		return false
	}
	return isStatus(r) || r.Tag == "*" && len(words) > 0 && words[0] == "CAPABILITY"
}

// withLiterals returns a response with its literals in place, line by line.
func withLiterals(r *Response) string {
	var b bytes.Buffer
	from := 0
	for _, l := range r.literals {
		b.Write(r.Line[from:l.end])
		b.WriteByte('\n')
		b.Write(l.data)
		if l.size > int64(len(l.data)) {
			fmt.Fprintf(&b, "... (%d bytes more)", l.size-int64(len(l.data)))
		}
		from = l.end
	}
	b.Write(r.Line[from:])
	return b.String()
}
