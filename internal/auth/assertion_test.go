package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/oauthtest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signingCertificate returns a certificate of a client.
func signingCertificate(t *testing.T, isRSA bool) *tls.Certificate {
	t.Helper()
	l := certtest.Leaf{CommonName: "probe", ClientAuth: true}
	if isRSA {
		l.Key = rsaKey(t)
	}
	c := certtest.Must(t, "Clients").Leaf(t, l)
	return &c
}

// pemLine returns a PEM block as a JSON string has it.
func pemLine(kind string, der []byte) string {
	return strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})), "\n", `\n`)
}

// TestClientAssertion signs who the client is, and an endpoint verifies that.
func TestClientAssertion(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rsa     bool
		refresh string
	}{{"RSA", true, ""}, {"ECDSA", false, ""}, {"with a refresh token", true, "refresh-token-0"}} {
		t.Run(tt.name, func(t *testing.T) {
			cert := signingCertificate(t, tt.rsa)
			s := oauthtest.Start(t, oauthtest.Options{ClientCert: cert.Leaf, RefreshToken: tt.refresh})
			from := sourceOf(t, s)
			from.ClientSecret, from.Certificate, from.RefreshToken = secret.Secret{}, cert, secret.New(tt.refresh)
			from.URL.RawQuery = "slice=test" // no part of the audience
			var learned []string
			for range 2 { // an assertion is used once
				got, err := from.Obtain(t.Context(), learning(s, &learned))
				if err != nil {
					t.Fatal(err)
				}
				if issued := s.Issued(); issued[len(issued)-1] != got.Access.Reveal() {
					t.Errorf("token %q, issued %q", got.Access.Reveal(), issued)
				}
				if tt.refresh != "" {
					from.RefreshToken = secret.New(s.Refresh())
				}
			}
			for _, asked := range s.Requests() {
				if !slices.Contains(learned, asked.Form.Get("client_assertion")) {
					t.Error("the assertion is not among the secrets to mask")
				}
			}
			from.Certificate = signingCertificate(t, tt.rsa)
			if _, err := from.Obtain(t.Context(), attempt(s)); !errors.As(err, new(*report.TokenRefused)) {
				t.Errorf("another certificate: %v, want a refusal", err)
			}
			from.Certificate, from.ClientID = cert, "other"
			if _, err := from.Obtain(t.Context(), attempt(s)); !errors.As(err, new(*report.TokenRefused)) {
				t.Errorf("another client: %v, want a refusal", err)
			}
		})
	}
}

// TestServiceAccount: a service account acts for the user of the mailbox, and for
// nobody else.
func TestServiceAccount(t *testing.T) {
	key := rsaKey(t)
	const email, scope = "probe@project.iam.gserviceaccount.com", "https://mail.google.com/"
	s := oauthtest.Start(t, oauthtest.Options{Account: &oauthtest.Account{Email: email, KeyID: "key-1", Key: &key.PublicKey, Scope: scope, Users: []string{"alice@example.com"}}})
	account, err := ParseServiceAccount([]byte(oauthtest.KeyFile(t, email, "key-1", key)))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*TokenSource)
		want   string // of the refusal; "" for a token
	}{
		{"good", func(*TokenSource) {}, ""},
		{"another user", func(s *TokenSource) { s.Username = "bob@example.com" }, "Invalid email or User ID"},
		{"another scope", func(s *TokenSource) { s.Scope = "x" }, "Client is unauthorized"},
		{"another key", func(s *TokenSource) {
			s.ServiceAccount = &ServiceAccount{Email: email, KeyID: "key-1", Key: rsaKey(t)}
		}, "Invalid JWT Signature."},
		{"another key's name", func(s *TokenSource) { s.ServiceAccount = &ServiceAccount{Email: email, Key: key} }, "account not found"},
	} {
		from := &TokenSource{URL: mustURL(t, s.URL), Scope: scope, Username: "alice@example.com", ServiceAccount: account}
		tt.change(from)
		got, err := from.Obtain(t.Context(), attempt(s))
		var refused *report.TokenRefused
		if errors.As(err, &refused) != (tt.want != "") || tt.want != "" && !strings.Contains(refused.Description, tt.want) || tt.want == "" && got.Access.IsZero() {
			t.Errorf("%s: %v %+v, want %q", tt.name, err, refused, tt.want)
		}
	}
	for _, asked := range s.Requests() {
		if asked.Form.Has("client_id") || asked.Form.Has("scope") || asked.Form.Get("grant_type") != jwtBearer {
			t.Errorf("the form has more than the assertion: %v", asked.Form)
		}
	}
}

// TestParseServiceAccount: files that are something else are told apart, and no error
// has a part of the key in it.
func TestParseServiceAccount(t *testing.T) {
	good := oauthtest.KeyFile(t, "probe@example.com", "k", rsaKey(t))
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	der, _ := x509.MarshalPKCS8PrivateKey(ec)
	for _, tt := range []struct{ name, text, want string }{
		{"good", good, ""},
		{"empty", "", "is not JSON"},
		{"PEM", "-----BEGIN PRIVATE KEY-----\nMIIsecret", "is not JSON"},
		{"list", "[]", "is not JSON"},
		{"of a person", strings.Replace(good, "service_account", "authorized_user", 1), `no "type": "service_account"`},
		{"no email", strings.Replace(good, "client_email", "email", 1), "no client_email"},
		{"no key", strings.Replace(good, `"private_key"`, `"key"`, 1), "no private_key"},
		{"not PEM", `{"type":"service_account","client_email":"a","private_key":"MIIsecret"}`, "is not PEM"},
		{"no key in it", `{"type":"service_account","client_email":"a","private_key":"-----BEGIN PRIVATE KEY-----\nMIIs\n-----END PRIVATE KEY-----\n"}`, "cannot be read: PKCS #8"},
		{"not RSA", `{"type":"service_account","client_email":"a","private_key":"` + pemLine("PRIVATE KEY", der) + `"}`, "is not an RSA key"},
	} {
		account, err := ParseServiceAccount([]byte(tt.text))
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "MII")) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err == nil && (account.Email != "probe@example.com" || account.KeyID != "k" || account.Key == nil) {
			t.Errorf("%s: got %+v", tt.name, account)
		}
	}
}

// TestCheckCertificate: a key that signs no assertion is refused beforehand.
func TestCheckCertificate(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		cert *tls.Certificate
		want bool
	}{{signingCertificate(t, true), true}, {signingCertificate(t, false), true}, {&tls.Certificate{PrivateKey: p384}, false}, {&tls.Certificate{}, false}} {
		if err := CheckCertificate(tt.cert); (err == nil) != tt.want {
			t.Errorf("%T: %v, want fine %v", tt.cert.PrivateKey, err, tt.want)
		}
	}
}

// TestAssertionTimes: an assertion is short, and begins a little before now, as the
// provider's clock may be behind.
func TestAssertionTimes(t *testing.T) {
	claims := (&TokenSource{URL: mustURL(t, "https://login.test/token?x=secret#f")}).claims()
	now := time.Now().Unix()
	begins, ends := claims["nbf"].(int64), claims["exp"].(int64)
	if begins > now-59 || ends-now > 301 || ends-now < 200 || claims["aud"] != "https://login.test/token" {
		t.Errorf("got %v at %d", claims, now)
	}
}
