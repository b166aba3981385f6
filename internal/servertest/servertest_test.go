package servertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// certificate makes a certificate for 127.0.0.1 and returns its files.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "servertest"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert},
		keyFile:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

const message = "From: a@example.com\nTo: b@example.com\nSubject: hello\n" +
	"Date: Mon, 02 Jan 2006 15:04:05 +0000\nMessage-ID: <1@example.com>\n\nhi\n"

// manyRecipients is a message whose To field is about 160 kB.
func manyRecipients() string {
	var b strings.Builder
	b.WriteString("From: a@example.com\nTo: r0@example.com")
	for i := 1; i < 5000; i++ {
		fmt.Fprintf(&b, ",\n Recipient <r%d@example.com>", i)
	}
	return b.String() + "\nSubject: many\n\nhi\n"
}

// awkward are accounts with names and passwords that break careless quoting.
func awkward(server string) []Account {
	accounts := []Account{
		{User: "empty", Password: "simple"},
		{User: "quotes", Password: ` two  "double" and 'single' `},
		{User: "backslash", Password: `a\b\\c{3}d:e%u$HOME`},
		{User: "prefix", Password: "{PLAIN}not a scheme"},
		{User: "unicode", Password: "pässwörd ключ €"},
	}
	if server != "cyrus" {
		accounts = append(accounts, Account{User: `NTDOMAIN\account\alias`, Password: "x"}, Account{User: `o'Neil "x" 100%u`, Password: "y"})
	}
	return accounts
}

// connect opens a connection in one of the three ways.
func connect(t *testing.T, s *Server, security string) *imapclient.Client {
	t.Helper()
	opts := &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}}
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
	cert, key := certificate(t)
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
					checkLogins(t, s, security, accounts)
				})
			}
			t.Run("mailboxes", func(t *testing.T) {
				t.Parallel()
				checkMailboxes(t, s, accounts[1])
			})
		})
	}
}

// checkLogins wants right passwords taken and wrong ones refused with NO.
func checkLogins(t *testing.T, s *Server, security string, accounts []Account) {
	for _, a := range accounts {
		c := connect(t, s, security)
		if err := c.Login(a.User, a.Password).Wait(); err != nil {
			t.Errorf("%s: login %q %q: got %v, want OK", s.Name, a.User, a.Password, err)
			continue
		}
		if err := c.Logout().Wait(); err != nil {
			t.Errorf("%s: logout %q: %v", s.Name, a.User, err)
		}
	}
	a := accounts[0]
	err := connect(t, s, security).Login(a.User, a.Password+"x").Wait()
	if bad := (*imap.Error)(nil); !errors.As(err, &bad) || bad.Type != imap.StatusResponseTypeNo {
		t.Errorf("%s: login with a wrong password: got %v, want NO", s.Name, err)
	}
}

// checkMailboxes wants every mailbox listed, with its messages, all new.
func checkMailboxes(t *testing.T, s *Server, a Account) {
	t.Helper()
	c := connect(t, s, "tls")
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
