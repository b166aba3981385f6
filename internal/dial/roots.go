package dial

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Roots are certificates to trust, loaded beside other work: parsing the
// system's takes tens of milliseconds that belong to no step.
type Roots struct {
	once sync.Once
	load func() (*x509.CertPool, error) // nil when they are in pool from the beginning
	pool *x509.CertPool
	err  error
	// bundle holds most of the roots in a form that is loaded faster; nil for none.
	bundle func() *bundle
}

// SystemRoots returns the system's roots. Nothing is read yet.
func SystemRoots() *Roots {
	return &Roots{load: x509.SystemCertPool, bundle: sync.OnceValue(systemBundle)}
}

// RootsOf returns roots that are loaded already.
func RootsOf(pool *x509.CertPool) *Roots {
	return &Roots{pool: pool}
}

// RootsFile reads a PEM bundle, or all the PEM files of a directory, at once.
// Nothing but other things in it is an error.
func RootsFile(path string) (*Roots, error) {
	pool := x509.NewCertPool()
	if err := addFile(pool, path); err != nil {
		return nil, err
	}
	return RootsOf(pool), nil
}

// SystemRootsAnd returns the system's roots and those that RootsFile would read.
// Nothing is read yet.
func SystemRootsAnd(path string) *Roots {
	return &Roots{load: func() (*x509.CertPool, error) {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		return pool, addFile(pool, path)
	}}
}

func addFile(pool *x509.CertPool, path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	files := []string{path}
	if st.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		files = nil
		for _, e := range entries {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	found := false
	for _, f := range files {
		pem, err := os.ReadFile(f)
		if err != nil && !st.IsDir() {
			return err
		}
		found = pool.AppendCertsFromPEM(pem) || found
	}
	if !found {
		return errors.New("no certificate in it (PEM is wanted: BEGIN CERTIFICATE)")
	}
	return nil
}

// Preload begins to load what a verification needs first in the background.
func (r *Roots) Preload() {
	if !r.Loaded() {
		go r.Await()
	}
}

// Loaded says that there is nothing to wait for: the roots were given.
func (r *Roots) Loaded() bool { return r.load == nil }

// Await returns when what a verification needs first is loaded. An error comes
// again in the verification.
func (r *Roots) Await() {
	if r.bundle == nil || r.bundle() == nil {
		_, _ = r.Pool()
	}
}

// verify verifies the leaf of what a server showed. How long it took to load
// roots is no part of the verification.
func (r *Roots) verify(served []*x509.Certificate) (chains [][]*x509.Certificate, loading time.Duration, err error) {
	opts := x509.VerifyOptions{Intermediates: x509.NewCertPool(), CurrentTime: time.Now()}
	for _, cert := range served[1:] {
		opts.Intermediates.AddCert(cert)
	}
	if r.bundle != nil {
		if b := r.bundle(); b != nil {
			opts.Roots = b.pool(served)
			if chains, err := served[0].Verify(opts); err == nil {
				return chains, 0, nil
			}
		}
	}
	begun := time.Now()
	if opts.Roots, err = r.Pool(); err != nil {
		return nil, 0, err
	}
	loading = time.Since(begun)
	chains, err = served[0].Verify(opts)
	return chains, loading, err
}

// Pool returns the roots, loading them when that has not been done.
func (r *Roots) Pool() (*x509.CertPool, error) {
	if r.Loaded() {
		return r.pool, nil
	}
	r.once.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("load trusted certificates: %v", p)
			}
		}()
		r.pool, r.err = r.load()
	})
	return r.pool, r.err
}
