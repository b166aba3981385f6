package explain

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/session"
)

// shellWord returns a word as a shell reads it back.
func shellWord(w string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if w != "" && !strings.ContainsFunc(w, func(r rune) bool { return !plain(r) }) {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// shellLine joins words to a command line.
func shellLine(words []string) string {
	line := make([]string, len(words))
	for i, w := range words {
		line[i] = shellWord(w)
	}
	return strings.Join(line, " ")
}

func withPort(c session.Config, host string) string {
	return net.JoinHostPort(host, fmt.Sprint(c.Dial.Port))
}

// telnet returns the command that opens a conversation without TLS.
func telnet(c session.Config) string {
	words := []string{"telnet"}
	if c.Dial.Source.IsValid() {
		words = append(words, "-b", c.Dial.Source.String())
	}
	return shellLine(append(words, c.Reach(), fmt.Sprint(c.Dial.Port)))
}

// openSSL returns the command that opens a conversation under TLS and verifies
// as the session does. See openssl-s_client(1).
func openSSL(c session.Config, flags ...string) string {
	words := append([]string{"openssl", "s_client"}, flags...)
	words = append(words, "-connect", withPort(c, c.Reach()))
	if c.Dial.Family != dial.AnyFamily {
		words = append(words, "-"+string(c.Dial.Family))
	}
	if c.TLS == session.TLSStart {
		words = append(words, "-starttls", "imap")
	}
	check := "-verify_ip"
	if _, err := netip.ParseAddr(c.Cert.ServerName); err != nil {
		words = append(words, "-servername", c.Cert.ServerName)
		check = "-verify_hostname"
	}
	if !c.Cert.Insecure {
		words = append(words, "-verify_return_error", check, c.Cert.ServerName)
	}
	if c.Files.CA != "" {
		words = append(words, "-CAfile", c.Files.CA)
	}
	if c.Files.ClientCert != "" {
		words = append(words, "-cert", c.Files.ClientCert, "-key", c.Files.ClientKey)
	}
	switch c.Cert.MinVersion {
	case tls.VersionTLS10, tls.VersionTLS11:
		words = append(words, "-cipher", "DEFAULT@SECLEVEL=0")
	case tls.VersionTLS13:
		words = append(words, "-tls1_3")
	}
	return shellLine(words)
}

// curl returns the command that connects, logs in and sends one command more,
// "" for none. It asks for the password. See curl(1).
func curl(c session.Config, command string) string {
	words := []string{"curl", "-v"}
	name := c.Cert.ServerName
	scheme := "imap"
	switch c.TLS {
	case session.TLSImplicit:
		scheme = "imaps"
	case session.TLSStart:
		words = append(words, "--ssl-reqd")
	case session.TLSNone:
		name = c.Dial.Host
	}
	url := scheme + "://" + withPort(c, name) + "/"
	if reach := c.Reach(); reach != name {
		words = append(words, "--connect-to", "::"+withPort(c, reach))
	}
	switch {
	case c.TLS == session.TLSNone:
	case c.Cert.Insecure:
		words = append(words, "-k")
	case c.Files.CA != "":
		words = append(words, "--cacert", c.Files.CA)
	}
	if c.Files.ClientCert != "" {
		words = append(words, "--cert", c.Files.ClientCert, "--key", c.Files.ClientKey)
	}
	words = append(words, curlLogin(c)...)
	if command != "" {
		words = append(words, "-X", command)
	}
	return shellLine(append(words, url))
}

// curlLogin returns the flags that make curl log in the same way.
func curlLogin(c session.Config) []string {
	mode := c.Auth
	switch {
	case mode == auth.None:
		return nil
	case mode == auth.Auto && c.HasToken():
		mode = auth.XOAuth2
	case mode == auth.Auto && c.Authzid != "":
		mode = auth.Plain
	case mode == auth.Auto || mode == auth.Login: // curl takes what the server offers
		return []string{"-u", c.Username}
	}
	words := []string{"-u", c.Username, "--login-options", "AUTH=" + mode.Mechanism()}
	if c.Authzid != "" {
		words = append(words, "--sasl-authzid", c.Authzid)
	}
	if mode.TakesToken() {
		words = append(words, "--oauth2-bearer", "TOKEN")
	}
	return words
}
