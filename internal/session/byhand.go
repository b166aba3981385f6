package session

import (
	"slices"
	"strings"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/secret"
)

// Hand says what a step does and how a person does the same. In what is typed,
// PASSWORD, TOKEN and SECRET stand for secrets, and N for a number that only the
// server knows.
type Hand struct {
	Does    string   // in words, beside what is typed; "" when that says it all
	Shell   string   // the command for a shell, for a step outside of the conversation; "" otherwise
	Types   []Typed  // what the step types into the conversation, in order; nil for nothing
	Expects []string // what has to be so for the step to be content, beside an answer; nil for nothing
}

// Typed is a line of the conversation.
type Typed struct {
	Text   string // without its tag
	Bare   bool   // it has no tag: an answer to the server's "+", or DONE
	When   string // "where the server says LOGINDISABLED"; "" for always
	Answer string // what a well server says to it, beside the tagged OK; "" for nothing
}

// ByHand says what the step does with a configuration, and how a person does it.
func (s Step) ByHand(c Config) Hand { return s.Hand(c.withDefaults()) }

// Typing returns what a person types to see what the step sees: what is always
// sent, and of a step with several ways the first.
func (h Hand) Typing() []Typed {
	if len(h.Types) == 0 {
		return nil
	}
	first := h.Types[0].When
	return slices.DeleteFunc(slices.Clone(h.Types), func(t Typed) bool { return t.When != "" && t.When != first })
}

// Files are the names of files that parts of a Config came from, "" for none.
// They are for lines that people type; nothing is read from them.
type Files struct{ CA, ClientCert, ClientKey string }

// typing returns the Hand of a step that sends one command, whatever happens.
func typing(command, answer string) func(Config) Hand {
	return func(Config) Hand { return Hand{Types: []Typed{{Text: command, Answer: answer}}} }
}

// wireName returns a mailbox name, or a pattern, as it is typed.
func wireName(name string) string { return quote(encodeName(name)) }

// expects puts "CAP1, CAP2" behind what is expected of them; nil for none.
func expects(what string, words []string) []string {
	if len(words) == 0 {
		return nil
	}
	return []string{what + " " + strings.Join(words, ", ")}
}

// handLogin says how to log in. What a mechanism sends is taken from itself,
// with placeholders for the secrets.
func handLogin(c Config) Hand {
	const forbidden = "where the server says LOGINDISABLED"
	login := Typed{Text: "LOGIN " + quote(c.Username) + ` "PASSWORD"`}
	switch {
	case c.Auth != auth.Auto && c.Auth != auth.Login:
		return Hand{Types: c.typeSASL(c.Auth, "")}
	case c.Auth == auth.Auto && c.hasToken():
		return Hand{Types: append(c.typeSASL(auth.OAuthBearer, "where the server offers it"), c.typeSASL(auth.XOAuth2, "where it offers only this")...)}
	case c.Auth == auth.Auto && c.Password.IsZero() && c.Cert.Certificate != nil:
		return Hand{Types: c.typeSASL(auth.External, "")}
	case c.Auth == auth.Auto:
		return Hand{Types: append([]Typed{login}, c.typeSASL(auth.Plain, forbidden)...)}
	}
	return Hand{Types: []Typed{login}}
}

// typeSASL returns what a person types for a mechanism.
func (c Config) typeSASL(m auth.Mode, when string) []Typed {
	begin := Typed{Text: "AUTHENTICATE " + m.Mechanism(), When: when, Answer: "+"}
	if !m.Typeable() {
		begin.Answer = "+ and a challenge, whose answer has to be computed"
		return []Typed{begin}
	}
	_, response, err := m.Client(auth.Credentials{
		Username: c.Username, Password: secret.New("PASSWORD"), Token: secret.New("TOKEN"),
		Host: c.Dial.Host, Port: c.Dial.Port,
	}).Start()
	if err != nil {
		return []Typed{begin}
	}
	reply := Typed{Text: "what this prints: printf " + ShellWord(printfWord(string(response))) + " | base64 -w0", Bare: true, When: when}
	if len(response) == 0 {
		reply.Text = "an empty line"
	}
	return []Typed{begin, reply}
}

// printfWord returns text as printf(1) prints it back.
func printfWord(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `%%`, "\x00", `\0`, "\x01", `\001`).Replace(s)
}
