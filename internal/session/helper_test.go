package session

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
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
	plan, err := Plan(b.cfg)
	if err != nil {
		t.Fatal(err)
	}
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

// verbs returns the first words of the commands that were sent.
func (b *rig) verbs() []string {
	var out []string
	for _, line := range b.record.Received() {
		out = append(out, verbOf(line))
	}
	return out
}

// everyOptional asks for all optional steps.
func everyOptional() map[string]bool {
	with := map[string]bool{}
	for _, name := range Additions() {
		with[name] = true
	}
	return with
}

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
