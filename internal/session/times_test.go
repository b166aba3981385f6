package session

import (
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

const delay = 300 * time.Millisecond

// TestTimes delays exactly one step: that step and the whole run show it, no
// other step does, to the microsecond.
func TestTimes(t *testing.T) {
	const bare = "S: * OK ready\n"
	for _, tt := range []struct {
		step   string
		mode   TLSMode
		script string
		change func(*rig)
	}{
		{step: "dns", mode: TLSNone, script: bare + "serve", change: func(b *rig) { b.dns = delay }},
		{step: "connect", mode: TLSNone, script: bare + "serve", change: func(b *rig) { b.tcp = delay }},
		{step: "tls", mode: TLSImplicit, script: "wait 300ms\ntls\n" + bare + "serve", change: func(b *rig) { b.opts.ImplicitTLS = false }},
		{step: "tls", mode: TLSStart, script: bare + "serve STARTTLS\nS: {tag} OK go\nwait 300ms\ntls\nserve"},
		{step: "greeting", mode: TLSNone, script: "wait 300ms\n" + bare + "serve"},
		{step: "greeting", mode: TLSImplicit, script: "wait 300ms\n" + bare + "serve"},
		{step: "starttls", mode: TLSStart, script: bare + "delay STARTTLS 300ms\nserve"},
		{step: "capability", mode: TLSNone, script: bare + "delay CAPABILITY 300ms\nserve"},
		{step: "capability", mode: TLSStart, script: bare + "delay CAPABILITY 300ms\nserve"},
		{step: "login", mode: TLSNone, script: bare + "delay LOGIN 300ms\nserve"},
		{step: "login", mode: TLSImplicit, script: bare + "delay AUTHENTICATE 300ms\nserve", change: func(b *rig) { b.cfg.Auth = "plain" }},
		{step: "list", mode: TLSImplicit, script: bare + "delay LIST 300ms\nserve"},
		{step: "select", mode: TLSNone, script: bare + "delay EXAMINE 300ms\nserve"},
		{step: "fetch", mode: TLSStart, script: bare + "delay FETCH 300ms\nserve"},
		{step: "logout", mode: TLSImplicit, script: bare + "delay LOGOUT 300ms\nserve"},
	} {
		bubble(t, string(tt.mode)+"/"+tt.step, func(t *testing.T) {
			b := newRig(t, tt.mode)
			if tt.change != nil {
				tt.change(b)
			}
			r := b.pass(t, tt.script)
			for _, m := range r.Metrics {
				if m.Def.Unit != report.Seconds || m.Def.Name == report.MessageAge {
					continue
				}
				want := 0.0
				if m.Def.Name == report.Time || m.Def.Name == report.StepTime(tt.step) {
					want = delay.Seconds()
				}
				if m.Value != want {
					t.Errorf("%s = %v, want %v", m.Def.Name, m.Value, want)
				}
			}
			if _, ok := r.Metric(report.StepTime(tt.step)); !ok {
				t.Errorf("no %s", report.StepTime(tt.step))
			}
		})
	}
}

// TestCommands counts what goes over the wire: the plan, and nothing else.
func TestCommands(t *testing.T) {
	const all = "LIST EXAMINE FETCH LOGOUT"
	for _, tt := range []struct {
		name   string
		mode   TLSMode
		script string
		change func(*rig)
		want   string
	}{
		{"nothing volunteered", TLSNone, "S: * OK ready\nserve", nil, "CAPABILITY LOGIN " + all},
		{"volunteered", TLSImplicit, "greet\nserve", nil, "LOGIN " + all},
		{"starttls", TLSStart, "S: * OK ready\nserve", nil, "STARTTLS CAPABILITY LOGIN " + all},
		{"starttls offered", TLSStart, "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nserve", nil, "STARTTLS CAPABILITY LOGIN " + all},
		{"no capabilities behind login", TLSNone, answering("LOGIN"), nil, "LOGIN " + all},
		{"plain with initial response", TLSImplicit, "greet\nserve", func(b *rig) { b.cfg.Auth = "plain" }, "AUTHENTICATE " + all},
		{"no account", TLSNone, "S: * OK ready\nserve", func(b *rig) { b.cfg.Auth = "none" }, "CAPABILITY LOGOUT"},
		{"until greeting", TLSNone, "S: * OK ready\nserve", func(b *rig) { b.cfg.Until = "greeting" }, "LOGOUT"},
		{"until list", TLSNone, "greet\nserve", func(b *rig) { b.cfg.Until = "list" }, "LOGIN LIST LOGOUT"},
		{"skip list", TLSNone, "greet\nserve", func(b *rig) { b.cfg.Skip = set("list") }, "LOGIN EXAMINE FETCH LOGOUT"},
		{"skip select", TLSNone, "greet\nserve", func(b *rig) { b.cfg.Skip = set("select") }, "LOGIN LIST LOGOUT"},
		{"read-write", TLSNone, "greet\nserve", func(b *rig) { b.cfg.ReadWrite = true }, "LOGIN LIST SELECT FETCH LOGOUT"},
		{"uid", TLSNone, "greet\nserve", func(b *rig) { b.cfg.Message = MessageSelector{UID: 1001} }, "LOGIN LIST EXAMINE UID LOGOUT"},
		{"preauth", TLSNone, "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\nserve", nil, all},
		{"STATUS before the mailbox is open", TLSNone, "greet\nserve", func(b *rig) { b.cfg.With = set("status") }, "LOGIN CAPABILITY LIST STATUS EXAMINE SEARCH FETCH LOGOUT"},
		{"empty mailbox", TLSNone, answering("EXAMINE", "0 EXISTS"), nil, "LOGIN LIST EXAMINE LOGOUT"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, tt.mode)
			if tt.change != nil {
				tt.change(b)
			}
			r := b.pass(t, tt.script)
			synctest.Wait()
			if got := strings.Join(b.verbs(), " "); got != tt.want {
				t.Errorf("commands %q, want %q", got, tt.want)
			}
			b.checkExplanation(t, r)
		})
	}
}

// TestSilence lets the server fall silent at each step: the run ends with the
// time, the step is named, what was measured before is there.
func TestSilence(t *testing.T) {
	const limit = 2 * time.Second
	for _, tt := range []struct {
		step   string
		mode   TLSMode
		script string
		last   string // the last metric that must be there
	}{
		{"tls", TLSImplicit, "hold", "time_connect"},
		{"greeting", TLSNone, "hold", "time_connect"},
		{"greeting", TLSImplicit, "hold", "time_tls"},
		{"starttls", TLSStart, "S: * OK ready\nserve STARTTLS\nhold", "time_greeting"},
		{"tls", TLSStart, "S: * OK ready\nserve STARTTLS\nS: {tag} OK go\nhold", "time_starttls"},
		{"capability", TLSNone, "S: * OK ready\nserve CAPABILITY\nhold", "time_greeting"},
		{"login", TLSNone, "greet\nserve LOGIN\nhold", "time_greeting"},
		{"login", TLSNone, "greet\nserve LOGIN\nforever 200ms S: * OK still working", "time_greeting"},
		{"list", TLSImplicit, "greet\nserve LIST\nhold", "time_login"},
		{"select", TLSNone, "greet\nserve EXAMINE\nhold", "time_list"},
		{"fetch", TLSNone, "greet\nserve FETCH\nhold", "time_select"},
		{"fetch", TLSNone, "greet\nserve FETCH\nchunk 1 1s\nS: * 42 FETCH (FLAGS ())\nhold", "time_select"},
		{"fetch", TLSNone, "greet\nserve FETCH\nraw \"* 42 FETCH (BODY[HEADER] {100}\\r\\nabc\"\nhold", "time_select"},
	} {
		bubble(t, string(tt.mode)+"/"+tt.step, func(t *testing.T) {
			b := newRig(t, tt.mode)
			b.opts.ImplicitTLS = tt.mode == TLSImplicit && tt.step != "tls"
			b.limit = limit
			r := b.run(t, tt.script)
			e := r.Failure()
			if e == nil || e.Step != tt.step || e.Err != report.ErrTimeout {
				t.Fatalf("failure %+v, want a timeout of %s", e, tt.step)
			}
			if e.Waiting == "" {
				t.Error("nothing says what was waited for")
			}
			if r.Elapsed < limit || r.Elapsed > limit+grace {
				t.Errorf("ended after %v, want %v", r.Elapsed, limit)
			}
			if _, ok := r.Metric(tt.last); !ok {
				t.Errorf("%s is missing in %v", tt.last, r.Metrics)
			}
			if _, ok := r.Metric(report.StepTime(tt.step)); ok {
				t.Errorf("%s has a time although it did not finish", tt.step)
			}
		})
	}
}

// TestSilentLogout costs two seconds and nothing else.
func TestSilentLogout(t *testing.T) {
	for _, limit := range []time.Duration{8 * time.Second, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.limit = limit
			r := b.run(t, "greet\nserve LOGOUT\nhold")
			want := min(logoutTimeout, limit-logoutReserve)
			if r.Elapsed != want {
				t.Errorf("limit %v: took %v, want %v", limit, r.Elapsed, want)
			}
			if e := r.Failure(); e == nil || e.Step != "logout" {
				t.Errorf("limit %v: failure %v, want one of logout", limit, e)
			}
		})
	}
}

// TestInterrupt ends the run at once, naming what was waited for.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.limit = time.Hour
		b.interrupt = time.Second
		r := b.run(t, "greet\nserve EXAMINE\nhold")
		e := r.Failure()
		if e == nil || e.Err != report.ErrInterrupted || e.Step != "select" || e.Waiting == "" {
			t.Fatalf("failure %+v, want interrupted at select", e)
		}
		if r.Elapsed > time.Second+grace {
			t.Errorf("took %v, want 1 s", r.Elapsed)
		}
		if !slices.ContainsFunc(r.Steps, func(s report.StepResult) bool { return s.Name == "fetch" && s.Outcome == report.NotReached }) {
			t.Errorf("steps %v, want fetch not reached", r.Steps)
		}
	})
}

// TestNoTimeBetweenSteps lets trusted certificates load slowly: every moment of
// the run belongs to a step, also where --insecure needs them for words only.
func TestNoTimeBetweenSteps(t *testing.T) {
	for _, tt := range []struct {
		name     string
		insecure bool
		trusted  bool
		tls      time.Duration
	}{
		{"verified", false, true, delay},
		{"insecure, trusted", true, true, 0},
		{"insecure, not trusted", true, false, 0},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSImplicit)
			roots := b.cfg.Cert.Roots
			b.cfg.Cert.Insecure = tt.insecure
			b.cfg.Cert.Roots = dial.RootsFrom(func() (*x509.CertPool, error) {
				time.Sleep(delay)
				if !tt.trusted {
					return x509.NewCertPool(), nil
				}
				return roots.Pool()
			})
			began := time.Now()
			r := b.pass(t, "greet\nserve")
			var sum time.Duration
			for _, s := range r.Steps {
				sum += s.Elapsed
			}
			if sum != r.Elapsed || r.Elapsed != tt.tls || r.Step("tls").Elapsed != tt.tls {
				t.Errorf("steps %v, tls %v, run %v, want %v", sum, r.Step("tls").Elapsed, r.Elapsed, tt.tls)
			}
			if took := time.Since(began); took != delay {
				t.Errorf("took %v, want %v", took, delay)
			}
			if r.Fact("certificate_verified") != tt.trusted || (len(r.Remarks) > 0) == tt.trusted {
				t.Errorf("verified: %v, remarks %v, want %t", r.Fact("certificate_verified"), r.Remarks, tt.trusted)
			}
			days := 0
			for _, m := range r.Metrics {
				if m.Def.Name == report.CertificateDays {
					days++
				}
			}
			if days != 1 {
				t.Errorf("%d values of certificate_days, want 1", days)
			}
		})
	}
}

// slow is a connection on which every write takes a while.
type slow struct {
	net.Conn
	each   time.Duration
	writes int
}

func (c *slow) Write(p []byte) (int, error) {
	c.writes++
	time.Sleep(c.each)
	return c.Conn.Write(p)
}

// TestStepsAddUp runs every step there is: each moment of the run belongs to one.
func TestStepsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, TLSNone)
		b.cfg.With, b.limit = everyOptional(), time.Minute
		b.cfg.Search, _ = ParseCriteria("SEEN")
		b.opts.Capabilities = everyCapability()
		conn := &slow{each: delay}
		b.wrap = func(nc net.Conn) net.Conn { conn.Conn = nc; return conn }
		r := b.pass(t, "greet\nserve")
		var sum time.Duration
		for _, s := range r.Steps {
			if sum += s.Elapsed; s.Planned != "" && s.Outcome == report.Passed && s.Elapsed < delay {
				t.Errorf("%s took %v, want at least %v", s.Name, s.Elapsed, delay)
			}
		}
		if want := time.Duration(conn.writes) * delay; sum != want || r.Elapsed != want {
			t.Errorf("the steps took %v and the run %v, want %v", sum, r.Elapsed, want)
		}
	})
}

// TestByeEndsTheStep leaves the connection open behind BYE: the wait for more is ours,
// and in the time of neither the step nor the run. A BYE shortly before the time is up
// is a BYE.
func TestByeEndsTheStep(t *testing.T) {
	for _, tt := range []struct {
		step, verb string
		wait       time.Duration
	}{
		{"capability", "CAPABILITY", delay},
		{"login", "LOGIN", delay},
		{"list", "LIST", delay},
		{"select", "EXAMINE", delay},
		{"fetch", "FETCH", delay},
		{"list", "LIST", 7500 * time.Millisecond},
		{"logout", "LOGOUT", delay},
	} {
		bubble(t, tt.step, func(t *testing.T) {
			b := newRig(t, TLSNone)
			r := b.run(t, "S: * OK ready\nserve "+tt.verb+"\nwait "+tt.wait.String()+"\nS: * BYE down\nhold")
			e := r.Failure()
			if e == nil || e.Step != tt.step || !errors.Is(e.Err, report.ErrBye) {
				t.Fatalf("failure %+v, want a BYE at %s", e, tt.step)
			}
			if step := r.Step(tt.step).Elapsed; step != tt.wait || r.Elapsed != tt.wait {
				t.Errorf("the step took %v and the run %v, want %v", step, r.Elapsed, tt.wait)
			}
		})
	}
}
