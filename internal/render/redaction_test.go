package render

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// secrets are of letters, of everything, and short.
var secrets = []string{"CorrectHorse2026Battery", `Sw0|"rd;'f<1s~h\Tail$9`, "k7q:zR2"}

// masking returns options that mask one secret.
func masking(s string) Options {
	set := &secret.Set{}
	set.Add(secret.New(s))
	return Options{Version: "1", Verbosity: 3, Transcript: true, Mask: set.Mask, MaskWords: set.MaskAll}
}

// letters returns the letters and digits of a text in lower case.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// leak returns what an output shows of a secret: all of it, or 8 characters in a row.
func leak(out, of string) string {
	out, of = letters(out), letters(of)
	n := min(8, len(of))
	for i := range len(of) - n + 1 {
		if strings.Contains(out, of[i:i+n]) {
			return of[i : i+n]
		}
	}
	return ""
}

// changing calls f with every character that a sanitiser of the package drops or
// changes, and with bytes that are not UTF-8.
func changing(f func(string)) (n int) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := string(r)
		if r == '\\' || Text("a"+s+"b") != "a"+s+"b" || Line("a"+s+"b") != "a"+s+"b" {
			f(s)
			n++
		}
	}
	for _, s := range []string{"\x80", "\xc3", "\xff", "\xe2\x82"} {
		f(s)
		n++
	}
	return n
}

// between puts a text between all characters of another.
func between(s, what string) string { return strings.Join(strings.Split(s, ""), what) }

func TestNoSecretThroughChangedCharacters(t *testing.T) {
	sanitisers := map[string]func(string) string{
		"Text": Text, "Line": Line, "Quote": Quote, "Plain": Plain, "Line of Quote": func(s string) string { return Line(Quote(s)) },
	}
	for _, of := range secrets {
		o := masking(of)
		n := changing(func(c string) {
			text := strings.ToUpper(between(of, c)) + " no " + of[:3] + c + of[3:]
			for name, safe := range sanitisers {
				if got := o.foreign(text, safe); leak(got, of) != "" {
					t.Fatalf("%s of %q with %q: got %q", name, of, c, got)
				}
			}
		})
		t.Logf("%q: %d characters", of, n)
	}
}

// echo is a report with a text in all places where foreign text can stand.
func echo(text string) *report.Report {
	foreign := report.Foreign(text)
	refused := &report.TokenRefused{Status: 400, Code: text, Description: text}
	r := failAt("login", &report.StepError{Err: fmt.Errorf("%w: %w", report.ErrToken, refused), Line: text, Said: []string{text, text + "!"},
		Reply: &report.Reply{Status: "NO", Code: strings.ToUpper(text), Arg: text, Text: text}})
	r.Steps[3].Detail = foreign
	r.Facts = append(r.Facts,
		report.Fact{Name: "greeting", Value: text}, report.Fact{Name: "capabilities", Value: strings.Fields(strings.ToUpper(text))},
		report.Fact{Name: "server_id", Value: []string{"name=" + text}}, report.Fact{Name: "certificate_subject", Value: "CN=" + text})
	r.Remarks = append(r.Remarks, report.Remark{Step: "login", Text: "the server says: " + foreign})
	r.Faults = append(r.Faults, &report.StepError{Step: "fetch", Err: errors.New(text)},
		&report.StepError{Step: "list", Err: fmt.Errorf("%w: %s is odd", report.ErrExpectation, foreign)},
		&report.StepError{Step: "list", Err: fmt.Errorf("%w: %s", report.ErrInternal, text)})
	r.Transcript = append(r.Transcript, report.Line{From: "S", Text: "* OK " + text}, report.Line{From: "S", Text: "* 1 FETCH {9}\n" + text + "\n)"})
	return r
}

// TestNoSecretInAnyPlace echoes secrets, changed in many ways, in all places at once,
// in all outputs.
func TestNoSecretInAnyPlace(t *testing.T) {
	for _, of := range secrets {
		o := masking(of)
		var texts []string
		i := 0
		changing(func(c string) {
			if i++; i < 50 || i%200 == 0 {
				texts = append(texts, between(of, c))
			}
		})
		texts = append(texts, of, of[:len(of)/2]+"\r\n "+of[len(of)/2:])
		for _, text := range texts {
			r := echo(text)
			v := judge.Judge(r, judge.Policy{})
			for name, out := range map[string][]byte{
				"nagios": Nagios(r, v, o), "json": JSON(r, v, o), "openmetrics": OpenMetrics(r, v, o), "file": TranscriptFile(r, o),
				"message":      Message(nil, finding("internal", report.Foreign(text), ""), o),
				"json message": JSONMessage(good(), finding("internal", report.Foreign(text), ""), o),
			} {
				if got := leak(string(out), of); got != "" {
					t.Fatalf("%s of %q echoed as %q shows %q:\n%s", name, of, text, got, out)
				}
			}
		}
	}
}

// TestOurWordsAreNotMasked has secrets that are words of the program, or the target.
func TestOurWordsAreNotMasked(t *testing.T) {
	plain := func(s string) string { return strings.ReplaceAll(s, "***", "") }
	for _, of := range []string{"login", "rejected", "INBOX", "imap.example.com", "monitor", "192.0.2.7", "LOGIN", "TLS 1.3", "advice", "read-only", "CRITICAL", "server said"} {
		t.Run(of, func(t *testing.T) {
			r := failAt("login", no("AUTHENTICATIONFAILED", "Computer says no."))
			r.Facts = append(r.Facts, report.Fact{Name: "access", Value: "read-only"})
			r.Transcript = nil
			v := judge.Judge(r, judge.Policy{})
			with, without := masking(of), Options{Version: "1", Verbosity: 3, Transcript: true}
			for name, f := range Formats() {
				if got, want := string(f.Report(r, v, with)), string(f.Report(r, v, without)); got != want || plain(got) != got {
					t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
				}
				alone := finding("config", "the words of a message that stands alone: "+of, "advice")
				if got, want := string(f.Message(r, alone, with)), string(f.Message(r, alone, without)); got != want {
					t.Errorf("%s, a message: got\n%s\nwant\n%s", name, got, want)
				}
			}
		})
	}
}

// TestBigTranscript prints a dialogue of 16 MiB. Only what is shown may cost time.
func TestBigTranscript(t *testing.T) {
	o := masking(secrets[0])
	r := good()
	for range 256 {
		r.Transcript = append(r.Transcript, report.Line{From: "S", Text: strings.Repeat("* OK (OK)", 1<<16/9)})
	}
	v := judge.Judge(r, judge.Policy{})
	began := time.Now()
	out := Nagios(r, v, o)
	took := time.Since(began)
	t.Logf("plugin output: %v, %d bytes", took, len(out))
	if len(out) > maxDiagnosis || !strings.Contains(string(out), "256 lines cut") {
		t.Errorf("got %d bytes, ending in %q", len(out), out[max(0, len(out)-100):])
	}
	began = time.Now()
	out = JSON(r, v, o)
	t.Logf("JSON: %v, %d bytes", time.Since(began), len(out))
	if len(out) > maxTranscript+maxTranscript/2 || !strings.Contains(string(out), "cut here after 1048576 bytes") {
		t.Errorf("got %d bytes of JSON without the mark of a cut", len(out))
	}
}
