//go:build unix

package main_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/outputtest"
)

const (
	faultTimeout  = 2 * time.Second // -t where a case gives none
	faultPassword = "s3cret-Passw0rd"

	// The answer is promised 100 ms after -t at the latest. What is measured
	// here is the life of the whole process, start included, which takes some
	// 50 ms on a machine that does nothing else: hence the slack. Other tests
	// that run at the same time can make it a second; a run that took too long
	// is therefore repeated, alone among the cases, and the shortest of
	// faultTries counts.
	faultPromise = 100 * time.Millisecond
	faultSlack   = 300 * time.Millisecond
	faultTries   = 4

	// faultMemory bounds the resident memory of every run, whatever was sent.
	faultMemory = 64 << 20

	// faultsAtOnce bounds the cases under way: most of them only wait.
	faultsAtOnce = 8
)

// buildProgram builds the program for this test.
func buildProgram(t *testing.T) string {
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", dir, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return filepath.Join(dir, "check_imap_session")
}

// TestFaults runs the program against every script of testdata/faults, over TCP,
// once with -o json and once with the default output.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil || len(files) < 110 {
		t.Fatalf("%d cases, want at least 110 (%v)", len(files), err)
	}
	bench := newFaultBench(t, buildProgram(t))
	t.Cleanup(func() {
		t.Logf("%d cases, at most %d KiB of memory, in %s", len(files), bench.peak>>10, bench.peakOf)
	})
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			c, err := readFault(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Parallel()
			bench.slots <- struct{}{}
			defer func() { <-bench.slots }()
			bench.check(t, c)
		})
	}
}

// faultBench is what all cases share.
type faultBench struct {
	program string
	caFile  string
	tls     *tls.Config
	named   map[string]*tls.Config // for "tls NAME" in a script
	slots   chan struct{}
	alone   sync.Mutex // held by a run that is repeated

	mu     sync.Mutex
	peak   int64 // most memory of any run, and whose it was
	peakOf string
}

func newFaultBench(t *testing.T, program string) *faultBench {
	ca, other := certtest.Must(t, "Test Root"), certtest.Must(t, "Another Root")
	leaf := certtest.Leaf{CommonName: "imap.test", DNSNames: []string{"imap.test"}}
	with := func(ca *certtest.CA, change func(*certtest.Leaf)) *tls.Config {
		l := leaf
		change(&l)
		return &tls.Config{Certificates: []tls.Certificate{ca.Leaf(t, l)}}
	}
	day := 24 * time.Hour
	good := with(ca, func(*certtest.Leaf) {})
	tls11, client, client12 := good.Clone(), good.Clone(), good.Clone()
	tls11.MinVersion, tls11.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	client.ClientAuth = tls.RequireAndVerifyClientCert
	client12.ClientAuth, client12.MaxVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS12
	tls12 := good.Clone()
	tls12.MaxVersion = tls.VersionTLS12
	return &faultBench{
		program: program, caFile: ca.WriteFile(t, t.TempDir()), tls: good,
		named: map[string]*tls.Config{
			"expired": with(ca, func(l *certtest.Leaf) {
				l.NotBefore, l.NotAfter = time.Now().Add(-90*day), time.Now().Add(-2*day)
			}),
			"future": with(ca, func(l *certtest.Leaf) {
				l.NotBefore, l.NotAfter = time.Now().Add(2*day), time.Now().Add(90*day)
			}),
			"other-name":    with(ca, func(l *certtest.Leaf) { l.CommonName, l.DNSNames = "mail.test", []string{"mail.test"} }),
			"other-root":    with(other, func(*certtest.Leaf) {}),
			"self-signed":   with(ca, func(l *certtest.Leaf) { l.SelfSigned = true }),
			"hostile-name":  with(other, func(l *certtest.Leaf) { l.CommonName = "x|y=1 [OK]\n<b>\u202e" }),
			"tls1.1":        tls11,
			"tls1.2":        tls12,
			"client-cert":   client,
			"client-cert12": client12,
		},
		slots: make(chan struct{}, faultsAtOnce),
	}
}

// faultRun is one run of the program.
type faultRun struct {
	code   int
	out    []byte
	stderr string
	took   time.Duration
	memory int64 // most resident bytes
}

// check runs a case in both formats at the same time.
func (b *faultBench) check(t *testing.T, c *faultCase) {
	srv, err := imaptest.Listen(c.script, imaptest.Options{TLS: b.tls, TLSConfigs: b.named, Capabilities: c.offers()})
	if err != nil {
		t.Fatal(err)
	}
	if c.noListen {
		srv.Close()
	}
	args := c.arguments(strconv.Itoa(srv.Port()), b.caFile)
	var wg sync.WaitGroup
	var asJSON, asText faultRun
	var errs [2]error
	wg.Go(func() { asJSON, errs[0] = b.runInTime(c, srv, append(slices.Clone(args), "-o", "json")) })
	wg.Go(func() { asText, errs[1] = b.runInTime(c, srv, args) })
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	if err := srv.Close(); err != nil {
		t.Errorf("%v; the server got %q", err, srv.Received())
	}
	first, _, _ := strings.Cut(string(asText.out), "\n")
	t.Log(first)
	b.checkRun(t, c, asJSON)
	b.checkRun(t, c, asText)
	if err := outputtest.Plugin(asText.out, asText.code); err != nil {
		t.Errorf("default output: %v", err)
	}
	if asText.code != asJSON.code {
		t.Errorf("exit %d with the default output, %d with JSON", asText.code, asJSON.code)
	}
	rep, err := outputtest.JSON(asJSON.out, asJSON.code)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range c.compare(rep) {
		t.Error(problem)
	}
	for _, line := range srv.Received() {
		for _, word := range c.unsent {
			if strings.Contains(line, word) {
				t.Errorf("the server got %q", line)
			}
		}
	}
	if t.Failed() {
		t.Logf("%q\n%s\n%s", args, asJSON.out, asText.out)
	}
}

// offers are the capabilities of the case's server.
func (c *faultCase) offers() string {
	if c.capabilities == "" && c.tls == "starttls" {
		return "IMAP4rev1 STARTTLS SASL-IR LITERAL+ AUTH=PLAIN"
	}
	return c.capabilities
}

// runInTime runs the program, again when it took too long.
func (b *faultBench) runInTime(c *faultCase, srv *imaptest.Server, args []string) (faultRun, error) {
	r, err := b.run(c, srv, args)
	for try := 1; try < faultTries && err == nil && r.took > c.limit(); try++ {
		b.alone.Lock()
		r, err = b.run(c, srv, args)
		b.alone.Unlock()
	}
	return r, err
}

// limit is how long a run may take.
func (c *faultCase) limit() time.Duration {
	if c.max > 0 {
		return c.max + faultSlack
	}
	return c.timeout() + faultPromise + faultSlack
}

func (b *faultBench) run(c *faultCase, srv *imaptest.Server, args []string) (faultRun, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout()+10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.program, args...)
	cmd.Env = []string{"CHECK_IMAP_SESSION_PASSWORD=" + faultPassword}
	if c.noAccount {
		cmd.Env = []string{"HOME=/nonexistent"} // not empty: that would be ours
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return faultRun{}, err
	}
	if c.signal != "" {
		go signalBoth(ctx, srv, c.signal, cmd.Process)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return faultRun{}, err
	}
	r := faultRun{code: cmd.ProcessState.ExitCode(), out: stdout.Bytes(), stderr: stderr.String(), took: time.Since(start)}
	r.memory = faultMaxRSS(cmd.ProcessState)
	return r, nil
}

// signalBoth ends a process once both runs of the case have sent a line with
// word in it.
func signalBoth(ctx context.Context, srv *imaptest.Server, word string, p *os.Process) {
	for ctx.Err() == nil {
		sent := 0
		for _, line := range srv.Received() {
			if strings.Contains(line, word) {
				sent++
			}
		}
		if sent >= 2 {
			p.Signal(syscall.SIGTERM)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// checkRun checks what holds for every run.
func (b *faultBench) checkRun(t *testing.T, c *faultCase, r faultRun) {
	t.Helper()
	if r.took > c.limit() {
		t.Errorf("took %v, want at most %v with a slack of %v", r.took, c.limit(), faultSlack)
	}
	if r.stderr != "" {
		t.Errorf("stderr: %q", r.stderr)
	}
	if r.memory > faultMemory {
		t.Errorf("%d MiB of memory, want at most %d", r.memory>>20, faultMemory>>20)
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00" + faultPassword))
	for _, secret := range []string{faultPassword, base64.StdEncoding.EncodeToString([]byte(faultPassword)), plain} {
		if bytes.Contains(r.out, []byte(secret)) {
			t.Errorf("a secret in the output: %s", r.out)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.memory > b.peak {
		b.peak, b.peakOf = r.memory, t.Name()
	}
}

// compare returns what is wrong with a report.
func (c *faultCase) compare(r *outputtest.Report) []string {
	var problems []string
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	got := []string{r.State}
	var f outputtest.Finding
	if len(r.Findings) > 0 {
		f = r.Findings[0]
		step := f.Step
		if step == "" {
			step = "-"
		}
		got = append(got, f.Kind, step)
	}
	if !slices.Equal(got, c.want) {
		wrong("verdict %q, want %q: %s, server said %q", got, c.want, f.Text, f.Server)
	}
	contains := func(what, got string, want []string) {
		for _, w := range want {
			if !strings.Contains(got, w) {
				wrong("%s is %q, want %q in it", what, got, w)
			}
		}
	}
	contains("text", f.Text, c.text)
	contains("server", f.Server, c.server)
	contains("advice", f.Advice, c.advice)
	var remarks []string
	for _, rem := range r.Remarks {
		remarks = append(remarks, rem.Text)
	}
	contains("remarks", strings.Join(remarks, "\n"), c.remark)
	for _, want := range c.detail {
		step, text, _ := strings.Cut(want, " ")
		for _, s := range r.Steps {
			if s.Name == step {
				contains("detail of "+step, s.Detail, []string{text})
			}
		}
	}
	for _, want := range c.outcome {
		step, outcome, _ := strings.Cut(want, "=")
		if got := r.Outcome(step); got != outcome {
			wrong("outcome of %s is %q, want %q", step, got, outcome)
		}
	}
	for _, want := range c.metric {
		name, value, _ := strings.Cut(want, "=")
		got, ok := r.Metric(name)
		if v, err := strconv.ParseFloat(value, 64); err != nil || !ok || got != v {
			wrong("%s is %v (measured: %v), want %s", name, got, ok, value)
		}
	}
	for _, name := range c.absent {
		if v, ok := r.Metric(name); ok {
			wrong("%s is %v, want none", name, v)
		}
	}
	return problems
}

// faultMaxRSS is an upper bound of the resident memory of a process that has
// ended, 0 where none is known. Linux counts for a child what its parent had
// resident when it started it. A number beyond the limit and no larger than our
// own is ours: the tests themselves take that much under the race detector.
func faultMaxRSS(s *os.ProcessState) int64 {
	var own syscall.Rusage
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok || syscall.Getrusage(syscall.RUSAGE_SELF, &own) != nil {
		return 0
	}
	if usage.Maxrss<<10 > faultMemory && usage.Maxrss <= own.Maxrss {
		return 0
	}
	return usage.Maxrss << 10
}
