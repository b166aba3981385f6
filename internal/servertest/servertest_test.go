//go:build linux

package servertest

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// connect opens a connection in one of the three ways.
func connect(t *testing.T, s *Server, security string, roots *x509.CertPool) *imapclient.Client {
	t.Helper()
	opts := &imapclient.Options{TLSConfig: &tls.Config{RootCAs: roots, ServerName: s.Host}}
	plain, implicit := s.addr(s.IMAP), s.addr(s.IMAPS)
	var c *imapclient.Client
	var err error
	switch security {
	case "tls":
		c, err = imapclient.DialTLS(implicit, opts)
	case "starttls":
		c, err = imapclient.DialStartTLS(plain, opts)
	default:
		c, err = imapclient.DialInsecure(plain, opts)
	}
	if err != nil {
		t.Fatalf("%s: connect (%s): %v", s.Name, security, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestServers(t *testing.T) {
	cert, key, roots := certificate(t)
	for _, l := range All() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			accounts := awkward(l.Name)
			accounts[1].Mailboxes = []Mailbox{
				{Name: "INBOX", Messages: []string{message, manyRecipients(), message}},
				{Name: "Entwürfe", Messages: []string{message}},
				{Name: "Deleted Items"},
				{Name: "Archive/2024", Messages: []string{message, message}},
			}
			begin := time.Now()
			s := l.Start(t, Spec{CertFile: cert, KeyFile: key, Accounts: accounts})
			t.Logf("%s started in %v", s.Name, time.Since(begin))
			for _, security := range []string{"plain", "starttls", "tls"} {
				t.Run(security, func(t *testing.T) {
					t.Parallel()
					checkLogins(t, s, security, roots, accounts)
				})
			}
			t.Run("mailboxes", func(t *testing.T) {
				t.Parallel()
				checkMailboxes(t, s, roots, accounts[1])
			})
		})
	}
}

// TestHAProxy checks that Dovecot reads the PROXY header on its extra ports.
func TestHAProxy(t *testing.T) {
	cert, key, _ := certificate(t)
	s := Dovecot(t, Spec{CertFile: cert, KeyFile: key, HAProxy: true, Accounts: []Account{{User: "a", Password: "b"}}})
	c, err := net.Dial("tcp4", s.addr(s.ProxyIMAP))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(startLimit)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "PROXY TCP4 192.0.2.7 127.0.0.1 4711 %d\r\n", s.ProxyIMAP)
	greeting, err := bufio.NewReader(c).ReadString('\n')
	if !strings.HasPrefix(greeting, "* OK") {
		t.Errorf("greeting behind the PROXY header: got %q, %v, want OK", greeting, err)
	}
	fmt.Fprintf(c, "1 LOGIN a b\r\n")
	log := filepath.Join(s.dir, "log")
	if !waitFor(startLimit, func() bool { return strings.Contains(tail(log), "Login: user=<a>, method=PLAIN, rip=192.0.2.7") }) {
		t.Errorf("dovecot's log lacks the client of the PROXY header; %s", tail(log))
	}
}

// TestExtra checks that the lines of Spec.Extra win over the launchers' own, and that
// accounts are filled though passwords need TLS.
func TestExtra(t *testing.T) {
	cert, key, _ := certificate(t)
	tests := []struct {
		name, extra string
		gone        string // from the greeting, which else has it
	}{
		{"dovecot", "auth_mechanisms = plain\nssl = required", " AUTH=LOGIN"},
		{"cyrus", "sasl_mech_list: PLAIN\nallowplaintext: no", " AUTH=LOGIN"},
		{"courier", "IMAP_CAPABILITY=\"IMAP4rev1 UIDPLUS\"\nIMAP_TLS_REQUIRED=1", " QUOTA"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inbox := []Mailbox{{Name: "INBOX", Messages: []string{message}}}
			spec := Spec{CertFile: cert, KeyFile: key, Accounts: []Account{{User: "a", Password: "b", Mailboxes: inbox}}}
			launch := All()[i].Start
			s := launch(t, spec)
			if before, err := s.greet(); err != nil || !strings.Contains(before, test.gone) {
				t.Errorf("%s: greeting is %q, %v, want one with %q", test.name, before, err, test.gone)
			}
			spec.Extra = test.extra
			s = launch(t, spec)
			if after, err := s.greet(); err != nil || strings.Contains(after, test.gone) {
				t.Errorf("%s with %q: greeting is %q, %v, want one without %q", test.name, test.extra, after, err, test.gone)
			}
		})
	}
}

// checkLogins checks that right passwords are accepted and a wrong one gets NO.
func checkLogins(t *testing.T, s *Server, security string, roots *x509.CertPool, accounts []Account) {
	for _, a := range accounts {
		c := connect(t, s, security, roots)
		if err := c.Login(a.User, a.Password).Wait(); err != nil {
			t.Errorf("%s: login %q %q: got %v, want OK", s.Name, a.User, a.Password, err)
			continue
		}
		if err := c.Logout().Wait(); err != nil {
			t.Logf("%s: logout %q: %v", s.Name, a.User, err) // see seedAccount
		}
	}
	a := accounts[0]
	err := connect(t, s, security, roots).Login(a.User, a.Password+"x").Wait()
	if bad := (*imap.Error)(nil); !errors.As(err, &bad) || bad.Type != imap.StatusResponseTypeNo {
		t.Errorf("%s: login with a wrong password: got %v, want NO", s.Name, err)
	}
}

// checkMailboxes checks that every mailbox is listed, with its messages, all new.
func checkMailboxes(t *testing.T, s *Server, roots *x509.CertPool, a Account) {
	t.Helper()
	c := connect(t, s, "tls", roots)
	if err := c.Login(a.User, a.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	listed, err := c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range a.Mailboxes {
		name := s.MailboxName(m.Name)
		if !slices.ContainsFunc(listed, func(d *imap.ListData) bool { return d.Mailbox == name }) {
			t.Errorf("%s: %q is not listed", s.Name, name)
		}
		data, err := c.Select(name, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil {
			t.Errorf("%s: examine %q: %v", s.Name, name, err)
			continue
		}
		if want := uint32(len(m.Messages)); data.NumMessages != want {
			t.Errorf("%s: %q: got %d messages, want %d", s.Name, name, data.NumMessages, want)
		}
		if data.NumMessages == 0 {
			continue
		}
		msgs, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{Flags: true}).Collect()
		if err != nil {
			t.Errorf("%s: fetch the flags in %q: %v", s.Name, name, err)
		}
		for _, msg := range msgs {
			if want := []imap.Flag{`\Recent`}; !slices.Equal(msg.Flags, want) {
				t.Errorf("%s: %q: message %d: got flags %v, want %v", s.Name, name, msg.SeqNum, msg.Flags, want)
			}
		}
	}
}
