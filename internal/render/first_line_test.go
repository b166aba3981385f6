package render

import (
	"strings"
	"testing"
)

// TestFirstLineOrder leaves out our advice before it cuts what the server says.
func TestFirstLineOrder(t *testing.T) {
	const cause, words, advice = "select failed", ", server said: prefixed with INBOX.", " - is -m spelled as in LIST?"
	long := strings.Repeat("word ", 20)
	for _, tt := range []struct {
		name                       string
		room                       int
		cause, words, advice, want string
	}{
		{"room for all", 100, cause, words, advice, cause + words + advice},
		{"exactly", len(cause + words + advice), cause, words, advice, cause + words + advice},
		{"no room for all of the advice", len(cause+words+advice) - 1, cause, words, advice, cause + words},
		{"words to the last", len(cause + words), cause, words, advice, cause + words},
		{"words cut", len(cause+words) - 1, cause, words, advice, cause + ", server said: prefixed with..."},
		{"no words", len(cause), cause, "", advice, cause},
		{"a long cause", 100, long + long, words, advice, strings.TrimSpace(long[:60]) + "..." + words},
		{"a long cause alone", 100, long + long, "", advice, long[:94] + "..."},
		{"long both", 120, long + long, long + long, advice, strings.TrimSpace(long[:55]) + "..." + strings.TrimSpace(long[:60]) + "..."},
		{"hardly room", 20, long, words, advice, strings.TrimSpace(long[:55]) + "..."},
	} {
		if got := firstLine(tt.room, tt.cause, tt.words, tt.advice); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWithoutTimes(t *testing.T) {
	for words, want := range map[string]string{
		"Mailbox doesn't exist: x (0.001 + 0.000 secs).":         "Mailbox doesn't exist: x",
		"Mailbox doesn't exist: x (0.001 + 0.000 + 0.002 secs).": "Mailbox doesn't exist: x",
		"a (0.001 + 0.000 secs). / b":                            "a / b",
		"a (2 secs)":                                             "a (2 secs)",
		"(0.001) secs":                                           "(0.001) secs",
	} {
		if got := withoutTimes(words); got != want {
			t.Errorf("%q: got %q, want %q", words, got, want)
		}
	}
}
