package servertest

import (
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/certtest"
)

// certificate makes a certificate for 127.0.0.1 below an intermediate one. It returns
// both in a file, their key, and the root to trust.
func certificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	root := certtest.Must(t, "Test Root")
	intermediate := root.Intermediate(t, "Test Intermediate", time.Time{}, time.Time{})
	leaf := intermediate.Leaf(t, certtest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
	certFile, keyFile = certtest.WriteFiles(t, t.TempDir(), leaf)
	return certFile, keyFile, root.Pool()
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
