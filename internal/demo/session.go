package demo

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// errOver ends a session whose connection takes no more answers.
var errOver = errors.New("conversation is over")

// session is an imapmemserver session in which single answers are replaced by
// those of the scenario.
type session struct {
	*imapmemserver.UserSession
	sc   Scenario
	ctx  context.Context // ends with the server
	conn *tls.Conn
}

// newSession is called by imapserver before the greeting. A BYE returned as an
// error becomes the greeting, and the connection is closed behind it.
func newSession(ctx context.Context, sc Scenario, account *imapmemserver.User, c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
	conn := c.NetConn().(*tls.Conn) // listener.Accept returns nothing else
	switch {
	case sc.speaks != nil:
		sc.speaks(conn)
		return nil, nil, fallSilent(conn)
	case sc.greeting != nil:
		return nil, nil, sc.greeting
	}
	return &session{
		UserSession: imapmemserver.NewUserSession(account),
		sc:          sc,
		ctx:         ctx,
		conn:        conn,
	}, nil, nil
}

// Login answers LOGIN and AUTHENTICATE PLAIN.
func (s *session) Login(username, password string) error {
	if err := s.wait(s.sc.loginTakes); err != nil {
		return err
	}
	if s.sc.login != nil {
		return s.sc.login
	}
	return s.UserSession.Login(username, password)
}

// Select answers SELECT and EXAMINE.
func (s *session) Select(mailbox string, o *imap.SelectOptions) (*imap.SelectData, error) {
	if s.sc.open != nil {
		return nil, s.sc.open
	}
	return s.UserSession.Select(mailbox, o)
}

// Fetch answers FETCH and UID FETCH.
func (s *session) Fetch(w *imapserver.FetchWriter, numbers imap.NumSet, o *imap.FetchOptions) error {
	if s.sc.fetchHangs {
		return s.hang()
	}
	return s.UserSession.Fetch(w, numbers, o)
}

// wait returns after d, or with an error when the server is closed before;
// then the login stays without an answer.
func (s *session) wait(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.ctx.Done():
		return fallSilent(s.conn)
	}
}

// hang swallows everything, LOGOUT too, until either side closes the
// connection. It removes the 30 s that imapserver sets to read a command
// (conn.go, cmdReadTimeout), which would end the rehearsed hang.
func (s *session) hang() error {
	if err := s.conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, s.conn)
	return fallSilent(s.conn)
}

// fallSilent sees to it that nothing more is sent, and returns the error to
// give to imapserver, which would answer it with "NO [SERVERBUG]".
func fallSilent(conn *tls.Conn) error {
	_ = conn.CloseWrite()
	return errOver
}

// speakSMTP is what a mail client meets that was sent to port 465 of a mail
// host: the greeting of RFC 5321 section 4.2, then 500 to everything unknown.
func speakSMTP(conn *tls.Conn) {
	reply := func(line string) bool {
		_, err := fmt.Fprintf(conn, "%s\r\n", line)
		return err == nil
	}
	if !reply("220 mail.example.com ESMTP") {
		return
	}
	lines := bufio.NewScanner(conn) // ends at a line over 64 KiB
	for lines.Scan() {
		if strings.EqualFold(strings.TrimSpace(lines.Text()), "QUIT") {
			reply("221 2.0.0 Bye")
			return
		}
		if !reply("500 5.5.2 Error: command not recognized") {
			return
		}
	}
}
