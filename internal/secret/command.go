package secret

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxStderr is how much of the end of stderr is looked at, in bytes, and
	// stderrSlack how much is kept before it, so that a secret is masked whole before
	// its beginning is cut off.
	maxStderr   = 4096
	stderrSlack = 4096
	// maxStderrLine is how much of its last line an error shows, in runes.
	maxStderrLine = 200
	// drain is how long to wait for the output after the command has ended or was
	// killed: a child of it may still hold the pipe. It is less than the 100 ms in
	// which the plugin must answer after its deadline.
	drain = 50 * time.Millisecond
)

var errTooMuch = errors.New("printed more than 64 KiB")

// FromCommand runs a command and takes the first line it prints as the secret, as
// FromFile does. known are secrets that the command may have from elsewhere, its
// environment for example; nil means none.
//
// The command line is split into words as a POSIX shell does it: blanks part words;
// single quotes keep everything; double quotes keep everything but a backslash
// before `"`, `\`, `$` or a backtick; elsewhere a backslash keeps the next
// character, so a Windows path needs quotes. No shell sees it: there are no
// variables, pipes, redirections and wildcards (for those: `sh -c '...'`). See
// POSIX.1-2024, Shell Command Language, section 2.2.
//
// The command gets this process's environment and directory, an empty stdin, and on
// Unix its own process group. When ctx ends or it prints more than 64 KiB, the
// group is killed, with all children that did not leave it; elsewhere only the
// command is. FromCommand returns at most 50 ms after the command has ended or
// was killed, also when a child still holds its output. When the process is killed
// meanwhile, the command is too on Linux, but not its children; elsewhere it survives.
//
// Errors are of type *Error: a command line that cannot be split, a program that
// cannot be started, an *exec.ExitError (text: the exit status and the last line of
// stderr, at most 200 runes, with known secrets and all that was printed on stdout
// masked), more than 64 KiB,
// the cause of ctx, ErrEmpty, ErrNUL.
func FromCommand(ctx context.Context, cmdline string, known *Set) (Secret, error) {
	words, err := splitWords(cmdline)
	if err != nil {
		return Secret{}, &Error{"command", err}
	}
	source := "command " + words[0]

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stdout := &head{full: func() { cancel(errTooMuch) }}
	stderr := &tail{}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = drain
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }

	// Linux kills the command when the thread ends that has started it. The goroutine
	// keeps this thread until the command has ended.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return Secret{}, &Error{source, fmt.Errorf("start: %w", cause(err))}
	}
	err = cmd.Wait()
	if err != nil {
		_ = killGroup(cmd) // children that outlived the command
	}
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil:
		s, err := firstLine(stdout.text)
		if err != nil {
			return Secret{}, &Error{source, err}
		}
		return s, nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
		if !errors.Is(err, errTooMuch) {
			err = fmt.Errorf("stopped before it was done: %w", err)
		}
	}
	if line := stderr.lastLine(stdout.text, known); line != "" {
		err = fmt.Errorf("%w: %s", err, line)
	}
	return Secret{}, &Error{source, err}
}

// splitWords returns the words of a command line, at least one. It fails on an open
// quote, a backslash at the end, no word, and `NAME=value program`, where the value
// may be a secret: the name of a program is shown, this is not.
func splitWords(s string) ([]string, error) {
	var words []string
	var word []byte
	inWord, quote := false, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'':
			if i++; i == len(s) {
				return nil, errors.New("ends with a backslash")
			}
			if quote == '"' && !strings.ContainsRune("\"\\$`", rune(s[i])) {
				word = append(word, '\\')
			}
			word = append(word, s[i])
			inWord = true
		case quote != 0:
			word = append(word, c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = word[:0], false
		case signs[c] != "" && (c != '~' || !inWord):
			return nil, fmt.Errorf("no shell runs the command, so (%s) is passed on as a word: write sh -c with the command in quotes", signs[c])
		default:
			word = append(word, c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("has a %c without its end", quote)
	}
	if inWord {
		words = append(words, string(word))
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("is empty")
	}
	if name, _, set := strings.Cut(words[0], "="); set && !strings.ContainsAny(name, `/\`) {
		return nil, errors.New("begins with a variable, but no shell runs it: begin with env, or with sh -c")
	}
	return words, nil
}

// signs are what only a shell acts on, by their names: the output cannot hold them.
var signs = map[byte]string{
	'|': "bar", '<': "less-than", '>': "greater-than", '$': "dollar", ';': "semicolon", '&': "ampersand", '~': "tilde", '`': "backtick",
}

// head keeps the first maxSource bytes and calls full when more come.
type head struct {
	text []byte
	full func()
}

func (h *head) Write(p []byte) (int, error) {
	if room := maxSource - len(h.text); len(p) > room {
		h.text = append(h.text, p[:room]...)
		h.full()
		return room, errTooMuch
	}
	h.text = append(h.text, p...)
	return len(p), nil
}

// tail keeps the last maxStderr bytes and what is needed to mask them.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - maxStderr - stderrSlack; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// lastLine returns the last line with something in it, cut at maxStderrLine runes.
// It has no known secrets in it and nothing that the command printed on stdout, which
// may be the secret: with `set -x` a script shows both.
func (t *tail) lastLine(stdout []byte, known *Set) string {
	text := string(t.text)
	var printed []Secret
	for l := range strings.Lines(string(stdout)) {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		if len(l) < minForm && strings.Contains(text, l) {
			return "" // too short to mask
		}
		printed = append(printed, New(l))
	}
	text = known.Mask(NewMasker(printed...).Replace(text))
	text = strings.TrimSpace(strings.ToValidUTF8(text[max(len(text)-maxStderr, 0):], "\ufffd"))
	line := strings.TrimSpace(text[strings.LastIndexAny(text, "\r\n")+1:])
	if utf8.RuneCountInString(line) <= maxStderrLine {
		return line
	}
	const mark = "..."
	return string([]rune(line)[:maxStderrLine-len(mark)]) + mark
}
