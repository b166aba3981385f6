package dial

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"os"
	"runtime"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// bundle is a PEM bundle of the system's roots, of which only those are parsed
// that a server's certificates name: parsing all of them takes longer than the
// session. It never trusts more than the system's roots, which include it; a server
// that it does not verify is verified with all of those.
//
// Remove it when x509.SystemCertPool parses a root only when a chain needs it, see
// https://go.dev/issue/26731, provided that a check takes no more CPU without it.
type bundle struct {
	roots []indexed // in the order of the bundle
}

// indexed is a certificate of a bundle that has not been parsed.
type indexed struct {
	subject []byte // DER
	body    []byte // base64
}

// bundleFiles are the files of which crypto/x509 reads the first that it can,
// beside folders. See root_linux.go there; other systems keep theirs elsewhere.
var bundleFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// systemBundle reads and indexes the system's bundle; nil where there is none.
func systemBundle() *bundle {
	if text := systemText(); text != nil {
		return indexBundle(text)
	}
	return nil
}

// systemText reads the system's bundle; nil where there is none.
func systemText() []byte {
	if runtime.GOOS != "linux" {
		return nil
	}
	files := bundleFiles
	if f := os.Getenv("SSL_CERT_FILE"); f != "" {
		files = []string{f}
	}
	for _, f := range files {
		if text, err := ReadFile(f); err == nil {
			return text
		}
	}
	return nil
}

var (
	beginCertificate = []byte("-----BEGIN CERTIFICATE-----")
	endCertificate   = []byte("-----END CERTIFICATE-----")
)

// indexBundle finds the certificates of a bundle. What is not a plain block of
// base64 is left out. pem.Decode would take three times as long.
func indexBundle(text []byte) *bundle {
	b := &bundle{}
	var der []byte
	for {
		_, rest, found := bytes.Cut(text, beginCertificate)
		body, after, ended := bytes.Cut(rest, endCertificate)
		if !found || !ended {
			return b
		}
		text = after
		var err error
		if der, err = base64.StdEncoding.AppendDecode(der[:0], body); err != nil {
			continue
		}
		if subject := subjectOf(der); subject != nil {
			b.roots = append(b.roots, indexed{bytes.Clone(subject), body})
		}
	}
}

// pool returns the roots that the certificates name as their issuers; none when b is nil.
func (b *bundle) pool(served []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	if b == nil {
		return pool
	}
	for _, root := range b.roots {
		if slices.ContainsFunc(served, func(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, root.subject) }) {
			pool.AppendCertsFromPEM(slices.Concat(beginCertificate, root.body, endCertificate))
		}
	}
	return pool
}

// subjectOf returns the subject of a certificate as it is encoded in it, nil when it
// is not where RFC 5280 section 4.1 has it.
func subjectOf(der []byte) []byte {
	var certificate, tbs, subject cryptobyte.String
	in := cryptobyte.String(der)
	if !in.ReadASN1(&certificate, asn1.SEQUENCE) || !certificate.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) || // version
		!tbs.SkipASN1(asn1.INTEGER) || // serial number
		!tbs.SkipASN1(asn1.SEQUENCE) || // signature algorithm
		!tbs.SkipASN1(asn1.SEQUENCE) || // issuer
		!tbs.SkipASN1(asn1.SEQUENCE) || // validity
		!tbs.ReadASN1Element(&subject, asn1.SEQUENCE) {
		return nil
	}
	return subject
}
