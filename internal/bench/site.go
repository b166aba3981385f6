package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	ours     = "check_imap_session"
	userName = "alice"
	password = "secret"
)

// site is everything a measurement needs: a running server, and the programs.
type site struct {
	dir          string // temporary; removed by close
	tls          *tls.Config
	server       *server // TLS
	caFile       string
	passwordFile string
	systemRoots  []string // environment that trusts the system's roots and ours; nil when the system has none
}

// newSite starts the server and builds the Go programs.
func newSite(ctx context.Context) (_ *site, err error) {
	s := &site{}
	if s.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	root, certificate, err := issue(time.Now())
	if err != nil {
		return nil, err
	}
	s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.caFile, s.passwordFile = filepath.Join(s.dir, "ca.pem"), filepath.Join(s.dir, "password")
	if err := errors.Join(os.WriteFile(s.caFile, root, 0o644), os.WriteFile(s.passwordFile, []byte(password+"\n"), 0o600)); err != nil {
		return nil, err
	}
	if err := s.addRoot(root); err != nil {
		return nil, fmt.Errorf("copy the system's roots: %w", err)
	}
	for name, pkg := range map[string]string{
		ours: "cmd/" + ours, "floor": "internal/bench/floor", "bare": "internal/bench/bare", "launch": "internal/bench/launch",
	} {
		if err := build(ctx, "check_imap_session/"+pkg, s.path(name)); err != nil {
			return nil, err
		}
	}
	s.server, err = newServer(s.tls, flood{}, nil)
	return s, err
}

// path returns where a built program is.
func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// close ends the server and removes all files.
func (s *site) close() {
	if s.server != nil {
		s.server.close()
	}
	if err := os.RemoveAll(s.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// build builds a static, stripped program, as releases are, and copies it, as
// cp and dpkg do. A file that the linker has just written costs up to a tenth
// more CPU when it runs, and a file written in one piece is mapped in larger
// parts, which takes more memory and less CPU.
func build(ctx context.Context, pkg, out string) error {
	linked := out + ".linked"
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", linked, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	r, err := os.Open(linked)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	// Without the wrapper the kernel would copy the file in one piece.
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, 64<<10))
	return errors.Join(err, w.Close(), os.Remove(linked))
}

// addRoot copies the system's bundle of roots and adds one root. Go then reads
// a bundle and a folder of the same size as it does by default.
func (s *site) addRoot(root []byte) error {
	const folder = "/etc/ssl/certs" // Debian
	bundle, err := os.ReadFile(folder + "/ca-certificates.crt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	file := filepath.Join(s.dir, "bundle.pem")
	s.systemRoots = []string{"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + folder}
	return errors.Join(err, os.WriteFile(file, append(bundle, root...), 0o644))
}
