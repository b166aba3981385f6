package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strings"

	"check_imap_session/internal/report"
)

// TLSConfig says how to make a handshake and what to trust.
type TLSConfig struct {
	ServerName string // sent as SNI unless it is an address; verified
	Roots      *Roots // nil means the system's
	Insecure   bool   // go on although verification fails; Verification.Err still says so
	// MinVersion is tls.VersionTLS12 and so on; 0 means TLS 1.2. Below that, what
	// only old servers need is allowed too: key exchange by RSA, CBC and 3DES.
	MinVersion uint16
	// SmallHello keeps the ClientHello below one packet: without the post-quantum
	// key share, which some networks drop.
	SmallHello bool
	// Key asks for a certificate with this kind of key, of a server that has
	// several; "" takes what comes. It needs TLS 1.2, where the cipher suite
	// decides about it. See RFC 5246 section 7.4.2.
	Key KeyType
	// Trust, when set, says whether a leaf is trusted for itself; it is asked
	// only when Insecure is set.
	Trust func(leaf *x509.Certificate) bool
	// Certificate is the client's, shown whenever the server asks for one; nil
	// for none.
	Certificate *tls.Certificate
}

// KeyType is the kind of a certificate's key.
type KeyType string

// The kinds of keys that can be asked for.
const (
	AnyKey   KeyType = ""
	RSAKey   KeyType = "rsa"
	ECDSAKey KeyType = "ecdsa"
)

// Handshake makes a TLS handshake over nc and verifies the server. Verification
// is filled in whenever the server showed a certificate, on error too. Errors
// are Verification.Err, report.ErrOtherCertificate when TLSConfig.Trust does not
// trust the leaf, or those of crypto/tls and of the connection.
func Handshake(ctx context.Context, nc net.Conn, c TLSConfig) (*tls.Conn, Verification, error) {
	var v Verification
	conf := &tls.Config{
		ServerName:         c.ServerName,
		MinVersion:         c.MinVersion,
		InsecureSkipVerify: true, // VerifyConnection does it, and keeps what it finds
		VerifyConnection: func(cs tls.ConnectionState) error {
			roots := c.Roots
			if roots == nil {
				roots = SystemRoots()
			}
			v = verify(ctx, cs.PeerCertificates, c.ServerName, roots, c.Insecure)
			if v.Err != nil && !c.Insecure {
				return v.Err
			}
			if c.Insecure && c.Trust != nil && v.Leaf != nil && !c.Trust(v.Leaf) {
				return report.ErrOtherCertificate
			}
			return nil
		},
	}
	if conf.MinVersion == 0 {
		conf.MinVersion = tls.VersionTLS12
	}
	if conf.MinVersion < tls.VersionTLS12 {
		conf.CipherSuites = allSuites()
	}
	if c.SmallHello {
		conf.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
	}
	if c.Key != AnyKey {
		conf.MaxVersion = tls.VersionTLS12
		conf.CipherSuites = suitesFor(c.Key, conf.CipherSuites)
	}
	if c.Certificate != nil {
		// Config.Certificates would keep it back when the server names other
		// authorities, and the server then could not say what is wrong with it.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.Certificate, nil }
	}
	tc := tls.Client(nc, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, v, err
	}
	return tc, v, nil
}

// suitesFor returns those of the suites in which the server signs with such a
// key; nil suites are the good ones.
func suitesFor(key KeyType, suites []uint16) []uint16 {
	if suites == nil {
		for _, s := range tls.CipherSuites() {
			suites = append(suites, s.ID)
		}
	}
	return slices.DeleteFunc(suites, func(id uint16) bool {
		return strings.Contains(tls.CipherSuiteName(id), "ECDSA") != (key == ECDSAKey)
	})
}

// allSuites returns every cipher suite that crypto/tls has, but for RC4, the
// good ones first.
func allSuites() []uint16 {
	var ids []uint16
	for _, s := range tls.CipherSuites() {
		ids = append(ids, s.ID)
	}
	for _, s := range tls.InsecureCipherSuites() {
		if !strings.Contains(s.Name, "RC4") {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
