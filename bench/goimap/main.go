// Goimap runs the session of the plugin with the client of go-imap.
//
//	goimap HOST PORT CA-FILE USER PASSWORD-FILE
package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func main() {
	if err := session(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(2)
	}
	os.Stdout.WriteString("OK\n")
}

func session(host, port, caFile, user, passwordFile string) error {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	password, err := os.ReadFile(passwordFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := imapclient.DialTLS(net.JoinHostPort(host, port), &imapclient.Options{TLSConfig: &tls.Config{RootCAs: roots}})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.WaitGreeting(); err != nil {
		return err
	}
	if err := c.Login(user, strings.TrimSpace(string(password))).Wait(); err != nil {
		return err
	}
	if _, err := c.List("", "*", nil).Collect(); err != nil {
		return err
	}
	box, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return err
	}
	_, err = c.Fetch(imap.SeqSetNum(box.NumMessages), &imap.FetchOptions{
		Flags: true, InternalDate: true, RFC822Size: true,
		BodySection: []*imap.FetchItemBodySection{{
			Specifier: imap.PartSpecifierHeader, Peek: true, Partial: &imap.SectionPartial{Size: 2048}}},
	}).Collect()
	if err != nil {
		return err
	}
	return c.Logout().Wait()
}
