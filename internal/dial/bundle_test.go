package dial

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/report"
)

// bundleOf returns a PEM bundle, with what real ones have between certificates.
func bundleOf(cas ...*certtest.CA) []byte {
	var b bytes.Buffer
	for _, ca := range cas {
		b.WriteString("# " + ca.Cert.Subject.CommonName + "\n")
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Cert.Raw}))
	}
	b.WriteString("-----BEGIN CERTIFICATE-----\nno base64!\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n")
	return b.Bytes()
}

// TestBundle takes from a bundle what the served certificates name, and asks the
// whole store, and only then, for what that does not vouch for.
func TestBundle(t *testing.T) {
	trusted, other, late := certtest.Must(t, "Trusted"), certtest.Must(t, "Other"), certtest.Must(t, "Late")
	impostor := certtest.Must(t, "Trusted") // the same name, another key
	leaf := certtest.Leaf{DNSNames: []string{"a.example"}}
	for _, tt := range []struct {
		name   string
		signer *certtest.CA
		whole  bool // the whole store is asked
		ok     bool
	}{
		{"in the bundle", trusted, false, true},
		{"in the rest of the store", late, true, true},
		{"nowhere", certtest.Must(t, "Nobody"), true, false},
		{"the name of one in the bundle", impostor, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := false
			b := indexBundle(bundleOf(other, trusted))
			if len(b.roots) != 2 {
				t.Fatalf("%d certificates in the index, want 2", len(b.roots))
			}
			r := &Roots{bundle: func() *bundle { return b }, load: func() (*x509.CertPool, error) {
				asked = true
				pool := x509.NewCertPool()
				for _, ca := range []*certtest.CA{trusted, other, late} {
					pool.AddCert(ca.Cert)
				}
				return pool, nil
			}}
			served := []*x509.Certificate{tt.signer.Leaf(t, leaf).Leaf}
			quick := verify(t.Context(), served, "a.example", r, true)
			if asked || quick.Partial != tt.whole || (quick.Err == nil) == tt.whole {
				t.Errorf("quick: the whole store was asked: %t, partial %t, error %v, want it not asked, partial %t", asked, quick.Partial, quick.Err, tt.whole)
			}
			v := Verify(t.Context(), served, "a.example", r)
			if asked != tt.whole || (v.Err == nil) != tt.ok || (len(v.Chains) > 0) != tt.ok {
				t.Errorf("the whole store was asked: %t, want %t; error %v, want one: %t", asked, tt.whole, v.Err, !tt.ok)
			}
			if v.Partial {
				t.Error("partial after the whole store was asked")
			}
		})
	}
}

// TestBundleBroken falls back to a store that cannot be read either.
func TestBundleBroken(t *testing.T) {
	broken := errors.New("broken store")
	for _, text := range []string{"", "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE----------BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"} {
		r := &Roots{bundle: func() *bundle { return indexBundle([]byte(text)) }, load: func() (*x509.CertPool, error) { return nil, broken }}
		leaf := certtest.Must(t, "root").Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}}).Leaf
		if v := Verify(t.Context(), []*x509.Certificate{leaf}, "a.example", r); !errors.Is(v.Err, broken) || !errors.Is(v.Err, report.ErrConfig) {
			t.Errorf("%q: got %v, want %v", text, v.Err, broken)
		}
	}
}

// TestSystemBundle reads the file that SSL_CERT_FILE names, as crypto/x509 does.
func TestSystemBundle(t *testing.T) {
	ca := certtest.Must(t, "Mine")
	file := filepath.Join(t.TempDir(), "bundle.pem")
	if err := os.WriteFile(file, bundleOf(ca), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
	b := systemBundle()
	if b == nil {
		t.Skip("skip: this system keeps its roots elsewhere")
	}
	if len(b.roots) != 1 || !bytes.Equal(b.roots[0].subject, ca.Cert.RawSubject) {
		t.Errorf("got %d roots, want the one of SSL_CERT_FILE", len(b.roots))
	}
	t.Setenv("SSL_CERT_FILE", file+".missing")
	if b := systemBundle(); b != nil {
		t.Errorf("got %d roots of a file that is not there", len(b.roots))
	}
}

// TestSubjectOf finds the subjects that crypto/x509 finds, also on this system's
// roots, and none in what is cut off.
func TestSubjectOf(t *testing.T) {
	certs := []*x509.Certificate{certtest.Must(t, "one").Cert, certtest.Must(t, "two").Leaf(t, certtest.Leaf{CommonName: "x", DNSNames: []string{"x"}}).Leaf}
	for _, file := range bundleFiles {
		text, _ := os.ReadFile(file)
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				certs = append(certs, c)
			}
		}
	}
	for _, c := range certs {
		if got := subjectOf(c.Raw); !bytes.Equal(got, c.RawSubject) {
			t.Errorf("%s: got %x, want %x", c.Subject, got, c.RawSubject)
		}
	}
	version1 := []byte("\x30\x0f\x30\x0d\x02\x01\x01\x30\x00\x30\x00\x30\x00\x30\x02\x31\x00") // it says no version
	if got, want := subjectOf(version1), []byte("\x30\x02\x31\x00"); !bytes.Equal(got, want) {
		t.Errorf("version 1: got %x, want %x", got, want)
	}
	for n := range certs[0].Raw {
		if got := subjectOf(certs[0].Raw[:n]); got != nil {
			t.Fatalf("%d bytes of a certificate: got %x", n, got)
		}
	}
}
