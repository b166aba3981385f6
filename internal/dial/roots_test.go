package dial

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/report"
)

func TestRootsOnce(t *testing.T) {
	pool := x509.NewCertPool()
	broken := errors.New("broken store")
	tests := []struct {
		name string
		load func() (*x509.CertPool, error)
		pool *x509.CertPool
		fail bool
	}{
		{"loaded", func() (*x509.CertPool, error) { return pool, nil }, pool, false},
		{"error", func() (*x509.CertPool, error) { return nil, broken }, nil, true},
		{"panic", func() (*x509.CertPool, error) { panic(broken) }, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var loads atomic.Int32
			r := &Roots{load: func() (*x509.CertPool, error) { loads.Add(1); return tt.load() }}
			r.Preload()
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if got, err := r.Pool(); got != tt.pool || (err != nil) != tt.fail {
						t.Errorf("got %v, %v, want %v, an error: %t", got, err, tt.pool, tt.fail)
					}
				})
			}
			wg.Wait()
			if got := loads.Load(); got != 1 {
				t.Errorf("loaded %d times, want once", got)
			}
		})
	}
}

// Roots that cannot be loaded are why a server is not trusted.
func TestRootsError(t *testing.T) {
	broken := errors.New("broken store")
	leaf := certtest.Must(t, "root").Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}}).Leaf
	v := Verify(t.Context(), []*x509.Certificate{leaf}, "a.example", &Roots{load: func() (*x509.CertPool, error) { return nil, broken }})
	if !errors.Is(v.Err, broken) || !errors.Is(v.Err, report.ErrConfig) || v.Leaf != leaf {
		t.Errorf("got %v with leaf %v, want %v and the leaf", v.Err, v.Leaf, broken)
	}
	if v := Verify(t.Context(), nil, "a.example", RootsOf(x509.NewCertPool())); v.Err == nil || v.Leaf != nil {
		t.Errorf("no certificate: got %v with leaf %v, want an error and none", v.Err, v.Leaf)
	}
}

func TestRootsFile(t *testing.T) {
	dir := t.TempDir()
	root := certtest.Must(t, "root")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name string
		path string
		good bool
	}{
		{"bundle", root.WriteFile(t, dir), true},
		{"bundle with words in it", write("words.pem", "My CA\n"+string(root.PEM)+"end\n"), true},
		{"empty", write("empty.pem", ""), false},
		{"no PEM", write("der.pem", string(root.Cert.Raw)), false},
		{"missing", filepath.Join(dir, "none.pem"), false},
		{"directory", dir, true},
		{"directory without certificates", t.TempDir(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := RootsFile(tt.path)
			if (err == nil) != tt.good {
				t.Fatalf("%s: got %v, want good: %t", tt.name, err, tt.good)
			}
			if !tt.good {
				return
			}
			if pool, err := r.Pool(); err != nil || !pool.Equal(root.Pool()) {
				t.Errorf("got %v, %v, want the root alone", pool, err)
			}
		})
	}
}

// TestRootsHang gives up with the context: a dead disk is a local trouble, not
// the server's.
func TestRootsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		r := RootsFrom(func() (*x509.CertPool, error) { <-hang; return nil, nil })
		leaf := certtest.Must(t, "root").Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}}).Leaf
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if v := Verify(ctx, []*x509.Certificate{leaf}, "a.example", r); !errors.Is(v.Err, report.ErrConfig) {
			t.Errorf("got %v, want a configuration error", v.Err)
		}
	})
}

// TestReadFile reads regular files of a bounded size and nothing that may be
// without an end.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	sized := func(name string, n int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Repeat([]byte("a"), n), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct {
		name, path string
		err        error
	}{
		{"largest", sized("largest", maxFile), nil},
		{"too large", sized("larger", maxFile+1), errTooLarge},
		{"folder", dir, errNotRegular},
		{"device", os.DevNull, errNotRegular},
		{"missing", filepath.Join(dir, "missing"), os.ErrNotExist},
	} {
		if _, err := ReadFile(tt.path); !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.err)
		}
	}
}

// TestNegativeSerial parses such a certificate, and does not trust it.
func TestNegativeSerial(t *testing.T) {
	root := certtest.Must(t, "root")
	leaf := root.Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}}).Leaf
	for leaf.SerialNumber.Bytes()[0] >= 0x80 { // has a zero in front of it
		leaf = root.Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}}).Leaf
	}
	tbs := bytes.Clone(leaf.RawTBSCertificate)
	tbs[bytes.Index(tbs, leaf.SerialNumber.Bytes())] |= 0x80
	sum := sha256.Sum256(tbs)
	signature, err := ecdsa.SignASN1(rand.Reader, root.Key.(*ecdsa.PrivateKey), sum[:])
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: tbs}, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
	if err != nil {
		t.Fatal(err)
	}
	if leaf, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	v := Verify(t.Context(), []*x509.Certificate{leaf}, "a.example", RootsOf(root.Pool()))
	if !errors.Is(v.Err, report.ErrMalformed) || len(v.Chains) != 1 {
		t.Errorf("got %v and %d chains, want a malformed certificate in one", v.Err, len(v.Chains))
	}
}
