package systemtest

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/app"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/outputtest"
	"check_imap_session/internal/session"
)

const (
	faultTimeout  = 2 * time.Second // -t where a case gives none
	faultPassword = "s3cret-Passw0rd"

	// faultMemory bounds the resident memory of a process, whatever was sent.
	faultMemory = 64 << 20

	// faultHang is when a process has hung. The time of -t is held to the
	// millisecond on the virtual clock; on the real one it depends on what else
	// the machine does.
	faultHang = 3 * time.Second
)

// TestFaults runs the program against every script of testdata/faults, once with
// -o json and once with the default output: on the clock of a synctest bubble,
// over a connection in memory. Cases that need one are processes, see faultCase.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil || len(files) < 520 {
		t.Fatalf("%d cases, want at least 520 (%v)", len(files), err)
	}
	var virtual certificates
	synctest.Test(t, func(t *testing.T) { virtual = newCertificates(t) })
	virtual, real := virtual.write(t), newCertificates(t).write(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			c, err := readFault(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Parallel()
			run := virtual.bubble
			if c.process {
				run = real.process
			}
			c.check(t, run)
		})
	}
}

// faultRun is one run of the program.
type faultRun struct {
	result
	took time.Duration
	sent []string // what the server got, once it has got everything
}

// check runs a case in both formats, each time by run.
func (c *faultCase) check(t *testing.T, run func(*testing.T, *faultCase, ...string) faultRun) {
	asJSON, asText := run(t, c, "-o", "json"), run(t, c)
	for _, r := range []faultRun{asJSON, asText} {
		c.checkRun(t, r)
	}
	if asText.code != asJSON.code {
		t.Errorf("exit %d with the default output, %d with JSON", asText.code, asJSON.code)
	}
	for _, problem := range c.compare(asJSON.Report) {
		t.Error(problem)
	}
	if t.Failed() {
		t.Logf("%s\n%s", asJSON.out, asText.out)
	}
}

// checkRun checks what holds for every run.
func (c *faultCase) checkRun(t *testing.T, r faultRun) {
	t.Helper()
	limit := c.timeout()
	if c.max > 0 {
		limit = c.max
	}
	if c.process {
		limit += faultHang
	}
	if timedOut := slices.Contains(c.want, "timeout") && !c.process; r.took > limit || timedOut && r.took < limit {
		t.Errorf("took %v, want %v and not less: %t", r.took, limit, timedOut)
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00" + faultPassword))
	for _, secret := range []string{faultPassword, base64.StdEncoding.EncodeToString([]byte(faultPassword)), plain} {
		if strings.Contains(r.out, secret) {
			t.Errorf("a secret in the output: %s", r.out)
		}
	}
	for _, words := range c.unsaid {
		if strings.Contains(r.out, words) {
			t.Errorf("%q in the output: %s", words, r.out)
		}
	}
	for _, line := range r.sent {
		for _, word := range c.unsent {
			if strings.Contains(line, word) {
				t.Errorf("the server got %q", line)
			}
		}
	}
}

// options are those of the case's server.
func (c *faultCase) options(s certificates) imaptest.Options {
	o := imaptest.Options{TLS: s.tls, TLSConfigs: s.named, Capabilities: c.capabilities, Record: &imaptest.Record{}}
	if c.capabilities == "" && c.tls == "starttls" {
		o.Capabilities = "IMAP4rev1 STARTTLS SASL-IR LITERAL+ AUTH=PLAIN"
	}
	return o
}

// bubble runs a case on the virtual clock.
func (s certificates) bubble(t *testing.T, c *faultCase, format ...string) (r faultRun) {
	t.Helper()
	o := c.options(s)
	synctest.Test(t, func(t *testing.T) {
		e := app.Env{Getenv: c.environment().get, Session: func(conf *session.Config) { conf.Dial.Dial = scripted(t, c.script, o) }}
		began := time.Now()
		r.result = runIn(t, e, append(c.arguments("143", s.caFile), format...)...)
		r.took = time.Since(began)
	})
	r.sent = o.Record.Received()
	return r
}

func (c *faultCase) environment() environment {
	if c.noAccount {
		return nil
	}
	return password(faultPassword)
}

// process runs a case as a process, over TCP.
func (s certificates) process(t *testing.T, c *faultCase, format ...string) faultRun {
	t.Helper()
	skipUnderRace(t)
	srv := imaptest.Serve(t, c.script, c.options(s))
	if c.noListen {
		srv.Close()
	}
	cmd := program(t, append(c.arguments(strconv.Itoa(srv.Port()), s.caFile), format...)...)
	peak := filepath.Join(cmd.Dir, "peak")
	cmd.Env = append(cmd.Env, peakVariable+"="+peak)
	for name, value := range c.environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if len(format) > 0 { // the bound on memory holds in one run without Go's own
		cmd.Env = append(cmd.Env, "GOGC=off")
	}
	began := time.Now()
	wait := start(t, cmd)
	if c.signal != "" {
		received(t, srv, c.signal)
		cmd.Process.Signal(syscall.SIGTERM)
	}
	r := faultRun{result: wait(), took: time.Since(began)}
	text, _ := os.ReadFile(peak)
	if kib, err := strconv.Atoi(string(text)); runtime.GOOS == "linux" && (err != nil || kib<<10 > faultMemory) {
		t.Errorf("%s KiB of memory, want at most %d MiB", text, faultMemory>>20)
	}
	srv.Close()
	r.sent = srv.Received()
	return r
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
	contains("summary", r.Summary, c.summary)
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
