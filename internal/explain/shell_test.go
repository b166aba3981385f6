package explain

import (
	"crypto/tls"
	"net/netip"
	"testing"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

// checkOf is the configuration of an ordinary check, with a change.
func checkOf(change func(*session.Config)) session.Config {
	c := session.Config{
		Dial: dial.Config{Host: "imap.test", Port: 993}, TLS: session.TLSImplicit, Cert: dial.TLSConfig{ServerName: "imap.test"},
		Username: "alice", Mailbox: "INBOX", Auth: auth.Auto, ListPattern: "*",
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{
		"": "''", "a-b_c./:=@%+,9Z": "a-b_c./:=@%+,9Z", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'", "ü": "'ü'", "*": "'*'",
	} {
		if got := shellWord(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

// TestCommands holds what a person types against what the flags say.
func TestCommands(t *testing.T) {
	const start, verify = "openssl s_client -connect imap.test:993", " -servername imap.test -verify_return_error -verify_hostname imap.test"
	const curlStart, end = "curl -v", " imaps://imap.test:993/"
	address := netip.MustParseAddr("192.0.2.7")
	for _, tt := range []struct {
		name          string
		change        func(*session.Config)
		openssl, curl string // "" for a command that is not typed
	}{
		{"plain", nil, start + verify, curlStart + " -u alice" + end},
		{"STARTTLS", func(c *session.Config) { c.TLS = session.TLSStart }, start + " -starttls imap" + verify,
			"curl -v --ssl-reqd -u alice imap://imap.test:993/"},
		{"no TLS", func(c *session.Config) { c.TLS, c.Cert = session.TLSNone, dial.TLSConfig{ServerName: "other"} }, "",
			"curl -v -u alice imap://imap.test:993/"},
		{"an address", func(c *session.Config) { c.Dial.Address = address },
			"openssl s_client -connect 192.0.2.7:993" + verify, curlStart + " --connect-to ::192.0.2.7:993 -u alice" + end},
		{"a name for the certificate", func(c *session.Config) { c.Cert.ServerName = "mx.test" },
			start + " -servername mx.test -verify_return_error -verify_hostname mx.test",
			"curl -v --connect-to ::imap.test:993 -u alice imaps://mx.test:993/"},
		{"verified by address", func(c *session.Config) { c.Dial.Host, c.Cert.ServerName = "192.0.2.7", "192.0.2.7" },
			"openssl s_client -connect 192.0.2.7:993 -verify_return_error -verify_ip 192.0.2.7", "curl -v -u alice imaps://192.0.2.7:993/"},
		{"IPv6 only", func(c *session.Config) { c.Dial.Family = dial.IPv6 }, start + " -6" + verify, ""},
		{"insecure", func(c *session.Config) { c.Cert.Insecure = true }, start + " -servername imap.test", curlStart + " -k -u alice" + end},
		{"a CA", func(c *session.Config) { c.Files.CA = "ca.pem" }, start + verify + " -CAfile ca.pem", curlStart + " --cacert ca.pem -u alice" + end},
		{"a client certificate", func(c *session.Config) { c.Files.ClientCert, c.Files.ClientKey = "c.pem", "k.pem" },
			start + verify + " -cert c.pem -key k.pem", curlStart + " --cert c.pem --key k.pem -u alice" + end},
		{"TLS 1.1", func(c *session.Config) { c.Cert.MinVersion = tls.VersionTLS11 }, start + verify + " -cipher DEFAULT@SECLEVEL=0", ""},
		{"TLS 1.3", func(c *session.Config) { c.Cert.MinVersion = tls.VersionTLS13 }, start + verify + " -tls1_3", ""},
		{"no login", func(c *session.Config) { c.Auth = auth.None }, "", curlStart + end},
		{"CRAM-MD5", func(c *session.Config) { c.Auth = auth.CRAMMD5 }, "", curlStart + " -u alice --login-options AUTH=CRAM-MD5" + end},
		{"a token", func(c *session.Config) { c.Token = secret.New("t") }, "",
			curlStart + " -u alice --login-options AUTH=XOAUTH2 --oauth2-bearer TOKEN" + end},
		{"a token beside a password", func(c *session.Config) { c.Auth, c.Token = auth.Plain, secret.New("t") }, "",
			curlStart + " -u alice --login-options AUTH=PLAIN" + end},
		{"for another user", func(c *session.Config) { c.Authzid = "bob" }, "",
			curlStart + " -u alice --login-options AUTH=PLAIN --sasl-authzid bob" + end},
	} {
		c := checkOf(tt.change)
		if got := openSSL(c); tt.openssl != "" && got != tt.openssl {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got, tt.openssl)
		}
		if got := curl(c, ""); tt.curl != "" && got != tt.curl {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got, tt.curl)
		}
	}
	c := checkOf(func(c *session.Config) { c.Dial.Source, c.Dial.Port = netip.MustParseAddr("192.0.2.1"), 143 })
	if got, want := telnet(c), "telnet -b 192.0.2.1 imap.test 143"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
