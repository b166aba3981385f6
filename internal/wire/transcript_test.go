package wire_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// lines writes a transcript without its times.
func lines(tr *wire.Transcript) []string {
	var out []string
	for _, e := range tr.Lines() {
		out = append(out, e.From+": "+e.Text)
	}
	return out
}

func TestTranscript(t *testing.T) {
	tests := []struct {
		name    string
		sent    string
		secret  bool // all of it comes within an authentication
		plain   []string
		content []string
	}{
		{"status", "* OK [X] hi\r\nT1 no done\r\n", false,
			[]string{"S: * OK [X] hi", "S: T1 no done"}, []string{"S: * OK [X] hi", "S: T1 no done"}},
		{"rows", "* LIST () \"/\" \"a\"\r\n* LIST () \"/\" {1}\r\nb\r\n* LSUB () \"/\" c\r\n* list () \"/\" d\r\nT1 OK\r\n", false,
			[]string{"S: * LIST (2 rows)", "S: * LSUB (1 row)", "S: * LIST (1 row)", "S: T1 OK"},
			[]string{`S: * LIST () "/" "a"`, "S: * LIST () \"/\" {1}\nb", `S: * LSUB () "/" c`, `S: * list () "/" d`, "S: T1 OK"}},
		{"rows at the end", "* XLIST () \"/\" a\r\n* XLIST () \"/\" b\r\n", false,
			[]string{"S: * XLIST (2 rows)"}, []string{`S: * XLIST () "/" a`, `S: * XLIST () "/" b`}},
		{"message", "* 7 FETCH (FLAGS (\\Seen) BODY[] {5}\r\nhello)\r\n* 8 fetch (ENVELOPE (NIL))\r\n", false,
			[]string{"S: * 7 FETCH {41 bytes}", "S: * 8 FETCH {26 bytes}"},
			[]string{"S: * 7 FETCH (FLAGS (\\Seen) BODY[] {5}\nhello)", "S: * 8 fetch (ENVELOPE (NIL))"}},
		{"literal cut", "* X {70000}\r\n" + strings.Repeat("x", 70000) + " y\r\n", false,
			[]string{"S: * X {70000} y"}, []string{"S: * X {70000}\n" + strings.Repeat("x", 64<<10) + "... (4464 bytes more) y"}},
		{"no IMAP", "Dear Alice,\r\n\r\n", false, []string{"S: {11 bytes}", "S: {0 bytes}"}, []string{"S: Dear Alice,", "S: "}},
		{"continuation", "+ go on\r\n", false, []string{"S: + go on"}, []string{"S: + go on"}},
		{"secret", "+ Zm9v\r\n* OK [X] hi\r\n* CAPABILITY A\r\n* 7 FETCH (x)\r\nhunter2\r\nT1 NO no\r\n", true,
			[]string{"S: + [redacted]", "S: * OK [X] hi", "S: * CAPABILITY A", "S: * [redacted]", "S: h [redacted]", "S: T1 NO no"},
			[]string{"S: + [redacted]", "S: * OK [X] hi", "S: * CAPABILITY A", "S: * [redacted]", "S: h [redacted]", "S: T1 NO no"}},
		{"secret challenge like a status", "+ OK aHVudGVyMg==\r\n", true, []string{"S: + [redacted]"}, []string{"S: + [redacted]"}},
	}
	for _, tt := range tests {
		for content, want := range map[bool][]string{false: tt.plain, true: tt.content} {
			t.Run(fmt.Sprintf("%s/content=%t", tt.name, content), func(t *testing.T) {
				tr := wire.NewTranscript(time.Now(), content)
				tr.Secret(tt.secret)
				if _, err := all(wire.New(&feed{pieces: []string{tt.sent}}, wire.Limits{}, tr)); err != nil {
					t.Fatal(err)
				}
				if got := lines(tr); !slices.Equal(got, want) {
					t.Errorf("%.80q:\n got %.300q\nwant %.300q", tt.sent, got, want)
				}
			})
		}
	}
}

// What was sent is shown as its sender says, content or not.
func TestTranscriptClient(t *testing.T) {
	tr := wire.NewTranscript(time.Now(), true)
	if err := wire.New(&feed{}, wire.Limits{}, tr).Send([]byte("T1 LOGIN alice hunter2\r\n"), "T1 LOGIN alice ***"); err != nil {
		t.Fatal(err)
	}
	if got, want := lines(tr), []string{"C: T1 LOGIN alice ***"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Rows that are counted are shown in their place and at the time of the last.
func TestTranscriptTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := wire.NewTranscript(time.Now(), false)
		c := speak(t, tr, event{time.Second, "* LIST () NIL a\r\n"}, event{time.Second, "* LIST () NIL b\r\n"})
		for range 2 {
			if _, err := c.Response(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		if err := c.Send([]byte("T2 NOOP\r\n"), "T2 NOOP"); err != nil {
			t.Fatal(err)
		}
		tr.Add("-", "a mark")
		want := []report.Line{
			{At: 2 * time.Second, From: "S", Text: "* LIST (2 rows)"},
			{At: 3 * time.Second, From: "C", Text: "T2 NOOP"},
			{At: 3 * time.Second, From: "-", Text: "a mark"},
		}
		if got := tr.Lines(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestTranscriptCut(t *testing.T) {
	tr := wire.NewTranscript(time.Now(), false)
	for i := range 3000 {
		tr.Add("C", fmt.Sprint("line ", i))
	}
	got := lines(tr)
	if len(got) != 2001 || got[0] != "C: line 0" || got[1999] != "C: line 1999" || got[2000] != "-: cut here after 2000 lines" {
		t.Errorf("got %d lines, the last %q", len(got), got[max(0, len(got)-2):])
	}
}

// TestTranscriptBytes wants a transcript of at most 1 MiB, or of less.
func TestTranscriptBytes(t *testing.T) {
	for most, want := range map[int]int{0: 1 << 20, 2 << 20: 1 << 20, 1 << 17: 1 << 17} {
		tr := wire.NewTranscript(time.Now(), false)
		tr.Max = most
		for range 20 {
			tr.Add("C", strings.Repeat("x", 1<<16))
		}
		got := lines(tr)
		if n := want>>16 + 1; len(got) != n || got[n-1] != fmt.Sprintf("-: cut here after %d bytes", want) {
			t.Errorf("at most %d: got %d lines, the last %.40q", most, len(got), got[len(got)-1])
		}
	}
}

func TestTranscriptNil(t *testing.T) {
	var tr *wire.Transcript
	tr.Add("C", "x")
	tr.Secret(true)
	if got := tr.Lines(); got != nil {
		t.Errorf("got %v, want none", got)
	}
}

func TestTranscriptConcurrent(t *testing.T) {
	tr := wire.NewTranscript(time.Now(), false)
	c := wire.New(&feed{pieces: []string{strings.Repeat("* LIST () NIL a\r\n* OK b\r\n", 100)}}, wire.Limits{}, tr)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 100 {
			tr.Add("-", "mark")
			tr.Secret(false)
			tr.Lines()
		}
	})
	if _, err := all(c); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if got := len(tr.Lines()); got != 300 {
		t.Errorf("got %d lines, want 300", got)
	}
}
