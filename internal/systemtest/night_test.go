package systemtest

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
)

// night is a situation in which an admin is woken up, and what the first line has to
// say then. The server is a script, or the report is given as values where the
// network is what fails.
type night struct {
	name   string
	tls    string // of the case; "" is none
	caps   string
	args   []string // flags
	script string
	report func() (*report.Report, judge.Policy) // in place of the script
	line   string                                // parts of the first line in their order, separated by "..."
	not    string                                // what must not be in it
}

// TestNight looks at the first line of 42 situations at three in the morning: the
// cause, what the server says, and what to do about it.
func TestNight(t *testing.T) {
	var virtual certificates
	synctest.Test(t, func(t *testing.T) { virtual = newCertificates(t) })
	virtual = virtual.write(t)
	token := writeFile(t, t.TempDir(), "token", []byte("eyJ0b2tlbiI6MX0\n"))
	situations := append(nightNetwork(), append(nightLogin(token), nightMail()...)...)
	if len(situations) != 42 {
		t.Errorf("%d situations, want 42", len(situations))
	}
	for _, n := range situations {
		t.Run(n.name, func(t *testing.T) {
			text := n.first(t, virtual)
			rest := text
			for part := range strings.SplitSeq(n.line, "...") {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("%q is missing, or not in its place:\n%s", part, text)
				}
				rest = after
			}
			if n.not != "" && strings.Contains(text, n.not) {
				t.Errorf("%q is in the line:\n%s", n.not, text)
			}
			if len(text) > 255 {
				t.Errorf("%d characters:\n%s", len(text), text)
			}
		})
	}
}

// first returns the first line, without the performance data.
func (n night) first(t *testing.T, virtual certificates) string {
	if n.report != nil {
		r, p := n.report()
		r.Target.Host = "imap.test"
		return render.Summary(r, judge.Judge(r, p), render.Options{})
	}
	c := &faultCase{tls: "none", capabilities: n.caps, script: n.script}
	if n.tls != "" {
		c.tls = n.tls
	}
	return virtual.bubble(t, c, n.args...).Text
}

// failed returns the report of a session that ended with an error.
func failed(e *report.StepError, took time.Duration) func() (*report.Report, judge.Policy) {
	return func() (*report.Report, judge.Policy) {
		return &report.Report{Steps: []report.StepResult{{Name: e.Step, About: e.About, Outcome: report.Failed, Elapsed: took, Err: e}}}, judge.Policy{}
	}
}

// limited returns the report of a session in which a number was measured, and a
// policy with a limit on it.
func limited(name string, value float64, limit string) func() (*report.Report, judge.Policy) {
	return func() (*report.Report, judge.Policy) {
		def, _ := report.LookupMetric(name)
		rng, err := judge.ParseRange(limit, def.Unit)
		if err != nil {
			panic(err)
		}
		return &report.Report{
			Steps:   []report.StepResult{{Name: def.Step, Outcome: report.Passed}},
			Metrics: []report.Metric{{Def: def, Value: value}},
		}, judge.Policy{Rules: []judge.Rule{{Metric: name, Crit: &rng}}}
	}
}

func nightNetwork() []night {
	passedOver := fmt.Errorf("%w: 127.0.0.9:993 connection refused", report.ErrAddressFailed)
	oneOf := func() (*report.Report, judge.Policy) {
		return &report.Report{Steps: []report.StepResult{{Name: report.StepConnect, Outcome: report.Passed}}, Elapsed: 82 * time.Millisecond,
			Faults: []*report.StepError{{Step: report.StepConnect, Err: passedOver}}}, judge.Policy{}
	}
	worst := func() (*report.Report, judge.Policy) {
		well, _ := limited(report.Messages, 42, "100")()
		dead, _ := failed(&report.StepError{Step: report.StepConnect, Err: syscall.ECONNREFUSED, Tried: []report.Tried{{Address: "127.0.0.9", Port: 993, Err: syscall.ECONNREFUSED}}}, 0)()
		dead.Target.Address = "127.0.0.9"
		return &report.Report{Target: report.Target{Addresses: "worst"}, Sessions: []*report.Report{well, dead}}, judge.Policy{}
	}
	old := &tls.CertificateVerificationError{Err: fmt.Errorf("%w: Rig Test CA", report.ErrMissingIntermediate)}
	const mismatch = "served is e2844b4b until 2029-02-02, expected 69aa5cb2 until 2036-01-01"
	return []night{
		{name: "1 name gone", report: failed(&report.StepError{Step: report.StepDNS, Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, 0),
			line: "dns failed, the name does not exist or has no address - check the name"},
		{name: "2 name of --address gone", report: failed(&report.StepError{Step: report.StepDNS, Err: &net.DNSError{Err: "no such host", Name: "nosuch.invalid", IsNotFound: true}, Setup: report.Setup{AddressName: "nosuch.invalid"}}, 0),
			line: "dns failed, --address nosuch.invalid does not exist"},
		{name: "3 port closed", report: failed(&report.StepError{Step: report.StepConnect, Err: syscall.ECONNREFUSED, Tried: []report.Tried{{Address: "127.0.0.1", Port: 14999, Err: syscall.ECONNREFUSED}}}, 0),
			line: "connect refused, nothing listens on 127.0.0.1 port 14999 - is the IMAP service running"},
		{name: "4 packets dropped", report: failed(&report.StepError{Step: report.StepConnect, Err: report.ErrTimeout, Waiting: "a connection to 127.0.0.1 port 15042"}, 3*time.Second),
			line: "connect timed out after 3.000 s, waiting for a connection to 127.0.0.1 port 15042 - is the host up"},
		{name: "5 one of two nodes down", report: oneOf, line: "OK - imap.test ...but connect failed with another address, 127.0.0.9:993 connection refused"},
		{name: "6 every node, one down", report: worst, line: "1 of 2 addresses OK, 127.0.0.9: connect refused, nothing listens on"},
		{name: "7 certificate expired", tls: "implicit", script: "tls expired\ngreet\nserve", line: "tls certificate ...CN=imap.test ended on 1999-12-31...renew it"},
		{name: "8 certificate not valid yet", tls: "implicit", script: "tls future\ngreet\nserve", line: "tls certificate is not valid yet: CN=imap.test begins on 2000-01-03"},
		{name: "9 another name", tls: "implicit", script: "tls other\ngreet\nserve", line: "tls certificate is for mail.test, not for imap.test - is the wrong certificate installed"},
		{name: "10 self-signed", tls: "implicit", script: "tls self-signed\ngreet\nserve", line: "tls certificate not trusted, self-signed...--ca-file"},
		{name: "11 chain incomplete", report: failed(&report.StepError{Step: report.StepTLS, Err: old}, 0),
			line: "intermediate missing, or a private CA...install the whole chain in the server"},
		{name: "12 five days left", report: limited(report.CertificateDays, 5, "7:"), line: "certificate expires in 5 days, limit 7 - renew it and reload the IMAP server"},
		{name: "34 SMTP on the port", script: "S: 220 mail.test ESMTP\nhold", line: "greeting failed, this is SMTP: 220 mail.test ESMTP - check -p"},
		{name: "35 binary data", script: `raw "\n\x00\x00\x01\x08\x80\xfe\x90\x01\x02\x03"` + "\nhold", line: "greeting failed, not IMAP: 10 bytes of binary data - check -p"},
		{name: "36 STARTTLS gone", tls: "starttls", caps: "IMAP4rev1 AUTH=PLAIN", script: "greet\nserve", line: "starttls not offered by the server - switch it on, use --tls=implicit"},
		{name: "37 old TLS", tls: "implicit", script: "tls tls1.1\ngreet\nserve", line: "tls handshake failed...protocol version...--tls-min=1.0"},
		{name: "39 no IPv6 address", report: failed(&report.StepError{Step: report.StepDNS, Err: fmt.Errorf("%w: imap.test has no IPv6 address", report.ErrNoAddress), Setup: report.Setup{Family: "6"}}, 0),
			line: "dns failed, imap.test has no IPv6 address - leave out -6, or add an AAAA record"},
		{name: "42 another certificate", report: failed(&report.StepError{Step: report.StepTLS, Err: fmt.Errorf("%w, %s", report.ErrCertificateMismatch, mismatch)}, 0),
			line: "tls certificate is not the expected one, " + mismatch + " - if it was renewed, reload"},
	}
}

// answered returns the script of a server that answers one command in its own way.
func answered(verb, text string) string { return "greet\nserve " + verb + "\n" + text + "\nserve" }

func nightLogin(token string) []night {
	status := base64.StdEncoding.EncodeToString([]byte(`{"status":"invalid_token","scope":"mail"}`))
	bearer := []string{"--auth=xoauth2", "--oauth-token-file=" + token}
	const offered = "IMAP4rev1 SASL-IR AUTH=XOAUTH2"
	return []night{
		{name: "13 wrong password", script: answered("LOGIN", "S: {tag} NO [AUTHENTICATIONFAILED] Authentication failed."),
			line: "login as alice rejected: [AUTHENTICATIONFAILED] Authentication failed. - check user name and password"},
		{name: "14 account disabled", script: answered("LOGIN", "S: {tag} NO [CONTACTADMIN] Account_is_disabled"),
			line: "login as alice rejected: [CONTACTADMIN] Account_is_disabled - is the account disabled or locked? ask its admin"},
		{name: "15 user database down", script: answered("LOGIN", "S: {tag} NO [UNAVAILABLE] Temporary authentication failure."),
			line: "login as alice not possible now: [UNAVAILABLE] Temporary authentication failure. - ...user database"},
		{name: "16 token expired", caps: offered, args: bearer, script: answered("AUTHENTICATE", "S: + "+status+"\nC: *\nS: {tag} NO [AUTHENTICATIONFAILED] Authentication failed."),
			line: "login as alice rejected, access token refused as invalid or expired (invalid_token): [AUTHENTICATIONFAILED] Authentication failed...renew the access token", not: "scope that of IMAP"},
		{name: "17 too many sessions", script: answered("LOGIN", "S: {tag} NO [LIMIT] Maximum number of connections from user and address exceeded"),
			line: "login as alice refused, limit reached: [LIMIT] Maximum number of connections from user and address exceeded - are sessions"},
		{name: "18 mailbox migrated", script: answered("LOGIN", "S: {tag} NO [REFERRAL imap://alice@mail2.example.com/] Your mailbox has moved"),
			line: "login as alice refused, the server refers this user to mail2.example.com: ...Your mailbox has moved - point -H there", not: "password"},
		{name: "19 login hangs", script: "greet\nserve LOGIN\nhold", line: "login as alice timed out after 2.000 s, waiting for the answer to LOGIN - does the server reach its user database"},
		{name: "22 server dies", script: "greet\nserve LOGIN\nclose", line: "login as alice failed, connection closed by the server, waiting for the answer to LOGIN - see the log of the server"},
		{name: "23 maintenance", script: "S: * BYE [UNAVAILABLE] Maintenance until 04:00 UTC, see https://status.example.com/incidents/2026-11-25 for the progress of the work and who to call\nclose",
			line: "greeting ended by the server: [UNAVAILABLE] Maintenance until 04:00 UTC, see https://status.example.com/incidents/2026-11-25 for the progress of the work and who to call"},
		{name: "38 no login without TLS", caps: "IMAP4rev1 LOGINDISABLED", script: "greet\nserve", line: "login as alice not possible, disabled by the server...use --tls=starttls or --tls=implicit"},
		{name: "40 password file unreadable", args: []string{"--password-file=/nonexistent/imap.password"}, script: "hold", line: "UNKNOWN...--password-file...no such file"},
		{name: "41 capability lost", args: []string{"--expect-capability=FOO,BAR"}, script: "greet\nserve", line: "capability not as expected, FOO is missing - was the server changed or upgraded? (and 1 more)"},
	}
}

func nightMail() []night {
	const folders = "serve LIST\n" + `S: * LIST (\HasNoChildren) "/" Sent` + "\n" + `S: * LIST (\HasNoChildren) "/" "Sent Messages"` + "\nS: {tag} OK done\n"
	const long = "Shared/Orders from the Customer Portal of the Northern Region (since 2019)"
	slow := func() (*report.Report, judge.Policy) {
		r, p := limited(report.Time, 4.022, "2")()
		r.Elapsed = 4022 * time.Millisecond
		r.Steps = []report.StepResult{{Name: report.StepList, About: report.AboutStore, Outcome: report.Passed, Elapsed: 4004 * time.Millisecond}}
		return r, p
	}
	return []night{
		{name: "20 mailbox hangs", script: "greet\nserve EXAMINE\nhold", line: "select timed out after 2.000 s, waiting for the answer to EXAMINE - is the mail store slow or locked?"},
		{name: "21 answer stops", script: "greet\nserve FETCH\n" + `raw "* 42 FETCH (BODY[HEADER]<0> {2000}\r\nSubject: "` + "\nhold",
			line: "fetch timed out after 2.000 s and 45 bytes of the answer (9 of the 2000 bytes of a literal), waiting for the answer to FETCH - is the mail store slow"},
		{name: "24 mailbox missing", args: []string{"-m", "Sent Items"}, script: "greet\n" + folders + "serve EXAMINE\nS: {tag} NO [NONEXISTENT] Mailbox doesn't exist: Sent Items (0.001 + 0.000 secs).\nserve",
			line: "select failed, mailbox Sent Items does not exist (there is: Sent, Sent Messages): [NONEXISTENT] Mailbox doesnt exist: Sent Items - ", not: "secs"},
		{name: "25 mailbox missing, long name", args: []string{"-m", long}, script: answered("EXAMINE", "S: {tag} NO [NONEXISTENT] Mailbox doesn't exist: "+long),
			line: "select failed, mailbox " + long + " does not exist: [NONEXISTENT] Mailbox doesnt exist"},
		{name: "26 mailbox damaged", script: answered("FETCH", "S: {tag} NO [CORRUPTION] index broken"), line: "fetch rejected: [CORRUPTION] index broken - the mail store is damaged"},
		{name: "27 mailbox locked", script: answered("EXAMINE", "S: {tag} NO Mailbox is locked by another process (pid 4711 host mx2)"),
			line: "select rejected: Mailbox is locked by another process (pid 4711 host mx2) - another session holds the mailbox"},
		{name: "28 disk full", script: answered("EXAMINE", "S: {tag} NO [SERVERBUG] Internal error: write() failed: No space left on device"),
			line: "select rejected: ...No space left on device - the disk of the server is full", not: "has a bug"},
		{name: "29 quota", report: limited(report.QuotaStoragePercent, 86.5, "80"), line: "quota of the mailbox is 86.5 % full, limit 80 % - delete mail or raise the quota"},
		{name: "30 no new mail", args: []string{"-c", "message_age=1h"}, script: answered("FETCH", `S: * 42 FETCH (FLAGS () INTERNALDATE "01-Jan-1990 00:00:00 +0000" RFC822.SIZE 3 BODY[HEADER]<0> "")`+"\nS: {tag} OK done"),
			line: "message is 10 years 2 days old, limit 1 h - is mail arriving?"},
		{name: "31 queue stuck", report: limited(report.SearchOldestAge, 1500.092, "600"), line: "oldest message found in the mailbox is 25 min old, limit 10 min - does what empties this mailbox still run?"},
		{name: "32 everything slow", report: slow, line: "the whole session took 4.022 s, limit 2 s, list took 4.004 s of it - is the mail store slow or locked?"},
		{name: "33 mailbox empty", args: []string{"-c", "message_age=1h"}, script: answered("EXAMINE", "S: * 0 EXISTS\nS: {tag} OK done"),
			line: "fetch failed, the mailbox is empty - is mail arriving here?"},
	}
}
