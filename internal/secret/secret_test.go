package secret

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"text/template"
)

const hunter = "hunter2 \"ö\""

// leaks returns the first notation of hunter found in s, or "".
func leaks(s string) string {
	for _, form := range []string{
		"hunter2", hunter, strconv.Quote(hunter), fmt.Sprint([]byte(hunter)), fmt.Sprintf("%#v", []byte(hunter)),
		hex.EncodeToString([]byte("hunter2")), strings.ToUpper(hex.EncodeToString([]byte("hunter2"))), "68 75 6e", "0x68, 0x75",
	} {
		if strings.Contains(s, form) {
			return form
		}
	}
	return ""
}

func TestLeaksSeesLeaks(t *testing.T) {
	for _, format := range []string{"%s", "%v", "%q", "%x", "%X", "% x", "%#v", "%d", "%+q"} {
		var arg any = hunter
		if format == "%d" {
			arg = []byte(hunter)
		}
		if s := fmt.Sprintf(format, arg); leaks(s) == "" {
			t.Errorf("leaks(%q): got none, want one", s)
		}
	}
}

func TestSecretPrintsStars(t *testing.T) {
	s := New(hunter)
	for verb := 'A'; verb <= 'z'; verb++ {
		if strings.ContainsRune("pTw[\\]^_`", verb) {
			continue // %p, %T and %w do not ask the value
		}
		for _, flags := range []string{"", "+", "#", "-40", "40", "020", ".3", " ", "[1]"} {
			format := "%" + flags + string(verb)
			for name, v := range map[string]any{"value": s, "pointer": &s, "zero": Secret{}} {
				if got := fmt.Sprintf(format, v); got != "***" {
					t.Errorf("Sprintf(%q, %s): got %q, want ***", format, name, got)
				}
			}
		}
	}
}

func TestNoVerbLeaks(t *testing.T) {
	type hidden struct{ s Secret }
	type config struct {
		User     string
		Password Secret
		hidden   hidden
		list     []Secret
		byName   map[string]Secret
		any      any
		pointer  *Secret
	}
	s := New(hunter)
	c := config{"fry", s, hidden{s}, []Secret{s}, map[string]Secret{"x": s}, s, &s}
	values := map[string]any{
		"secret": s, "pointer": &s, "struct": c, "pointer to struct": &c, "unexported field": hidden{s},
		"slice": []Secret{s}, "array": [1]Secret{s}, "map": map[string]Secret{"x": s}, "map key": map[Secret]int{s: 1},
		"interface": []any{s, &s, hidden{s}}, "error": &Error{"file x", errors.New("is empty")}, "masker": NewMasker(s), "masker value": *NewMasker(s),
	}
	for verb := rune(1); verb < 0x7f; verb++ {
		for _, flags := range []string{"", "+", "#", "-40", "020", ".3", " ", "# ", "+#"} {
			format := "%" + flags + string(verb)
			for name, v := range values {
				if got := fmt.Sprintf(format, v); leaks(got) != "" {
					t.Errorf("Sprintf(%q, %s): got %q with %s", format, name, got, leaks(got))
				}
			}
		}
	}
	if got := fmt.Errorf("login: %w", fmt.Errorf("%v %+v", s, c)).Error(); leaks(got) != "" {
		t.Errorf("error: got %q", got)
	}
}

func TestNoEncoderLeaks(t *testing.T) {
	type config struct {
		Password Secret `json:"password" xml:"password"`
		Ptr      *Secret
	}
	s := New(hunter)
	c := config{s, &s}
	tests := []struct {
		name   string
		encode func(*bytes.Buffer) error
		want   string // "" = an error will do
	}{
		{"json", func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(c) }, `"password":"***"`},
		{"json of a map key", func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(map[Secret]int{s: 1}) }, `{"***":1}`},
		{"xml", func(b *bytes.Buffer) error { return xml.NewEncoder(b).Encode(c) }, "<password>***</password>"},
		{"gob", func(b *bytes.Buffer) error { return gob.NewEncoder(b).Encode(c) }, ""},
		{"template", func(b *bytes.Buffer) error {
			return template.Must(template.New("").Parse("{{.Password}} {{.}}")).Execute(b, c)
		}, "*** "},
		{"slog text", func(b *bytes.Buffer) error {
			slog.New(slog.NewTextHandler(b, nil)).Info("x", "s", s, "c", c)
			return nil
		}, "s=***"},
		{"slog json", func(b *bytes.Buffer) error {
			slog.New(slog.NewJSONHandler(b, nil)).Info("x", "s", s, "c", c)
			return nil
		}, `"s":"***"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			err := tt.encode(&b)
			if tt.want != "" && err != nil {
				t.Fatal(err)
			}
			if got := b.String() + fmt.Sprint(err); leaks(got) != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q and no secret", got, tt.want)
			}
		})
	}
}

func TestReveal(t *testing.T) {
	tests := []struct {
		name string
		s    Secret
		want string
		zero bool
	}{
		{"zero value", Secret{}, "", true},
		{"empty", New(""), "", true},
		{"blank", New(" "), " ", false},
		{"text", New(hunter), hunter, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.s.Reveal(); got != tt.want || tt.s.IsZero() != tt.zero {
				t.Errorf("got %q, IsZero %v, want %q, %v", got, tt.s.IsZero(), tt.want, tt.zero)
			}
		})
	}
}
