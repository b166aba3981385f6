package cli

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// ownCertificate reads a certificate of ours and its key, both named by flags.
func (r *Request) ownCertificate(certFlag, certFile, keyFlag, keyFile string) (*tls.Certificate, error) {
	source := certFlag + "=" + certFile
	certPEM, err := dial.ReadFile(certFile)
	if err != nil {
		return nil, &ConfigError{source, err}
	}
	keyPEM, err := dial.ReadFile(keyFile)
	if err != nil {
		return nil, &ConfigError{keyFlag + "=" + keyFile, err}
	}
	if keyFile != certFile {
		source += " " + keyFlag + "=" + keyFile
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil && bytes.Contains(keyPEM, []byte("ENCRYPTED")) {
		err = errors.New("the private key is encrypted, and there is nobody to ask for its passphrase: store it without one (openssl pkey)")
	}
	if err == nil {
		err = usable(cert.Leaf)
	}
	if err != nil {
		return nil, &ConfigError{source, err}
	}
	r.Remarks = append(r.Remarks, secret.Remarks(keyFile)...)
	return &cert, nil
}

// loadSigner reads what the OAuth client signs with: a certificate and its key, or a
// service account.
func (r *Request) loadSigner() (err error) {
	o := r.Session.OAuth
	if o == nil {
		return nil
	}
	if f := r.files.oauthCert; f != "" {
		if o.Certificate, err = r.ownCertificate("--oauth-client-cert", f, "--oauth-client-key", r.files.oauthKey); err != nil {
			return err
		}
		if err := auth.CheckCertificate(o.Certificate); err != nil {
			return &ConfigError{"--oauth-client-cert=" + f, err}
		}
	}
	f := r.files.serviceAccount
	if f == "" {
		return nil
	}
	path := f
	credential := secret.HasCredential(f, r.files.credentials)
	if credential {
		path = filepath.Join(r.files.credentials, f)
	}
	text, err := dial.ReadFile(path)
	if err == nil {
		o.ServiceAccount, err = auth.ParseServiceAccount(text)
	}
	if err != nil {
		return &ConfigError{"--oauth-service-account=" + f, err}
	}
	if !credential { // systemd sets its mode
		r.Remarks = append(r.Remarks, secret.Remarks(path)...)
	}
	return nil
}

// usable refuses a certificate of ours that no server would take now. It is said
// before anything is sent: a server would answer in riddles, or only in its log.
func usable(own *x509.Certificate) error {
	const when = "2006-01-02 15:04 UTC"
	switch now := time.Now(); {
	case now.After(own.NotAfter):
		return fmt.Errorf("the certificate of %s expired %s: renew it", subject(own), own.NotAfter.UTC().Format(when))
	case now.Before(own.NotBefore):
		return fmt.Errorf("the certificate of %s is not valid before %s: is the clock of this machine right?", subject(own), own.NotBefore.UTC().Format(when))
	}
	return nil
}

// subject returns the name in a certificate.
func subject(c *x509.Certificate) string { return report.Foreign(c.Subject.String()) }

// ownCredentials reads what is known of the end of our own credentials.
func ownCredentials(g *grammar, req *Request) error {
	text := strings.TrimSpace(g.OAuthClientSecretExpires)
	if text == "" {
		return nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if end, err := time.Parse(form, text); err == nil {
			req.Session.ClientSecretExpires = end
			return nil
		}
	}
	return usage("--oauth-client-secret-expires: "+argv.Quote(text)+" is not a date", "write YYYY-MM-DD, the first day on which it no longer works")
}
