package cli

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/oauthtest"
	"check_imap_session/internal/report"
)

const oauth = " --oauth-token-url=https://login.test/token --oauth-client-id=c"

func TestLoginUsage(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string // in the error; none: no error
	}{
		{"-H h -U u --oauth-token-file=f", nil},
		{"-H h -U u --auth=xoauth2 --oauth-token-command=c", nil},
		{"-H h -U u" + oauth + " --oauth-client-secret-file=f", nil},
		{"-H h -U u" + oauth + " --oauth-refresh-token-file=f", nil},
		{"-H h -U u --until=token" + oauth + " --oauth-refresh-token-file=f", nil},
		{"-H h -U u -w time_token=1" + oauth + " --oauth-refresh-token-file=f", nil},
		{"-H h --client-cert=c", nil},
		{"-H h --auth=external --client-cert=c --client-key=k", nil},
		{"-H h -U u --auth=scram-sha-256-plus --password-file=f", nil},
		{"-H h -U u --tls=none --auth=cram-md5 --password-file=f", nil},
		{"-H h -U u -P x --password-file=f", []string{"two sources for the password", "-P and --password-file"}},
		{"-H h -U u --oauth-token-file=f --oauth-token-command=c", []string{"two sources for the access token", "--oauth-token-file and --oauth-token-command"}},
		{"-H h -U u --oauth-token-file=f" + oauth, []string{"two sources for the access token"}},
		{"-H h -U u --password-file=f --oauth-token-file=f", []string{"a password (--password-file) and a token (--oauth-token-file)"}},
		{"-H h -U u --auth=login --oauth-token-file=f", []string{"--oauth-token-file", "no effect", "--auth=login"}},
		{"-H h -U u --auth=xoauth2 --password-file=f", []string{"--password-file", "no effect", "--auth=xoauth2"}},
		{"-H h -U u --auth=external --password-file=f --client-cert=c", []string{"--password-file", "no effect"}},
		{"-H h -U u --auth=xoauth2", []string{"no access token", "--oauth-token-url"}},
		{"-H h -U u --authzid=b --password-file=f", nil},
		{"-H h -U u --authzid=b --auth=oauthbearer --oauth-token-file=f", nil},
		{"-H h -U u --authzid=b --auth=login --password-file=f", []string{"--authzid has no effect with --auth=login", "plain"}},
		{"-H h -U u --authzid=b --auth=xoauth2 --oauth-token-file=f", []string{"--authzid has no effect with --auth=xoauth2"}},
		{"-H h -U u --authzid=b --auth=external --client-cert=c", []string{"--authzid has no effect", "with external -U is the user to act as"}},
		{"-H h -U u --authzid=b --client-cert=c", []string{"--authzid has no effect", "with external -U is the user to act as"}},
		{"-H h --authzid=b --password-file=f", []string{"--authzid without a user name"}},
		{"-H h --oauth-token-file=f", []string{"a token (--oauth-token-file) without a user name"}},
		{"-H h --auth=external", []string{"without a client certificate", "--client-cert"}},
		{"-H h --client-key=k", []string{"--client-key without --client-cert"}},
		{"-H h --tls=none --client-cert=c", []string{"--tls=none"}},
		{"-H h --tls=none -U u --auth=scram-sha-256-plus --password-file=f", []string{"needs TLS"}},
		{"-H h -w client_certificate_days=30: --client-cert=c", nil},
		{"-H h -w client_certificate_days=30 --client-cert=c", []string{"alerts on more than that", "client_certificate_days=30:"}},
		{"-H h -U u --password-file=f -w client_certificate_days=30:", []string{"client_certificate_days can never be judged without --client-cert or --oauth-client-cert"}},
		{"-H h -U u --oauth-client-secret-file=f -c client_secret_days=7:" + oauth, []string{"can never be judged without --oauth-client-secret-expires"}},
		{"-H h -U u --oauth-client-secret-file=f --oauth-client-secret-expires=31.03.2027" + oauth, []string{"is not a date", "YYYY-MM-DD"}},
		{"-H h -U u --oauth-refresh-token-file=f --oauth-client-secret-expires=2027-03-31" + oauth, []string{"without a client secret"}},
		{"-H h -U u --password-file=f --oauth-client-secret-expires=2027-03-31", []string{"without --oauth-token-url"}},
		{"-H h -U u --oauth-client-cert=c" + oauth, nil},
		{"-H h -U u --oauth-client-cert=c --oauth-client-key=k -w client_certificate_days=30:" + oauth, nil},
		{"-H h -U u --oauth-client-cert=c --oauth-refresh-token-file=r" + oauth, nil},
		{"-H h -U u --oauth-client-cert=c --oauth-client-secret-file=f" + oauth, []string{"a client secret (--oauth-client-secret-file) and --oauth-client-cert"}},
		{"-H h -U u --oauth-client-key=k --oauth-client-secret-file=f" + oauth, []string{"--oauth-client-key without --oauth-client-cert"}},
		{"-H h -U u --oauth-client-cert=c --password-file=f", []string{"--oauth-client-cert without --oauth-token-url"}},
		{"-H h -U u --oauth-service-account=f --oauth-cache=c --oauth-proxy=none", nil},
		{"-H h -U u --oauth-service-account=f --oauth-token-url=https://h/t --oauth-scope=s", nil},
		{"-H h -U u --oauth-service-account=f --oauth-token-url=http://h/t", []string{"--oauth-token-url", "https"}},
		{"-H h -U u --oauth-service-account=f --oauth-client-id=c", []string{"--oauth-client-id has no effect with --oauth-service-account"}},
		{"-H h -U u --oauth-service-account=f --oauth-refresh-token-file=c", []string{"--oauth-refresh-token-file has no effect with"}},
		{"-H h -U u --oauth-service-account=f --oauth-token-file=f", []string{"two sources for the access token", "--oauth-service-account"}},
		{"-H h -U u --oauth-service-account=f --password-file=f", []string{"a password (--password-file) and a token (--oauth-service-account)"}},
		{"-H h --oauth-service-account=f", []string{"a token (--oauth-service-account) without a user name"}},
		{"-H h -U u --oauth-service-account=f --auth=plain", []string{"--oauth-service-account has no effect with --auth=plain"}},
		{"-H h -U u --oauth-client-id=c --password-file=f", []string{"--oauth-client-id without --oauth-token-url"}},
		{"-H h -U u --oauth-token-url=https://h/t --oauth-client-secret-file=f", []string{"without --oauth-client-id"}},
		{"-H h -U u" + oauth, []string{"without a secret", "--oauth-client-secret-file", envClientSecret, "--oauth-refresh-token-file"}},
		{"-H h -U u --oauth-token-url=http://h/t --oauth-client-id=c --oauth-client-secret-file=f", []string{`"http"`, "https"}},
		{"-H h -U u --oauth-token-url=h --oauth-client-id=c --oauth-client-secret-file=f", []string{"not a URL"}},
		{"-H h -U u --oauth-proxy=ftp://user:hunter2@p" + oauth + " --oauth-client-secret-file=f", []string{"--oauth-proxy", `"ftp"`, "http, https"}},
		{"-H h -U u" + oauth + " --oauth-client-secret-file=- --oauth-refresh-token-file=-", []string{"standard input", "--oauth-client-secret-file and --oauth-refresh-token-file"}},
	} {
		_, err := Parse(strings.Fields(tt.line), env(nil))
		var u *UsageError
		if len(tt.want) == 0 != (err == nil) || err != nil && !errors.As(err, &u) {
			t.Errorf("Parse(%s): %v", tt.line, err)
			continue
		}
		for _, want := range tt.want {
			if text := u.Msg + " (" + u.Hint + ")"; !strings.Contains(text, want) || strings.Contains(text, "hunter2") {
				t.Errorf("Parse(%s): %q, want %q in it", tt.line, text, want)
			}
		}
	}
}

// TestTokenProxy: the environment is asked only where the flag says so, and a
// password from there is masked and in no message.
func TestTokenProxy(t *testing.T) {
	const named = "http://user:hunter2@proxy.test:3128"
	for _, tt := range []struct {
		name, flag, environment string
		want                    string // the proxy, "" for none
		asked                   bool
		err                     string
	}{
		{name: "not given", environment: named},
		{name: "none", flag: " --oauth-proxy=none", environment: named},
		{name: "URL", flag: " --oauth-proxy=http://other.test", environment: named, want: "http://other.test"},
		{name: "environment", flag: " --oauth-proxy=environment", environment: named, want: named, asked: true},
		{name: "environment without one", flag: " --oauth-proxy=environment", asked: true},
		{name: "environment with another text", flag: " --oauth-proxy=environment", environment: "http://user:hunter2@%zz", asked: true, err: "--oauth-proxy=environment: the variable https_proxy is not a URL"},
	} {
		asked := false
		r, err := Parse(strings.Fields("-H h -U u"+oauth+" --oauth-client-secret-file=f"+tt.flag), Env{
			Getenv: func(string) string { return "" },
			Proxy: func(to *url.URL) (*url.URL, error) {
				asked = true
				if tt.environment == "" || to.String() != "https://login.test/token" {
					return nil, nil
				}
				return url.Parse(tt.environment)
			},
		})
		if asked != tt.asked {
			t.Errorf("%s: environment asked %v, want %v", tt.name, asked, tt.asked)
		}
		if tt.err != "" || err != nil {
			if tt.err == "" || err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
				t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
			}
			continue
		}
		got := ""
		if p := r.Session.OAuth.Proxy; p != nil {
			got = p.String()
		}
		if got != tt.want {
			t.Errorf("%s: proxy %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestSecretSources loads each secret from where it may be.
func TestSecretSources(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	write(t, filepath.Join(credentials, "imap-password"), "from-systemd\n")
	write(t, filepath.Join(dir, "file"), "from-file\n")
	write(t, filepath.Join(dir, "both"), "from-file\n")
	write(t, filepath.Join(credentials, "both"), "from-systemd\n")
	write(t, filepath.Join(dir, "empty"), "\n")
	write(t, filepath.Join(dir, "json"), `{ "access_token": "x" }`)
	t.Chdir(dir)
	vars := map[string]string{envCredentials: credentials, envClientSecret: "from-environment"}
	for _, tt := range []struct {
		line, want, err string
	}{
		{"-U u --password-file=imap-password", "from-systemd", ""},
		{"-U u --password-file=file", "from-file", ""},
		{"-U u --password-file=both", "from-systemd", ""},
		{"-U u --password-file=./both", "from-file", ""},
		{"-U u --password-file=nowhere", "", "--password-file: file nowhere: no such file"},
		{"-U u --password-file=empty", "", "--password-file: file empty: first line is empty"},
		{"-U u --oauth-token-file=imap-password", "from-systemd", ""},
		{"-U u --oauth-token-file=-", "from-stdin", ""},
		{"-U u --oauth-token-file=json", "", "--oauth-token-file: file json: this is JSON, not a token"},
		{"-U u" + oauth + " --oauth-refresh-token-file=json", "", "--oauth-refresh-token-file: file json: this is JSON"},
		{"-U u --oauth-token-command=false", "", "--oauth-token-command: command false: exit status 1"},
		{"-U u" + oauth, "from-environment", ""},
		{"-U u" + oauth + " --oauth-client-secret-file=file", "from-file", ""},
		{"-U u" + oauth + " --oauth-client-secret-file=empty", "", "--oauth-client-secret-file: file empty"},
		{"-U u --client-cert=nowhere", "", "--client-cert=nowhere: no such file"},
		{"-U u --client-cert=file", "", "--client-cert=file: "},
	} {
		r, err := Parse(strings.Fields("-H h "+tt.line), env(vars))
		if err != nil {
			t.Fatal(err)
		}
		err = r.Load(context.Background())
		var c *ConfigError
		if (err != nil) != (tt.err != "") || err != nil && (!errors.As(err, &c) || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: error %v, want %q", tt.line, err, tt.err)
		}
		got := r.Session.Password.Reveal() + r.Session.Token.Reveal()
		if o := r.Session.OAuth; o != nil {
			got += o.ClientSecret.Reveal()
		}
		if err == nil && got != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
}

// TestClientCertificate: pairs that fit, pairs that do not, and keys with a passphrase.
func TestClientCertificate(t *testing.T) {
	ca := certtest.Must(t, "Root")
	cert, key := certtest.WriteFiles(t, t.TempDir(), ca.Leaf(t, certtest.Leaf{CommonName: "alice", ClientAuth: true}))
	_, otherKey := certtest.WriteFiles(t, t.TempDir(), ca.Leaf(t, certtest.Leaf{CommonName: "bob"}))
	encrypted := write(t, filepath.Join(t.TempDir(), "encrypted.pem"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
	for _, tt := range []struct{ key, err string }{
		{key, ""}, {otherKey, "does not match"}, {encrypted, "is encrypted"}, {key + "x", "no such file"},
	} {
		r, err := Parse([]string{"-H", "h", "--client-cert", cert, "--client-key", tt.key}, env(nil))
		if err != nil {
			t.Fatal(err)
		}
		err = r.Load(context.Background())
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: error %v, want %q", tt.key, err, tt.err)
		}
		if (r.Session.Cert.Certificate != nil) != (tt.err == "") {
			t.Errorf("%s: certificate %v", tt.key, r.Session.Cert.Certificate)
		}
	}
}

// TestSigners loads what the OAuth client signs with. No error and no remark has a part
// of a key in it.
func TestSigners(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	t.Chdir(dir)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ca := certtest.Must(t, "Root")
	cert, certKey := certtest.WriteFiles(t, dir, ca.Leaf(t, certtest.Leaf{CommonName: "probe", ClientAuth: true, Key: key}))
	old, oldKey := certtest.WriteFiles(t, t.TempDir(), ca.Leaf(t, certtest.Leaf{CommonName: "old", ClientAuth: true, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)}))
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	odd, oddKey := certtest.WriteFiles(t, t.TempDir(), ca.Leaf(t, certtest.Leaf{CommonName: "odd", ClientAuth: true, Key: p384}))
	account := oauthtest.KeyFile(t, "probe@example.com", "k", key)
	for path, text := range map[string]string{"account.json": account, filepath.Join(credentials, "google"): account, "broken.json": account[:len(account)/2]} {
		write(t, path, text)
	}
	if err := os.WriteFile("open.json", []byte(account), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, flags, want, remark string }{
		{"certificate", oauth + " --oauth-client-cert=" + cert + " --oauth-client-key=" + certKey, "", ""},
		{"another key", oauth + " --oauth-client-cert=" + cert + " --oauth-client-key=" + oldKey, "--oauth-client-cert=" + cert + " --oauth-client-key=" + oldKey + ": tls: private key", ""},
		{"expired", oauth + " --oauth-client-cert=" + old + " --oauth-client-key=" + oldKey, "the certificate of CN=old expired", ""},
		{"key of a kind that signs nothing", oauth + " --oauth-client-cert=" + odd + " --oauth-client-key=" + oddKey, "its key signs no assertion", ""},
		{"no key", oauth + " --oauth-client-cert=" + cert, "--oauth-client-cert=" + cert + ": ", ""},
		{"missing", oauth + " --oauth-client-cert=nowhere", "--oauth-client-cert=nowhere: no such file", ""},
		{"account", " --oauth-service-account=account.json", "", ""},
		{"account from systemd", " --oauth-service-account=google", "", ""},
		{"account that all can read", " --oauth-service-account=open.json", "", "file open.json is readable by all users (mode 0644)"},
		{"broken account", " --oauth-service-account=broken.json", "--oauth-service-account=broken.json: is not JSON", ""},
		{"no account", " --oauth-service-account=nowhere", "--oauth-service-account=nowhere: no such file", ""},
		{"folder", " --oauth-service-account=.", "is not a regular file", ""},
		{"something else", " --oauth-service-account=" + certKey, "is not JSON", ""},
	} {
		r, err := Parse(strings.Fields("-H h -U u"+tt.flags), env(map[string]string{envCredentials: credentials}))
		if err != nil {
			t.Fatal(err)
		}
		err = r.Load(t.Context())
		text := fmt.Sprint(err)
		if (err == nil) != (tt.want == "") || tt.want != "" && !strings.Contains(report.MapForeign(text, func(s string) string { return s }), tt.want) || strings.Contains(text, "MII") {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
		if said := strings.Join(r.Remarks, "\n"); (said != "") != (tt.remark != "") || !strings.Contains(said, tt.remark) {
			t.Errorf("%s: remarks %q, want %q", tt.name, said, tt.remark)
		}
		if o := r.Session.OAuth; err == nil && o.Certificate == nil && (o.ServiceAccount.Email != "probe@example.com" || o.URL.String() != googleTokenURL || o.Scope != googleMailScope) {
			t.Errorf("%s: got %+v", tt.name, o)
		}
	}
}

// TestOwnCertificateOver: our own certificate that no server would take now is refused
// before anything is sent.
func TestOwnCertificateOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		ca := certtest.Must(t, "Root")
		for _, tt := range []struct {
			from, end time.Duration
			err       string
		}{
			{-day, day, ""},
			{-9 * day, -2 * day, "the certificate of CN=probe expired 1999-12-30 00:00 UTC: renew it"},
			{day, 9 * day, "the certificate of CN=probe is not valid before 2000-01-02 00:00 UTC: is the clock"},
		} {
			own := ca.Leaf(t, certtest.Leaf{CommonName: "probe", ClientAuth: true, NotBefore: time.Now().Add(tt.from), NotAfter: time.Now().Add(tt.end)})
			cert, key := certtest.WriteFiles(t, t.TempDir(), own)
			r, err := Parse([]string{"-H", "h", "--client-cert", cert, "--client-key", key}, env(nil))
			if err != nil {
				t.Fatal(err)
			}
			err = r.Load(t.Context())
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(report.MapForeign(err.Error(), func(s string) string { return s }), tt.err) {
				t.Errorf("from %v to %v: error %v, want %q", tt.from, tt.end, err, tt.err)
			}
		}
	})
}

// TestClientSecretExpires reads the date of --oauth-client-secret-expires.
func TestClientSecretExpires(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{"2027-03-31", "2027-03-31T00:00:00Z"},
		{" 2027-03-31T12:00:00+02:00 ", "2027-03-31T10:00:00Z"},
		{"", "0001-01-01T00:00:00Z"},
	} {
		r, err := Parse(append(strings.Fields("-H h -U u --oauth-client-secret-file=f"+oauth), "--oauth-client-secret-expires="+tt.value), env(nil))
		if err != nil {
			t.Errorf("%q: %v", tt.value, err)
			continue
		}
		if got := r.Session.ClientSecretExpires.UTC().Format(time.RFC3339); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.value, got, tt.want)
		}
	}
}

// TestRefreshFile: only a file of its own can take a new refresh token.
func TestRefreshFile(t *testing.T) {
	credentials := t.TempDir()
	for _, dir := range []string{credentials, t.TempDir()} {
		write(t, filepath.Join(dir, "refresh"), "x\n")
		t.Chdir(dir)
	}
	for name, want := range map[string]string{"refresh": "", "./refresh": "./refresh", "-": ""} {
		r, err := Parse(strings.Fields("-H h -U u"+oauth+" --oauth-refresh-token-file="+name), Env{Stdin: strings.NewReader("x\n"),
			Getenv: func(k string) string { return map[string]string{envCredentials: credentials}[k] }})
		if err == nil {
			err = r.Load(context.Background())
		}
		if err != nil || r.Session.OAuth.RefreshFile != want || r.Session.OAuth.RefreshToken.Reveal() != "x" {
			t.Errorf("%s: %v, file %q, want %q", name, err, r.Session.OAuth.RefreshFile, want)
		}
	}
}
