package dial

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"check_imap_session/internal/certtest"
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
	v := verify([]*x509.Certificate{leaf}, "a.example", &Roots{load: func() (*x509.CertPool, error) { return nil, broken }})
	if v.Err != broken || v.Leaf != leaf {
		t.Errorf("got %v with leaf %v, want %v and the leaf", v.Err, v.Leaf, broken)
	}
	if v := verify(nil, "a.example", RootsOf(x509.NewCertPool())); v.Err == nil || v.Leaf != nil {
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
