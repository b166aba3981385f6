package auth

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"time"

	"check_imap_session/internal/secret"
)

const (
	// jwtBearer is the grant in which the assertion stands for the user. See RFC 7523
	// section 2.1.
	jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// ClientAssertion is the type of an assertion in place of a client's secret. See
	// RFC 7523 section 2.2.
	ClientAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

const (
	// assertionLifetime is how long an assertion is good for: providers take no more
	// than ten minutes to an hour, and it is sent at once.
	assertionLifetime = 5 * time.Minute
	// backdated is how long before now an assertion begins, as the provider's clock
	// may be behind ours.
	backdated = time.Minute
)

// ServiceAccount is the account of a program that signs who it is with a key, and acts
// for the owner of a mailbox. See RFC 7523 section 2.1 and
// developers.google.com/identity/protocols/oauth2/service-account.
type ServiceAccount struct {
	Email string
	KeyID string
	Key   *rsa.PrivateKey
}

// ParseServiceAccount reads the JSON of a service account as Google hands it out. No
// error repeats a part of it.
func ParseServiceAccount(text []byte) (*ServiceAccount, error) {
	var f struct {
		Type  string `json:"type"`
		Email string `json:"client_email"`
		KeyID string `json:"private_key_id"`
		Key   string `json:"private_key"` // PEM
	}
	switch err := json.Unmarshal(text, &f); {
	case err != nil:
		return nil, errors.New("is not JSON: the key file of a service account is wanted")
	case f.Type != "service_account":
		return nil, errors.New(`is not the key file of a service account: it has no "type": "service_account"`)
	case f.Email == "" || f.Key == "":
		return nil, errors.New("has no client_email or no private_key")
	}
	block, _ := pem.Decode([]byte(f.Key))
	if block == nil {
		return nil, errors.New("its private_key is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("its private_key cannot be read: PKCS #8 is wanted (BEGIN PRIVATE KEY)")
	}
	signer, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("its private_key is not an RSA key")
	}
	return &ServiceAccount{Email: f.Email, KeyID: f.KeyID, Key: signer}, nil
}

// prove adds to a form what shows who the client is: an assertion, or nothing where
// there is only a secret. Assertions are learned.
func (t *TokenSource) prove(form url.Values, learned func(...secret.Secret)) error {
	field := ""
	header, claims := map[string]any{"typ": "JWT"}, t.claims()
	var key crypto.PrivateKey
	switch {
	case t.ServiceAccount != nil:
		field, key = "assertion", t.ServiceAccount.Key
		header["alg"] = "RS256" // The one that Google takes.
		if id := t.ServiceAccount.KeyID; id != "" {
			header["kid"] = id
		}
		claims["iss"], claims["sub"], claims["scope"] = t.ServiceAccount.Email, t.Username, t.Scope
	case t.Certificate != nil:
		field, key = "client_assertion", t.Certificate.PrivateKey
		var err error
		if header["alg"], err = algorithm(key); err != nil {
			return err
		}
		// RFC 7515 section 4.1.8
		sum := sha256.Sum256(t.Certificate.Certificate[0])
		header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(sum[:])
		claims["iss"], claims["sub"] = t.ClientID, t.ClientID // RFC 7523 section 3
		form.Set("client_assertion_type", ClientAssertion)
	default:
		return nil
	}
	signed, err := sign(key, header, claims)
	if err != nil {
		return err
	}
	learned(signed)
	form.Set(field, signed.Reveal())
	return nil
}

// claims are those of every assertion. See RFC 7523 section 3: the audience is the
// token endpoint.
func (t *TokenSource) claims() map[string]any {
	endpoint := *t.URL
	endpoint.RawQuery, endpoint.Fragment = "", ""
	begins := time.Now().Add(-backdated)
	return map[string]any{
		"aud": endpoint.String(), "jti": rand.Text(),
		"iat": begins.Unix(), "nbf": begins.Unix(), "exp": time.Now().Add(assertionLifetime).Unix(),
	}
}

// CheckCertificate refuses a client certificate whose key cannot sign an assertion.
func CheckCertificate(c *tls.Certificate) error {
	_, err := algorithm(c.PrivateKey)
	return err
}

// algorithm returns the name of the signatures of a key: PS256, which Microsoft Entra
// wants, or ES256. See RFC 7518 section 3.1.
func algorithm(key crypto.PrivateKey) (string, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return "PS256", nil
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P256() {
			return "ES256", nil
		}
	}
	return "", errors.New("its key signs no assertion: RSA, or ECDSA on P-256, is wanted")
}

// sign makes a JSON Web Token, signed as header["alg"] says. See RFC 7515 sections 3.1
// and 5.1, RFC 7518 sections 3.3 to 3.5.
func sign(key crypto.PrivateKey, header, claims map[string]any) (secret.Secret, error) {
	head, err := json.Marshal(header)
	body, berr := json.Marshal(claims)
	if err := cmp.Or(err, berr); err != nil {
		return secret.Secret{}, err
	}
	base64url := base64.RawURLEncoding.EncodeToString
	text := base64url(head) + "." + base64url(body)
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if header["alg"] == "PS256" {
			signature, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(nil, k, crypto.SHA256, digest[:])
		}
	case *ecdsa.PrivateKey:
		r, s, serr := ecdsa.Sign(rand.Reader, k, digest[:])
		if err = serr; err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	}
	if err != nil {
		return secret.Secret{}, fmt.Errorf("sign the assertion: %w", err)
	}
	return secret.New(text + "." + base64url(signature)), nil
}
