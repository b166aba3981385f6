//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// site is all that a measurement needs: a running server, and programs.
type site struct {
	dir          string // temporary
	server       *dovecot
	caFile       string
	passwordFile string
	certificates certificates
	systemRoots  []string // environment in which the system's roots and ours are trusted; nil where the system has none
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
	// The mail server's user must come in.
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return nil, err
	}
	if s.certificates, err = issue(time.Now()); err != nil {
		return nil, err
	}
	s.caFile, s.passwordFile = filepath.Join(s.dir, "ca.pem"), filepath.Join(s.dir, "password")
	if err := errors.Join(os.WriteFile(s.caFile, s.certificates.root, 0o644), os.WriteFile(s.passwordFile, []byte(password+"\n"), 0o600)); err != nil {
		return nil, err
	}
	if err := s.copyRoots(s.certificates.root); err != nil {
		return nil, fmt.Errorf("copy the system's roots: %w", err)
	}
	for name, pkg := range map[string]string{
		ours: mainPackage, "floor": "./bench/floor", "bare": "./bench/bare", "goimap": "./bench/goimap", "launch": "./bench/launch",
	} {
		if err := build(ctx, pkg, s.path(name)); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(s.dir, "dovecot")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	s.server, err = startDovecot(ctx, dir, s.certificates)
	return s, err
}

// ours is the name of the program that all this is about.
const ours = "check_imap_session"

// path is where a built program is.
func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// close ends the server and removes all files.
func (s *site) close() {
	if s.server != nil {
		s.server.stop()
	}
	if err := os.RemoveAll(s.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// build builds a static, stripped program, as releases are, and installs it. What
// the linker has just written is not measured: it writes here and there, and a
// program in such a file takes up to a tenth more processor time until the file
// is read again from disk.
func build(ctx context.Context, pkg, out string) error {
	linked := out + ".linked"
	if err := goBuild(ctx, "-ldflags", "-s -w", "-o", linked, pkg); err != nil {
		return err
	}
	return errors.Join(install(linked, out), os.Remove(linked))
}

// install copies a program, in pieces as cp and dpkg do: a file of one piece is
// mapped in larger stretches, which is faster and takes more memory.
func install(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, 64<<10))
	return errors.Join(err, w.Close())
}

func goBuild(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	return nil
}

// systemCerts is where Debian keeps the system's roots: each in a file, with
// links to them by their hash, and all of them in one bundle.
const systemCerts = "/etc/ssl/certs"

// copyRoots copies the system's roots as they are and adds one to the bundle.
// Go then reads the same files as by default, which is bundle and folder both.
func (s *site) copyRoots(root []byte) error {
	const bundle = "ca-certificates.crt"
	if _, err := os.Stat(filepath.Join(systemCerts, bundle)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	entries, err := os.ReadDir(systemCerts)
	if err != nil {
		return err
	}
	to := filepath.Join(s.dir, "certs")
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(systemCerts, e.Name()), filepath.Join(to, e.Name())
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(from)
			if err := errors.Join(err, os.Symlink(target, to)); err != nil {
				return err
			}
			continue
		}
		if !e.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(from)
		if e.Name() == bundle {
			text = append(text, root...)
		}
		if err := errors.Join(err, os.WriteFile(to, text, 0o644)); err != nil {
			return err
		}
	}
	s.systemRoots = []string{"SSL_CERT_FILE=" + filepath.Join(to, bundle), "SSL_CERT_DIR=" + to}
	return nil
}

// environment is what every program gets: the user's but for what would change
// what is measured.
func environment(more []string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "SSL_CERT_") && !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "CHECK_IMAP_SESSION_") {
			env = append(env, v)
		}
	}
	return append(env, more...)
}
