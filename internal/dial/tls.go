package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
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
	// Trust, when set, says whether a leaf is trusted for itself; it is asked
	// only when Insecure is set.
	Trust func(leaf *x509.Certificate) bool
	// Certificate is the client's, shown whenever the server asks for one; nil
	// for none.
	Certificate *tls.Certificate
}

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
			v = verify(cs.PeerCertificates, c.ServerName, roots)
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
