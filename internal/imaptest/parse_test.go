package imaptest

import "testing"

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"unknown", "greet\n\n  bogus now", `script line 3: "bogus now": unknown instruction "bogus"`},
		{"lower case s", "s: x", `script line 1: "s: x": unknown instruction "s:"`},
		{"no quotes", "raw x", `script line 1: "raw x": raw wants one quoted Go string`},
		{"two strings", `raw "x" "y"`, `script line 1: "raw \"x\" \"y\"": raw wants one quoted Go string`},
		{"no pattern", "C:", `script line 1: "C:": a pattern is missing; * matches any line`},
		{"tag glued", "C: {tag}LOGIN", `script line 1: "C: {tag}LOGIN": {tag} goes first, then a blank and the pattern`},
		{"tag late", "C: x {tag}", `script line 1: "C: x {tag}": {tag} goes first, then a blank and the pattern`},
		{"repeat nothing", "repeat 3", `script line 1: "repeat 3": want S: text or raw "go string"`},
		{"repeat how often", "repeat S: x", `script line 1: "repeat S: x": repeat wants a number from 1 first`},
		{"repeat C", "repeat 2 C: x", `script line 1: "repeat 2 C: x": want S: text or raw "go string"`},
		{"below nothing", "below", `script line 1: "below": raw wants one quoted Go string`},
		{"wait", "wait 3", `script line 1: "wait 3": "3" is not a duration such as 300ms`},
		{"wait backwards", "wait -3s", `script line 1: "wait -3s": "-3s" is not a duration such as 300ms`},
		{"chunk", "chunk x", `script line 1: "chunk x": chunk wants a number of bytes, or 0`},
		{"chunk nothing", "chunk", `script line 1: "chunk": want chunk N [PAUSE]`},
		{"chunk pause", "chunk 1 x", `script line 1: "chunk 1 x": "x" is not a duration such as 300ms`},
		{"delay", "delay LOGIN", `script line 1: "delay LOGIN": want delay VERB DURATION`},
		{"forever", "forever x S: y", `script line 1: "forever x S: y": "x" is not a duration such as 300ms`},
		{"close now", "close now", `script line 1: "close now": close takes no argument`},
		{"after close", "close\nS: x", `script line 2: "S: x": nothing can follow "close"`},
		{"after serve", "serve\nclose", `script line 2: "close": nothing can follow "serve"`},
		{"after forever", "forever S: x\ncut", `script line 2: "cut": nothing can follow "forever S: x"`},
		{"good", "serve login\n hold ", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.script)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Parse(%q):\ngot  %s\nwant %s", tt.script, got, tt.want)
			}
		})
	}
}

func TestMissingTLS(t *testing.T) {
	tests := []struct {
		name, script string
		o            Options
		want         string
	}{
		{"tls", "greet\ntls", Options{}, `script line 2: "tls": no such TLS configuration in Options`},
		{"named", "tls old", Options{}, `script line 1: "tls old": no such TLS configuration in Options`},
		{"implicit", "greet", Options{ImplicitTLS: true}, "implicit TLS without Options.TLS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Listen(tt.script, tt.o)
			if err == nil || err.Error() != tt.want {
				t.Errorf("Listen: got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"noop", "noop", true},
		{"noop", "noop ", false},
		{"*", "", true},
		{"login *", "login a b", true},
		{"login *", "login", false},
		{"*b", "aab", true},
		{"ab*ba", "aba", false},
		{"ab*ba", "abba", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c", false},
		{`list "" "*"`, `list "" "*"`, true},
		{"a[b]?", "a[b]?", true},
		{"a[b]?", "abx", false},
		{"**", "x", true},
	}
	for _, tt := range tests {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q): got %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}
