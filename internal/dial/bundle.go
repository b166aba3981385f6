package dial

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"os"
	"runtime"
	"slices"
)

// bundle is a PEM bundle of the system's roots, of which only those are parsed
// that a server's certificates name: parsing all of them takes longer than the
// session. It can never trust more than the system's roots, which hold it, and
// what it does not vouch for is asked of those.
type bundle struct {
	text  []byte
	roots []indexed // in the order of the bundle
}

// indexed is a certificate of a bundle that has not been parsed.
type indexed struct {
	subject  []byte // DER
	from, to int    // of its base64 in the text
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
	if runtime.GOOS != "linux" {
		return nil
	}
	files := bundleFiles
	if f := os.Getenv("SSL_CERT_FILE"); f != "" {
		files = []string{f}
	}
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil {
			return indexBundle(text)
		}
	}
	return nil
}

var (
	beginCertificate = []byte("-----BEGIN CERTIFICATE-----")
	endCertificate   = []byte("-----END CERTIFICATE-----")
)

// indexBundle finds the certificates of a bundle. What is no plain block of
// base64 is left out.
func indexBundle(text []byte) *bundle {
	b := &bundle{text: text}
	var der []byte
	for at := 0; ; {
		begin := bytes.Index(text[at:], beginCertificate)
		if begin < 0 {
			return b
		}
		from := at + begin + len(beginCertificate)
		size := bytes.Index(text[from:], endCertificate)
		if size < 0 {
			return b
		}
		at = from + size + len(endCertificate)
		der = slices.Grow(der[:0], base64.StdEncoding.DecodedLen(size))[:base64.StdEncoding.DecodedLen(size)]
		n, err := base64.StdEncoding.Decode(der, text[from:from+size])
		if err != nil {
			continue
		}
		if subject := subjectOf(der[:n]); subject != nil {
			b.roots = append(b.roots, indexed{bytes.Clone(subject), from, from + size})
		}
	}
}

// pool returns the roots that the certificates name as their issuers.
func (b *bundle) pool(served []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, root := range b.roots {
		if !slices.ContainsFunc(served, func(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, root.subject) }) {
			continue
		}
		block := append(append(append([]byte{}, beginCertificate...), b.text[root.from:root.to]...), endCertificate...)
		pool.AppendCertsFromPEM(append(block, '\n'))
	}
	return pool
}

// subjectOf returns the subject of a certificate as it stands in it, nil when it
// is not where RFC 5280 section 4.1 has it.
func subjectOf(der []byte) []byte {
	certificate, _, _ := element(der)
	tbs, _, _ := element(certificate)
	const version = 0xa0
	if len(tbs) > 0 && tbs[0] == version {
		_, _, tbs = element(tbs)
	}
	for range 4 { // serial number, signature algorithm, issuer, validity
		_, _, tbs = element(tbs)
	}
	_, subject, _ := element(tbs)
	return subject
}

// element reads one element of DER: what is in it, all of it, and what stands
// behind it; all nil when there is none. See X.690 sections 8.1 and 10.1.
func element(der []byte) (content, whole, rest []byte) {
	if len(der) < 2 {
		return nil, nil, nil
	}
	size, head := int(der[1]), 2
	if size >= 0x80 {
		bytes := size & 0x7f
		if bytes == 0 || bytes > 3 || len(der) < 2+bytes {
			return nil, nil, nil
		}
		size, head = 0, 2+bytes
		for _, b := range der[2:head] {
			size = size<<8 | int(b)
		}
	}
	if len(der) < head+size {
		return nil, nil, nil
	}
	return der[head : head+size], der[:head+size], der[head+size:]
}
