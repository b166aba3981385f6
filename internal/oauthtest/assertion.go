package oauthtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	clientAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	jwtBearer       = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// Account is a service account that the endpoint knows.
type Account struct {
	Email, KeyID string
	Key          *rsa.PublicKey
	Scope        string   // that it may have
	Users        []string // for whom it may act
}

// KeyFile returns the JSON of a service account, as Google hands it out.
func KeyFile(tb testing.TB, email, keyID string, key *rsa.PrivateKey) string {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "probe", "private_key_id": keyID,
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": email, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token",
	}, "", "  ")
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// signed is an assertion whose signature has been verified.
type signed struct {
	header struct {
		Alg, Typ, Kid string
		Thumbprint    string `json:"x5t#S256"`
	}
	claims struct {
		Iss, Sub, Aud, Jti, Scope string
		Iat, Nbf, Exp             int64
	}
}

// open verifies an assertion and all that does not depend on who signed it. See RFC
// 7523 section 3 and RFC 7515 section 5.2.
func (s *Server) open(text string, key crypto.PublicKey, algorithms string) (signed, error) {
	var a signed
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return a, errors.New("the assertion is no JWT")
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return a, fmt.Errorf("part %d: %w", i, err)
		}
	}
	if err := errors.Join(json.Unmarshal(raw[0], &a.header), json.Unmarshal(raw[1], &a.claims)); err != nil {
		return a, err
	}
	if !strings.Contains(algorithms, a.header.Alg) || a.header.Alg == "" || a.header.Typ != "JWT" {
		return a, fmt.Errorf("alg %q, typ %q, want one of %s and JWT", a.header.Alg, a.header.Typ, algorithms)
	}
	if !genuine(a.header.Alg, key, sha256.Sum256([]byte(parts[0]+"."+parts[1])), raw[2]) {
		return a, errors.New("AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application")
	}
	now := time.Now().Unix()
	switch {
	case a.claims.Aud != s.URL:
		return a, fmt.Errorf("the audience is %q, want %q", a.claims.Aud, s.URL)
	case a.claims.Exp <= now || a.claims.Exp > now+600 || a.claims.Iat > now || a.claims.Nbf > now:
		return a, fmt.Errorf("AADSTS700024: Client assertion is not within its valid time range. %+v at %d", a.claims, now)
	case a.claims.Jti == "" || s.used[a.claims.Jti]:
		return a, errors.New("the assertion has no jti, or came a second time")
	}
	s.used[a.claims.Jti] = true
	return a, nil
}

// genuine verifies a signature. See RFC 7518 sections 3.3 to 3.5.
func genuine(alg string, key crypto.PublicKey, digest [sha256.Size]byte, signature []byte) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if alg == "PS256" {
			return rsa.VerifyPSS(k, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: sha256.Size}) == nil
		}
		return alg == "RS256" && rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		if alg != "ES256" || len(signature) != 64 {
			return false
		}
		return ecdsa.Verify(k, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	return false
}

// knownByCertificate says whether the client has signed who it is. See RFC 7523 section
// 2.2 and learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (s *Server) knownByCertificate(r Request) error {
	cert := s.opts.ClientCert
	sum := sha256.Sum256(cert.Raw)
	a, err := s.open(r.Form.Get("client_assertion"), cert.PublicKey, "PS256 ES256")
	switch id := s.opts.ClientID; {
	case err != nil:
		return err
	case r.Form.Get("client_assertion_type") != clientAssertion || r.Form.Has("client_secret"):
		return fmt.Errorf("client_assertion_type %q, a secret too: %v", r.Form.Get("client_assertion_type"), r.Form.Has("client_secret"))
	case a.claims.Iss != id || a.claims.Sub != id || r.Form.Get("client_id") != id:
		return fmt.Errorf("issuer %q, subject %q, client_id %q, want %q", a.claims.Iss, a.claims.Sub, r.Form.Get("client_id"), id)
	case a.header.Thumbprint != base64.RawURLEncoding.EncodeToString(sum[:]):
		return fmt.Errorf("AADSTS700027: x5t#S256 %q is not that of the certificate", a.header.Thumbprint)
	}
	return nil
}

// grantToAccount says for whom a service account asks, and refuses as Google does. See
// RFC 7523 section 2.1.
func (s *Server) grantToAccount(r Request) (user, code, description string) {
	account := s.opts.Account
	if account == nil {
		return "", "unsupported_grant_type", "no service account is known"
	}
	a, err := s.open(r.Form.Get("assertion"), account.Key, "RS256")
	switch {
	case err != nil:
		return "", "invalid_grant", "Invalid JWT Signature. (" + err.Error() + ")"
	case a.claims.Iss != account.Email || a.header.Kid != account.KeyID:
		return "", "invalid_grant", "Invalid grant: account not found"
	case a.claims.Scope != account.Scope:
		return "", "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."
	}
	if !slices.Contains(account.Users, a.claims.Sub) {
		return "", "invalid_grant", "Invalid email or User ID"
	}
	return a.claims.Sub, "", ""
}
