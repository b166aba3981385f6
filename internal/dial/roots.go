package dial

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"check_imap_session/internal/report"
)

// Roots are certificates to trust, loaded beside other work: parsing the
// system's takes tens of milliseconds.
type Roots struct {
	once sync.Once
	done chan struct{}                  // closed when load has ended
	load func() (*x509.CertPool, error) // nil when they are in pool from the beginning
	pool *x509.CertPool
	err  error
	// bundle holds most of the roots in a form that is loaded faster; nil for none.
	bundle func() *bundle
}

// SystemRoots returns the system's roots. Nothing is read yet.
func SystemRoots() *Roots {
	return &Roots{load: systemPool, bundle: sync.OnceValue(systemBundle)}
}

// RootsFrom returns the roots that load returns. It is called once, when they are needed.
func RootsFrom(load func() (*x509.CertPool, error)) *Roots { return &Roots{load: load} }

// systemPool is x509.SystemCertPool, which reads whatever SSL_CERT_FILE names
// without end.
func systemPool() (*x509.CertPool, error) {
	if f := os.Getenv("SSL_CERT_FILE"); f != "" {
		if _, err := ReadFile(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("SSL_CERT_FILE=%s: %w", f, err)
		}
	}
	return x509.SystemCertPool()
}

// RootsOf returns roots that are loaded already.
func RootsOf(pool *x509.CertPool) *Roots {
	return &Roots{pool: pool}
}

// RootsFile reads a PEM bundle, or all the PEM files of a directory, at once.
// It is an error when there is no certificate.
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
	return &Roots{
		load: func() (*x509.CertPool, error) {
			pool, err := systemPool()
			if err != nil {
				pool = x509.NewCertPool()
			}
			return pool, addFile(pool, path)
		},
		bundle: sync.OnceValue(func() *bundle {
			system := systemText()
			text, err := ReadFile(path)
			if system == nil || err != nil { // path may be a folder
				return nil
			}
			return indexBundle(slices.Concat(system, []byte("\n"), text))
		}),
	}
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
		pem, err := ReadFile(f)
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
	if r.load != nil {
		go r.first()
	}
}

// first loads what a verification needs first. An error comes again in the
// verification.
func (r *Roots) first() {
	if r.bundle == nil || r.bundle() == nil {
		_, _ = r.Pool()
	}
}

// verify verifies the leaf of what a server showed. With quick it does not load all
// roots: when those that it has do not verify the leaf, partial says that others may.
func (r *Roots) verify(ctx context.Context, served []*x509.Certificate, quick bool) (chains [][]*x509.Certificate, partial bool, err error) {
	opts := x509.VerifyOptions{Intermediates: x509.NewCertPool(), CurrentTime: time.Now()}
	for _, cert := range served[1:] {
		opts.Intermediates.AddCert(cert)
	}
	with := func(roots *x509.CertPool) ([][]*x509.Certificate, error) {
		opts.Roots = roots
		return served[0].Verify(opts)
	}
	if r.load == nil {
		chains, err = with(r.pool)
		return chains, false, err
	}
	var b *bundle
	if r.bundle != nil {
		if b, err = within(ctx, func() (*bundle, error) { return r.bundle(), nil }); err != nil {
			return nil, false, err
		}
	}
	if b != nil || quick {
		if chains, err = with(b.pool(served)); err == nil || quick {
			return chains, err != nil, err
		}
	}
	pool, err := within(ctx, r.Pool)
	if err != nil {
		return nil, false, err
	}
	chains, err = with(pool)
	return chains, false, err
}

// within returns what f loads, which may hang on a dead disk, but never waits for it
// longer than ctx lasts. Every error is one of the configuration.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			r.err = fmt.Errorf("%w: trusted certificates: %w", report.ErrConfig, r.err)
		}
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("%w: the trusted certificates were not loaded in time, SSL_CERT_FILE or /etc/ssl", report.ErrConfig)
	}
}

// Pool returns the roots, loading them when that has not been done.
func (r *Roots) Pool() (*x509.CertPool, error) {
	if r.load == nil {
		return r.pool, nil
	}
	// Callers wait for the channel and not for the Once: testing/synctest takes only a
	// goroutine at a channel for one that waits.
	r.once.Do(func() {
		r.done = make(chan struct{})
		go func() {
			defer close(r.done)
			defer func() {
				if p := recover(); p != nil {
					r.err = fmt.Errorf("load trusted certificates: %v", p)
				}
			}()
			r.pool, r.err = r.load()
		}()
	})
	<-r.done
	return r.pool, r.err
}
