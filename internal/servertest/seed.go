//go:build linux

package servertest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

// seed creates the accounts' mailboxes and appends their messages over IMAP,
// as any mail program would. Nothing is selected on the way: that would take
// \Recent away from the messages.
func (s *Server) seed(tb testing.TB, spec Spec) {
	tb.Helper()
	for _, a := range spec.Accounts {
		if err := s.seedAccount(a); err != nil {
			tb.Fatalf("fill %s's account %q: %v; %s", s.Name, a.User, err, tail(s.procs[0].log))
		}
	}
}

func (s *Server) seedAccount(a Account) error {
	if s.Name == "dovecot" && len(a.Mailboxes) == 0 {
		return nil // it makes an INBOX when one is opened, and may be set up to refuse this login
	}
	c, err := s.login(a)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	defer c.Close()
	for _, m := range a.Mailboxes {
		name := s.MailboxName(m.Name)
		if name != "INBOX" {
			if err := c.Create(name, nil).Wait(); err != nil {
				return fmt.Errorf("create %q: %w", name, err)
			}
		}
		for i, msg := range m.Messages {
			if err := appendMessage(c, name, msg); err != nil {
				return fmt.Errorf("append message %d to %q: %w", i+1, name, err)
			}
		}
	}
	// All is acknowledged by now, and the answer to this may be missing: under
	// heavy load Courier was seen to end the connection before it.
	_ = c.Logout().Wait()
	return nil
}

// appendMessage stores one message with no flags and the server's own date.
func appendMessage(c *imapclient.Client, mailbox, msg string) error {
	msg = strings.ReplaceAll(strings.ReplaceAll(msg, "\r\n", "\n"), "\n", "\r\n")
	cmd := c.Append(mailbox, int64(len(msg)), nil)
	_, errWrite := io.WriteString(cmd, msg)
	if err := errors.Join(errWrite, cmd.Close()); err != nil {
		return err
	}
	_, err := cmd.Wait()
	return err
}

// login logs in under TLS, which no configuration forbids passwords, or else
// without it, in case the test is about a TLS that does not work. The server is our
// own, so any certificate is accepted.
func (s *Server) login(a Account) (*imapclient.Client, error) {
	var errs []error
	options := &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}}
	for _, dial := range []func() (*imapclient.Client, error){
		func() (*imapclient.Client, error) { return imapclient.DialTLS(s.addr(s.IMAPS), options) },
		func() (*imapclient.Client, error) { return imapclient.DialInsecure(s.addr(s.IMAP), nil) },
	} {
		c, err := dial()
		if err == nil {
			if err = c.Login(a.User, a.Password).Wait(); err == nil {
				return c, nil
			}
			c.Close()
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
