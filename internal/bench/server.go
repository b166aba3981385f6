package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
)

const (
	messages     = 42        // in every mailbox
	largeBox     = "Large"   // its messages are of largeMessage
	largeMessage = 100 << 20 // bytes
	header       = "From: a@example.com\r\nTo: b@example.com\r\nSubject: a message\r\n" +
		"Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-Id: <1@example.com>\r\n\r\n"
	capabilities = "IMAP4rev1 SASL-IR ID ENABLE IDLE LITERAL+ NAMESPACE UIDPLUS STATUS=SIZE STATUS=DELETED AUTH=PLAIN AUTH=LOGIN"
)

// server is an IMAP server with fixed answers (RFC 3501). It serves one
// connection after the other.
type server struct {
	ln     net.Listener
	tls    *tls.Config // nil: no TLS
	flood  flood
	visits chan<- visit // gets every connection after its end; may be nil
}

// visit is what one client did.
type visit struct {
	commands []string // without tags and arguments
	flights  int      // see counter
}

// newServer starts a server on a free port of loopback.
func newServer(config *tls.Config, f flood, visits chan<- visit) (*server, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{ln, config, f, visits}
	go s.serve()
	return s, nil
}

func (s *server) port() int { return s.ln.Addr().(*net.TCPAddr).Port }

func (s *server) close() { s.ln.Close() }

func (s *server) serve() {
	for {
		raw, err := s.ln.Accept()
		if err != nil {
			return // closed
		}
		c := &counter{Conn: raw}
		stream := net.Conn(c)
		if s.tls != nil {
			stream = tls.Server(c, s.tls)
		}
		commands := s.converse(stream)
		// Without close_notify, which would count as one more answer. The client
		// closes first, so that what it sends last is not answered with a reset.
		_ = raw.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, raw)
		raw.Close()
		if s.visits != nil {
			s.visits <- visit{commands, c.flights}
		}
	}
}

// converse returns the client's commands after LOGOUT, or when either side ends
// the connection.
func (s *server) converse(c net.Conn) (commands []string) {
	if s.flood.at == atGreeting {
		s.flood.pour(c)
		return nil
	}
	fmt.Fprintf(c, "* OK [CAPABILITY %s] ready\r\n", capabilities)
	mailbox := ""
	for in := bufio.NewScanner(c); in.Scan(); {
		words := strings.Fields(in.Text())
		if len(words) < 2 {
			return commands
		}
		name := strings.ToUpper(words[1])
		commands = append(commands, name)
		if name == s.flood.at {
			s.flood.pour(c)
			return commands
		}
		w := bufio.NewWriter(c)
		if name == "EXAMINE" && len(words) > 2 {
			mailbox = strings.Trim(words[2], `"`)
		}
		if name == "FETCH" && mailbox == largeBox {
			writeLarge(w, words[2])
		} else {
			fmt.Fprint(w, answer(name, words[2:]))
		}
		fmt.Fprintf(w, "%s OK done\r\n", words[0])
		if w.Flush() != nil || name == "LOGOUT" {
			return commands
		}
	}
	return commands
}

// answer returns what the server sends before the tagged line.
func answer(name string, args []string) string {
	switch name {
	case "CAPABILITY", "LOGIN", "AUTHENTICATE": // after a login too, as Dovecot does
		return "* CAPABILITY " + capabilities + "\r\n"
	case "ID":
		return "* ID (\"name\" \"bench\")\r\n"
	case "NAMESPACE":
		return "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"
	case "LIST":
		var list strings.Builder
		for _, box := range []string{"Archive", "Archive/2025", "Drafts", "Sent", "Spam", "Trash", largeBox, "INBOX"} {
			fmt.Fprintf(&list, "* LIST () \"/\" %s\r\n", box)
		}
		return list.String()
	case "STATUS":
		return fmt.Sprintf("* STATUS %s (UNSEEN 3 DELETED 0 SIZE %d)\r\n", args[0], messages*len(header))
	case "EXAMINE":
		return fmt.Sprintf("* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS ()] none\r\n* %d EXISTS\r\n* 0 RECENT\r\n"+
			"* OK [UIDVALIDITY 1] valid\r\n* OK [UIDNEXT %d] next\r\n", messages, messages+1)
	case "FETCH":
		section := "BODY[]"
		if strings.Contains(strings.Join(args, " "), "[HEADER]") {
			section = "BODY[HEADER]<0>"
		}
		return fmt.Sprintf("* %s FETCH (FLAGS (\\Seen) INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\" RFC822.SIZE %d %s {%d}\r\n%s)\r\n",
			args[0], len(header), section, len(header), header)
	case "LOGOUT":
		return "* BYE done\r\n"
	}
	return ""
}

// writeLarge answers a FETCH of a whole message of largeMessage bytes.
func writeLarge(w *bufio.Writer, number string) {
	fmt.Fprintf(w, "* %s FETCH (FLAGS () INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\" RFC822.SIZE %[2]d BODY[] {%[2]d}\r\n", number, largeMessage)
	line := strings.Repeat("x", 62) + "\r\n"
	fmt.Fprint(w, header+strings.Repeat("y", len(line)-len(header)%len(line)))
	for range largeMessage/len(line) - len(header)/len(line) - 1 {
		if _, err := w.WriteString(line); err != nil {
			return // the client has closed the connection
		}
	}
	fmt.Fprint(w, ")\r\n")
}

// counter counts the flights of a connection: how often the client sent
// something and was answered, in the TLS handshake too. What the client sends
// after the last answer, a close_notify, does not count.
type counter struct {
	net.Conn
	sent    bool // by the client, since the last answer
	flights int
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.sent = c.sent || n > 0
	return n, err
}

func (c *counter) Write(b []byte) (int, error) {
	if c.sent {
		c.flights++
	}
	c.sent = false
	return c.Conn.Write(b)
}
