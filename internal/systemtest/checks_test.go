package systemtest

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/app"
	"check_imap_session/internal/certtest"
	"check_imap_session/internal/cli"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

const checksPage = "../../docs/checks.md"

// recipe is a check of docs/checks.md. Its output is that of the program
// against a script, with the clock of a synctest bubble: the same on every run.
type recipe struct {
	name   string
	args   []string
	state  report.State
	caps   string                     // of the server; "" is that of recipeCaps
	left   time.Duration              // of the certificate; 0 is 61 days
	greets string                     // in place of a greeting with the capabilities
	script string                     // instructions before it serves
	addrs  []string                   // of the name; nil is one
	dial   func(address string) error // an address that does not answer; nil is none
	byName bool                       // the name is resolved; the host object's address is not for it
}

const (
	recipeCaps  = "IMAP4rev1 SASL-IR LITERAL+ ID IDLE NAMESPACE QUOTA ESEARCH AUTH=PLAIN"
	recipeTimes = "delay LOGIN 31ms\ndelay LIST 6ms\ndelay EXAMINE 9ms\ndelay FETCH 14ms\ndelay SEARCH 11ms\ndelay GETQUOTAROOT 3ms\ndelay NOOP 2ms\ndelay ID 1ms\ndelay LOGOUT 1ms\n"
	probe       = "-H imap.example.com -U probe --password-file=/etc/nagios/imap.password"
)

// recipes are the checks in the order of the page.
func recipes() []recipe {
	words := strings.Fields
	full := words(probe)
	return []recipe{
		{name: "front end", args: words("-H imap.example.com --auth=none -w 1,certificate_days=21: -c 3,certificate_days=7:")},
		{name: "full session", args: append(full, words("-w 2 -c 5")...)},
		{name: "slow store", state: report.Warning, script: "delay EXAMINE 1240ms\n",
			args: append(full, words("--with=noop -w time_select=500ms,time_fetch=500ms -c time_select=2,time_fetch=2")...)},
		{name: "no new mail", state: report.Critical, args: append(full, words("-w message_age=30m -c message_age=1h")...),
			script: `serve FETCH
				wait 14ms
				S: * 42 FETCH (FLAGS () INTERNALDATE "31-Dec-1999 20:48:00 +0000" RFC822.SIZE 4711 BODY[HEADER]<0> {2}
				raw "\r\n)\r\n"
				S: {tag} OK done
`},
		{name: "queue", state: report.Critical, caps: "IMAP4rev1 AUTH=PLAIN",
			args: append(full, words("-m Queue --skip=list,fetch -w search_found=100 -c search_oldest_age=10m")...),
			script: later("EXAMINE", "9ms", "3 EXISTS") + later("SEARCH", "11ms", "SEARCH 1 2 3") +
				later("FETCH", "8ms", arrived(1, "23:35:00"), arrived(2, "23:52:00"), arrived(3, "23:59:30"))},
		{name: "quota", state: report.Warning, args: append(full, words("--skip=list,fetch -w quota_storage_percent=80 -c quota_storage_percent=95")...),
			script: later("GETQUOTAROOT", "3ms", `QUOTAROOT INBOX "User quota"`, `QUOTA "User quota" (STORAGE 912261 1048576)`)},
		{name: "certificate", state: report.Warning, left: 12 * day, args: words("-H imap.example.com --auth=none -D 21,7")},
		{name: "all nodes", state: report.Critical, args: append(full, words("--all-addresses=worst -w 2 -c 5")...),
			byName: true, addrs: []string{"192.0.2.7", "192.0.2.8", "192.0.2.9"}, dial: func(address string) error {
				if strings.HasPrefix(address, "192.0.2.8:") {
					return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
				}
				if strings.HasPrefix(address, "192.0.2.9:") {
					time.Sleep(time.Millisecond) // so that it is always the same one that logs in first
				}
				return nil
			}},
		{name: "Exchange Online", caps: "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
			byName: true, args: words("-H outlook.office365.com -U orders@example.com --oauth-token-file=/run/imap-token/probe"),
			greets: "S: * OK The Microsoft Exchange IMAP4 service is ready. [TABWADIAUAAyADYANQBDAEEAMAAwADAAMAA=]\n"},
		{name: "contract", state: report.Critical, caps: "IMAP4rev1 SASL-IR LITERAL+ ID IDLE NAMESPACE ESEARCH AUTH=PLAIN",
			args: append(full, words(`--expect-id=^name=Dovecot --expect-capability=IDLE,QUOTA --forbid-capability=AUTH=LOGIN `+
				`--expect-mailbox=Sent --expect-mailbox=\Trash --expect-uidvalidity=1`)...),
			script: later("ID", "1ms", `ID ("name" "Dovecot")`)},
		{name: "folders", state: report.Critical,
			args: append(full, words("-m Queue/in -m Queue/out -m Failed --skip=list,fetch -w messages=100 -c search_oldest_age=10m -c messages@Failed=0")...),
			script: later("EXAMINE", "9ms", "2 EXISTS") + later("SEARCH", "11ms", "SEARCH 1 2") +
				later("FETCH", "8ms", arrived(1, "23:56:00"), arrived(2, "23:59:30")) +
				later("EXAMINE", "7ms", "0 EXISTS") + later("SEARCH", "1ms", "SEARCH") +
				later("EXAMINE", "8ms", "1 EXISTS") + later("SEARCH", "2ms", "SEARCH 1") + later("FETCH", "3ms", arrived(1, "23:58:00"))},
		{name: "rights", state: report.Critical, caps: recipeCaps + " ACL RIGHTS=texk", args: append(full, words("-m Shared/Orders --skip=list,fetch --expect-rights=lrsi")...),
			script: later("MYRIGHTS", "2ms", "MYRIGHTS Shared/Orders lrs")},
		{name: "delivery", state: report.Warning, args: append(full, words("--message=header:X-Canary=mx1 -w delivery_time=2m -c delivery_time=10m,message_age=25m")...),
			script: "serve FETCH\nwait 14ms\n" + canary([]string{
				"Received: from mx.example.com by store.example.com; Fri, 31 Dec 1999 23:54:46 +0000",
				"Received: from relay.example.net by mx.example.com; Fri, 31 Dec 1999 23:54:45 +0000",
				"Received: from nagios.example.net by relay.example.net; Fri, 31 Dec 1999 23:50:03 +0000",
				"Date: Fri, 31 Dec 1999 23:50:02 +0000",
			}) + "S: {tag} OK done\n"},
		{name: "write probe", state: report.Critical, caps: "IMAP4rev1 SASL-IR LITERAL+ UIDPLUS AUTH=PLAIN",
			args:   append(full, words("--append=Probe -w time_append=1 -c time_append=5")...),
			script: "delay SELECT 4ms\nserve APPEND\nwait 12ms\nS: {tag} NO [OVERQUOTA] Quota exceeded (mailbox for user is full)\n"},
	}
}

// later is the part of a script that answers a command after some time, with these
// untagged responses.
func later(verb, wait string, rows ...string) string {
	answer := "serve " + verb + "\nwait " + wait + "\n"
	for _, row := range rows {
		answer += "S: * " + row + "\n"
	}
	return answer + "S: {tag} OK done\n"
}

// arrived is the response with the time of arrival of a message.
func arrived(number int, clock string) string {
	return fmt.Sprintf(`%d FETCH (INTERNALDATE "31-Dec-1999 %s +0000")`, number, clock)
}

// canary is the line of a script that brings a mail with these header fields, which
// came in at 23:54:46.
func canary(fields []string) string {
	text := strings.Join(fields, "\r\n") + "\r\n\r\n"
	row := fmt.Sprintf("* 42 FETCH (FLAGS () INTERNALDATE \"31-Dec-1999 23:54:46 +0000\" RFC822.SIZE 1204 BODY[HEADER]<0> {2}\r\n\r\n BODY[HEADER.FIELDS (DATE RECEIVED)]<0> {%d}\r\n%s)\r\n", len(text), text)
	return "raw " + strconv.Quote(row) + "\n"
}

// TestChecksPage holds docs/checks.md to what the program prints; -update
// writes it.
func TestChecksPage(t *testing.T) {
	p := openPage(t, checksPage)
	for _, r := range recipes() {
		t.Run(r.name, func(t *testing.T) { p.hold(t, "check: "+r.name, r.block(t)) })
	}
	p.save(t)
}

// block is what stands between the marks: command, output, definitions.
func (r recipe) block(t *testing.T) string {
	var shown []string
	for _, a := range r.args {
		if strings.ContainsAny(a, `\^`) {
			a = "'" + a + "'"
		}
		shown = append(shown, a)
	}
	var out string
	synctest.Test(t, func(t *testing.T) { out = r.run(t) })
	return fmt.Sprintf("\n```console\n$ check_imap_session %s\n```\n\n```text\n%s```\n\nIcinga:\n\n```text\n%s```\n\nNagios:\n\n```text\n%s```\n\n",
		strings.Join(shown, " "), out, r.icinga(t), r.nagios(t))
}

// run runs the check against its script.
func (r recipe) run(t *testing.T) string {
	args, token := r.withoutFiles(r.args)
	ca := certtest.Must(t, "Example CA")
	host := r.options()[0].values[0]
	leaf := ca.Leaf(t, certtest.Leaf{CommonName: host, DNSNames: []string{host},
		NotBefore: time.Now().Add(-30 * day), NotAfter: time.Now().Add(cmp.Or(r.left, 61*day) + time.Hour)})
	opts := imaptest.Options{Capabilities: cmp.Or(r.caps, recipeCaps), TLS: &tls.Config{Certificates: []tls.Certificate{leaf}}}
	script := "wait 18ms\ntls\nwait 5ms\n" + cmp.Or(r.greets, "greet\n") + recipeTimes + r.script + "serve"
	addrs := r.addrs
	if addrs == nil {
		addrs = []string{"192.0.2.7"}
	}
	lookup := func(ctx context.Context, network, name string) ([]netip.Addr, error) {
		time.Sleep(2 * time.Millisecond)
		return resolving(addrs...)(ctx, network, name)
	}
	connect := func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(8 * time.Millisecond)
		if r.dial != nil {
			if err := r.dial(address); err != nil {
				return nil, err
			}
		}
		return scripted(t, script, opts)(ctx, network, address)
	}
	got := runIn(t, app.Env{Getenv: password("secret-of-the-probe").get, Session: func(c *session.Config) {
		c.Dial.Lookup, c.Dial.Dial = lookup, connect
		c.Cert.Roots, c.Token = dial.RootsOf(ca.Pool()), token
	}}, args...)
	if got.code != int(r.state) {
		t.Errorf("exit %d, want %s:\n%s", got.code, r.state, got.out)
	}
	return got.out
}

// withoutFiles leaves out the secrets that are in files, and returns the token.
func (r recipe) withoutFiles(args []string) (kept []string, token secret.Secret) {
	for _, a := range args {
		switch {
		case strings.HasPrefix(a, "--password-file="):
		case strings.HasPrefix(a, "--oauth-token-file="):
			token = secret.New("token-of-the-probe")
		default:
			kept = append(kept, a)
		}
	}
	return kept, token
}

// request parses a command line; its password comes from the environment.
func (r recipe) request(t *testing.T, args []string) *cli.Request {
	t.Helper()
	kept, token := r.withoutFiles(args)
	req, err := cli.Parse(kept, cli.Env{Getenv: password("secret-of-the-probe").get})
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	req.Session.Token = token
	return req
}
