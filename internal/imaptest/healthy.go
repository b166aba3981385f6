package imaptest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The mailbox of the healthy server.
const (
	messages  = 42
	firstUID  = 1001
	maxUpload = 1 << 20 // bytes of a client's literal
)

// command is one command of a client, with its literals put in as quoted
// strings.
type command struct {
	tag  string
	verb string // in upper case
	sub  string // the second word after UID, else empty
	args string // after verb and sub
}

func (c command) is(verbs ...string) bool {
	return slices.Contains(verbs, c.verb) || c.sub != "" && slices.Contains(verbs, c.sub)
}

// serve answers until one of verbs, or until LOGOUT is answered.
func (t *talk) serve(verbs []string) error {
	for {
		cmd, err := t.command()
		if err != nil {
			return err
		}
		if cmd.is(verbs...) {
			return nil
		}
		for _, verb := range []string{cmd.verb, cmd.sub} {
			if err := t.wait(t.delays[verb]); err != nil {
				return err
			}
		}
		if err := t.answer(cmd); err != nil {
			return err
		}
		if cmd.verb == "LOGOUT" {
			t.over = true
			return t.close()
		}
	}
}

// literalEnd is the end of a line that a literal follows.
var literalEnd = regexp.MustCompile(`\{(\d+)(\+?)\}$`)

// command reads one command. Its literals are asked for where the client waits
// for that. See RFC 9051 section 4.3 and RFC 7888.
func (t *talk) command() (command, error) {
	text, err := t.line()
	for err == nil {
		m := literalEnd.FindStringSubmatch(text)
		if m == nil {
			break
		}
		n, _ := strconv.Atoi(m[1])
		if n > maxUpload {
			return command{}, &Mismatch{Got: fmt.Sprintf("got a literal of %s bytes", m[1])}
		}
		if m[2] == "" {
			if err := t.send("+ go on\r\n"); err != nil {
				return command{}, err
			}
		}
		var data, rest string
		if data, rest, err = t.literal(n); err == nil {
			text = strings.TrimSuffix(text, m[0]) + quote(data) + rest
		}
	}
	if err != nil {
		return command{}, err
	}
	tag, rest, _ := strings.Cut(text, " ")
	verb, args, _ := strings.Cut(rest, " ")
	if tag == "" || verb == "" {
		return command{}, &Mismatch{Got: fmt.Sprintf("got %q, which is no tag and command", text)}
	}
	cmd := command{tag: tag, verb: strings.ToUpper(verb), args: args}
	if cmd.verb == "UID" {
		cmd.sub, cmd.args, _ = strings.Cut(args, " ")
		cmd.sub = strings.ToUpper(cmd.sub)
	}
	t.tag = tag
	return cmd, nil
}

// literal reads n bytes and the line after them, and records both as one.
func (t *talk) literal(n int) (data, rest string, err error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(t.r, b); err != nil {
		return "", "", err
	}
	s, err := t.r.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	rest = strings.TrimRight(s, "\r\n")
	t.o.Record.add(string(b) + rest)
	return string(b), rest, nil
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// answer sends the whole answer to one command.
func (t *talk) answer(cmd command) error {
	switch cmd.verb {
	case "AUTHENTICATE":
		return t.authenticate(cmd)
	case "STARTTLS":
		if t.o.TLS == nil {
			return t.send(cmd.tag + " NO TLS is not available\r\n")
		}
		if err := t.send(cmd.tag + " OK begin TLS negotiation now\r\n"); err != nil {
			return err
		}
		return t.handshake(t.o.TLS)
	case "IDLE":
		if err := t.send("+ idling\r\n"); err != nil {
			return err
		}
		if err := t.expect("DONE", false); err != nil {
			return err
		}
	}
	rows, code, err := t.rows(cmd)
	if err != nil {
		return t.send(cmd.tag + " BAD " + err.Error() + "\r\n")
	}
	var b strings.Builder
	for _, row := range rows {
		b.WriteString("* " + row + "\r\n")
	}
	name := strings.TrimSpace(cmd.verb + " " + cmd.sub)
	b.WriteString(cmd.tag + " OK " + code + name + " completed\r\n")
	return t.send(b.String())
}

// rows are the untagged answers to a command, and the response code of its OK.
// An error makes it BAD.
func (t *talk) rows(cmd command) (rows []string, code string, err error) {
	mailbox, _, _ := strings.Cut(cmd.args, " ")
	quota := `QUOTA "User quota" (STORAGE 512 1024)`
	switch cmd.verb + cmd.sub {
	case "LOGIN", "NOOP", "CHECK", "CLOSE", "UNSELECT", "IDLE":
	case "CAPABILITY":
		rows = []string{"CAPABILITY " + t.capabilities()}
	case "ENABLE":
		rows = []string{"ENABLED"}
	case "ID":
		rows = []string{`ID ("name" "imaptest")`}
	case "NAMESPACE":
		rows = []string{`NAMESPACE (("" "/")) NIL NIL`}
	case "LIST", "LSUB":
		rows = listRows(cmd)
	case "SELECT":
		rows, code = selectRows(`\*`), "[READ-WRITE] "
	case "EXAMINE":
		rows, code = selectRows(""), "[READ-ONLY] "
	case "STATUS":
		rows, err = statusRows(cmd.args)
	case "SEARCH", "UIDSEARCH":
		rows = t.searchRows(cmd)
	case "FETCH", "UIDFETCH":
		rows, err = t.fetchRows(cmd)
	case "APPEND":
		if err = t.add(cmd.args); err == nil {
			rows, code = []string{fmt.Sprintf("%d EXISTS", messages+1)}, fmt.Sprintf("[APPENDUID 1 %d] ", firstUID+messages)
		}
	case "UIDSTORE":
	case "UIDEXPUNGE":
		if t.added.header != "" {
			rows, t.added = []string{fmt.Sprintf("%d EXPUNGE", messages+1)}, mail{}
		}
	case "GETQUOTA":
		rows = []string{quota}
	case "GETQUOTAROOT":
		rows = []string{"QUOTAROOT " + mailbox + ` "User quota"`, quota}
	case "MYRIGHTS":
		rows = []string{"MYRIGHTS " + mailbox + " lrswipkxtea"}
	case "LOGOUT":
		rows = []string{"BYE logging out"}
	default:
		err = errors.New("unknown command")
	}
	return rows, code, err
}

// authenticate goes through the challenges of a mechanism and lets everybody
// in. An initial response answers the first. See RFC 9051 section 6.2.2 and
// RFC 4959.
func (t *talk) authenticate(cmd command) error {
	mechanism, initial, _ := strings.Cut(cmd.args, " ")
	challenges, ok := map[string][]string{
		"PLAIN":       {""},
		"EXTERNAL":    {""},
		"XOAUTH2":     {""},
		"OAUTHBEARER": {""},
		"LOGIN":       {"Username:", "Password:"},
		"CRAM-MD5":    {"<1.2@imaptest>"},
	}[strings.ToUpper(mechanism)]
	if !ok {
		return t.send(cmd.tag + " NO mechanism is not supported\r\n")
	}
	if initial != "" {
		challenges = challenges[1:]
	}
	for _, c := range challenges {
		if err := t.send("+ " + base64.StdEncoding.EncodeToString([]byte(c)) + "\r\n"); err != nil {
			return err
		}
		line, err := t.line()
		if err != nil {
			return err
		}
		if line == "*" {
			return t.send(cmd.tag + " BAD AUTHENTICATE cancelled\r\n")
		}
	}
	return t.send(cmd.tag + " OK AUTHENTICATE completed\r\n")
}
