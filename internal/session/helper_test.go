package session

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/certtest"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// bubble runs a test of that name on the clock of testing/synctest.
func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// rig is a session against a script, for use inside a synctest bubble.
type rig struct {
	cfg    Config
	opts   imaptest.Options
	record *imaptest.Record
	dns    time.Duration // what the resolver takes
	tcp    time.Duration // what the connect takes
	limit  time.Duration // for the whole run

	wrap      func(net.Conn) net.Conn // around the client's end; nil for nothing
	interrupt time.Duration           // when a signal comes; 0 means never
}

// newRig returns a rig whose configuration logs in without TLS.
func newRig(t *testing.T, mode TLSMode) *rig {
	t.Helper()
	b := &rig{limit: 8 * time.Second}
	b.cfg = Config{
		Dial:           dial.Config{Host: "imap.test", Port: 143},
		TLS:            mode,
		Auth:           auth.Auto,
		ListPattern:    "*",
		Mailbox:        "INBOX",
		Fetch:          FetchHeaders,
		Username:       "alice",
		Password:       secret.New("s3cret-word"),
		AllowPlaintext: true,
	}
	b.cfg.Cert.ServerName = b.cfg.Dial.Host
	if mode != TLSNone {
		ca := certtest.Must(t, "Test Root")
		leaf := ca.Leaf(t, certtest.Leaf{CommonName: "imap.test", DNSNames: []string{"imap.test"}})
		b.opts.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
		b.opts.ImplicitTLS = mode == TLSImplicit
		b.cfg.Cert.Roots = dial.RootsOf(ca.Pool())
	}
	return b
}

// run runs the session against the script.
func (b *rig) run(t *testing.T, script string) *report.Report {
	t.Helper()
	b.cfg.Dial.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
		time.Sleep(b.dns)
		return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil
	}
	b.cfg.Dial.Dial = func(context.Context, string, string) (net.Conn, error) {
		time.Sleep(b.tcp)
		client, record := imaptest.Pipe(t, script, b.opts)
		b.record = record
		if b.wrap != nil {
			return b.wrap(client), nil
		}
		return client, nil
	}
	ctx, interrupt := context.WithCancelCause(context.Background())
	defer interrupt(nil)
	if b.interrupt > 0 {
		time.AfterFunc(b.interrupt, func() { interrupt(report.ErrInterrupted) })
	}
	ctx, cancel := context.WithTimeoutCause(ctx, b.limit, report.ErrTimeout)
	defer cancel()
	b.cfg.Timeout = b.limit
	plan := mustPlan(t, b.cfg)
	return Run(ctx, b.cfg, plan)
}

// pass runs a session that must not fail.
func (b *rig) pass(t *testing.T, script string) *report.Report {
	t.Helper()
	r := b.run(t, script)
	if e := r.Failure(); e != nil {
		t.Fatalf("failed: %v (reply %v, said %q)", e, e.Reply, e.Said)
	}
	return r
}

// answering is a healthy server that answers the first command of that verb with these
// untagged rows, "42 EXISTS", and OK.
func answering(verb string, rows ...string) string {
	script := "greet\nserve " + verb + "\n"
	for _, row := range rows {
		script += "S: * " + row + "\n"
	}
	return script + "S: {tag} OK done\nserve"
}

// verbs returns the first words of the commands that were sent.
func (b *rig) verbs() []string {
	var out []string
	for _, line := range b.record.Received() {
		out = append(out, verbOf(line))
	}
	return out
}

// sent returns the commands that were sent, without their tags and without those of
// the verbs.
func (b *rig) sent(except ...string) []string {
	synctest.Wait()
	var out []string
	for _, line := range b.record.Received() {
		if _, command, _ := strings.Cut(line, " "); !slices.Contains(except, verbOf(line)) {
			out = append(out, command)
		}
	}
	return out
}

// verbOf returns the word behind the tag of a command.
func verbOf(line string) string {
	words := strings.Fields(line)
	if len(words) < 2 {
		return line
	}
	return words[1]
}

// checkFault wants one fault with these words in it, "" for none.
func checkFault(t *testing.T, r *report.Report, want string) {
	t.Helper()
	var faults []string
	for _, f := range r.Faults {
		faults = append(faults, f.Error())
	}
	if len(faults) > 1 || want == "" && len(faults) > 0 || !strings.Contains(strings.Join(faults, ""), want) {
		t.Errorf("faults %q, want %q", faults, want)
	}
}

func mustPlan(t *testing.T, c Config) []Step {
	t.Helper()
	plan, err := Plan(c)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// set makes the values of Config.With and Config.Skip.
func set(names ...string) map[string]bool {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	return all
}

// The changes that tables make to a configuration.

func both(changes ...func(*Config)) func(*Config) {
	return func(c *Config) {
		for _, change := range changes {
			change(c)
		}
	}
}

func skips(steps ...string) func(*Config) {
	return func(c *Config) { c.Skip = set(steps...) }
}

// asks sets a threshold on each of the metrics.
func asks(metrics ...string) func(*Config) {
	return func(c *Config) {
		if c.Thresholds == nil {
			c.Thresholds = map[string]string{}
		}
		for _, m := range metrics {
			c.Thresholds[m] = "-c"
		}
	}
}

// everyOptional asks for all optional steps.
func everyOptional() map[string]bool { return set(Additions()...) }

// everyCapability is the list of a server that offers what any step needs.
func everyCapability() string {
	list := "IMAP4rev1 LITERAL+ AUTH=PLAIN AUTH=XOAUTH2 ESEARCH STATUS=SIZE STATUS=DELETED"
	for _, step := range Catalog {
		if step.Capability != "" {
			list += " " + string(step.Capability)
		}
	}
	return list
}
