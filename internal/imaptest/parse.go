package imaptest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Script is a parsed script. It holds no state of a connection, so one Script
// may run on many at the same time.
type Script struct {
	steps []step
}

// step is one instruction.
type step struct {
	line int
	text string
	run  func(*talk) error
	// last: no instruction may follow, and run has closed the connection.
	last bool
	// tls says that the instruction needs a TLS configuration, by this name
	// (empty: the default one).
	tls     bool
	tlsName string
}

// Parse reads a script. An error names the line, by number and text.
func Parse(script string) (*Script, error) {
	s := &Script{}
	n := 0
	for text := range strings.Lines(script) {
		n++
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		st, err := parseStep(text)
		if err == nil && len(s.steps) > 0 && s.steps[len(s.steps)-1].last {
			err = fmt.Errorf("nothing can follow %q", s.steps[len(s.steps)-1].text)
		}
		if err != nil {
			return nil, fmt.Errorf("script line %d: %q: %w", n, text, err)
		}
		st.line, st.text = n, text
		s.steps = append(s.steps, st)
	}
	return s, nil
}

// check says whether the options have every TLS configuration that is needed.
func (s *Script) check(o Options) error {
	if o.ImplicitTLS && o.TLS == nil {
		return errors.New("implicit TLS without Options.TLS")
	}
	for _, st := range s.steps {
		if st.tls && o.config(st.tlsName) == nil {
			return fmt.Errorf("script line %d: %q: no such TLS configuration in Options", st.line, st.text)
		}
	}
	return nil
}

func parseStep(text string) (step, error) {
	word, args, _ := strings.Cut(text, " ")
	args = strings.TrimSpace(args)
	if rest, ok := strings.CutPrefix(text, "C:"); ok {
		return parseExpect(strings.TrimSpace(rest))
	}
	if strings.HasPrefix(text, "S:") || word == "raw" {
		t, err := parseSend(text)
		return step{run: func(c *talk) error { return c.sendTemplate(t) }}, err
	}
	switch word {
	case "below":
		t, err := parseSend("raw " + args)
		return step{run: func(c *talk) error { return c.sendBelow(t) }}, err
	case "repeat":
		return parseRepeat(args)
	case "forever":
		return parseForever(args)
	case "greet":
		return step{run: func(c *talk) error { return c.greet(args) }}, nil
	case "wait":
		d, err := parseDuration(args)
		return step{run: func(c *talk) error { return c.wait(d) }}, err
	case "chunk":
		return parseChunk(args)
	case "tls":
		return step{tls: true, tlsName: args, run: func(c *talk) error {
			return c.handshake(c.o.config(args))
		}}, nil
	case "serve":
		verbs := strings.Fields(strings.ToUpper(args))
		return step{last: len(verbs) == 0, run: func(c *talk) error { return c.serve(verbs) }}, nil
	case "delay":
		return parseDelay(args)
	}
	ends := map[string]func(*talk) error{
		"close":  (*talk).close,
		"cut":    (*talk).cut,
		"reset":  (*talk).reset,
		"hold":   (*talk).hold,
		"freeze": (*talk).freeze,
	}
	run, ok := ends[word]
	if !ok {
		return step{}, fmt.Errorf("unknown instruction %q", word)
	}
	if args != "" {
		return step{}, fmt.Errorf("%s takes no argument", word)
	}
	return step{last: true, run: run}, nil
}

func parseExpect(pattern string) (step, error) {
	rest, tagged := strings.CutPrefix(pattern, "{tag}")
	if tagged && !strings.HasPrefix(rest, " ") || strings.Contains(rest, "{tag}") {
		return step{}, errors.New("{tag} goes first, then a blank and the pattern")
	}
	if !tagged && pattern == "" {
		return step{}, errors.New("a pattern is missing; * matches any line")
	}
	return step{run: func(c *talk) error { return c.expect(strings.TrimLeft(rest, " "), tagged) }}, nil
}

// parseSend reads "S: text" or "raw "go string"" into the bytes to send, with
// {tag} and {i} still in them.
func parseSend(s string) (string, error) {
	if text, ok := strings.CutPrefix(s, "S:"); ok {
		return strings.TrimSpace(text) + "\r\n", nil
	}
	quoted, ok := strings.CutPrefix(s, "raw ")
	if !ok {
		return "", errors.New(`want S: text or raw "go string"`)
	}
	t, err := strconv.Unquote(strings.TrimSpace(quoted))
	if err != nil {
		return "", errors.New("raw wants one quoted Go string")
	}
	return t, nil
}

func parseRepeat(args string) (step, error) {
	count, rest, _ := strings.Cut(args, " ")
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return step{}, errors.New("repeat wants a number from 1 first")
	}
	t, err := parseSend(strings.TrimSpace(rest))
	return step{run: func(c *talk) error { return c.repeat(n, t) }}, err
}

func parseForever(args string) (step, error) {
	var pause time.Duration
	if word, rest, _ := strings.Cut(args, " "); word != "S:" && word != "raw" {
		d, err := parseDuration(word)
		if err != nil {
			return step{}, err
		}
		pause, args = d, strings.TrimSpace(rest)
	}
	t, err := parseSend(args)
	return step{last: true, run: func(c *talk) error { return c.forever(pause, t) }}, err
}

func parseChunk(args string) (step, error) {
	f := strings.Fields(args)
	if len(f) < 1 || len(f) > 2 {
		return step{}, errors.New("want chunk N [PAUSE]")
	}
	n, err := strconv.Atoi(f[0])
	if err != nil || n < 0 {
		return step{}, errors.New("chunk wants a number of bytes, or 0")
	}
	var pause time.Duration
	if len(f) == 2 {
		if pause, err = parseDuration(f[1]); err != nil {
			return step{}, err
		}
	}
	return step{run: func(c *talk) error { c.chunk, c.pause = n, pause; return nil }}, nil
}

func parseDelay(args string) (step, error) {
	f := strings.Fields(args)
	if len(f) != 2 {
		return step{}, errors.New("want delay VERB DURATION")
	}
	d, err := parseDuration(f[1])
	verb := strings.ToUpper(f[0])
	return step{run: func(c *talk) error { c.delays[verb] = d; return nil }}, err
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 300ms", s)
	}
	return d, nil
}

// glob reports whether s matches pattern, in which * is any run of characters.
func glob(pattern, s string) bool {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`).MatchString(s)
}
