package render

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// TranscriptFile returns the dialogue for a file, as it was on the wire: a line a
// line, with offset and direction. See wire.Transcript for its bounds.
func TranscriptFile(r *report.Report, o Options) []byte {
	lines, more := o.transcript(r, math.MaxInt, Plain)
	if more > 0 {
		lines = append(lines, fmt.Sprintf("-- %s, %d more lines", noTime, more))
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// IsTranscript says whether a line is one of TranscriptFile.
func IsTranscript(line string) bool {
	at, mark, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
	_, err := strconv.ParseFloat(at, 64)
	return err == nil && len(mark) > 2 && slices.Contains([]string{"--", "C:", "S:"}, mark[:2])
}

// noTime is where a transcript ends for which there was no time left.
const noTime = "cut here: no time left"

// maxEntry is how much of one line of a transcript is looked at, in bytes.
const maxEntry = 128 << 10

// printsTranscript says that the transcript is part of the output.
func (o Options) printsTranscript() bool { return o.Transcript || o.Verbosity >= 3 }

// late says that no more may be printed of a transcript.
func (o Options) late() bool { return !o.Until.IsZero() && time.Now().After(o.Until) }

// transcript returns the lines of the dialogue that fill room bytes, and how many
// more there are. Only these are masked and made safe: a dialogue may have megabytes.
func (o Options) transcript(r *report.Report, room int, safe func(string) string) (lines []string, more int) {
	for _, l := range r.Transcript {
		if room < 0 || o.late() {
			more += 1 + strings.Count(l.Text, "\n")
			continue
		}
		mark := l.From + ":"
		if l.From == "-" {
			mark = "--"
		}
		for _, text := range o.transcriptText(l, room, safe) {
			line := fmt.Sprintf("%9.6f %s %s", l.At.Seconds(), mark, text)
			lines = append(lines, line)
			room -= len(line) + 1
		}
	}
	return lines, more
}

// transcriptText returns the lines of one entry, of which room bytes can be shown.
// What the client sent is ours: secrets were left out when it was written down. The
// server's words are masked before they are cut into lines, which may cut a secret.
func (o Options) transcriptText(l report.Line, room int, safe func(string) string) []string {
	text := l.Text
	if l.From == "S" {
		text = o.start(text, min(room, maxEntry))
	}
	lines := strings.Split(text, "\n")
	for i, s := range lines {
		made := safe(s)
		if l.From == "S" && made != s {
			made = o.mask(made)
		}
		lines[i] = made
	}
	return lines
}
