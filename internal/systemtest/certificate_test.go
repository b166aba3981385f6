package systemtest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/imaptest"
)

// defect is a server certificate and what the program must report about it.
type defect struct {
	name string
	host string // -H; also the certificate's name unless something else is said
	cert tls.Certificate
	kind string   // "" when nothing is wrong
	line []string // stands in line 1, or with no kind somewhere
	days string   // certificate_days
	// remark is what --insecure says that verification would have said; "" for
	// nothing.
	remark string
}

// defects makes a certificate with each of the known defects, and the file with
// the one root to trust.
func defects(t *testing.T) ([]defect, string) {
	t.Helper()
	root, other := certtest.Must(t, "Test Root"), certtest.Must(t, "Other Root")
	below := func(ca *certtest.CA, cn string, notAfter time.Time) *certtest.CA {
		return ca.Intermediate(t, cn, time.Time{}, notAfter)
	}
	cross := func(ca, of *certtest.CA, notAfter time.Time) *certtest.CA {
		return ca.CrossSign(t, of, time.Now().Add(-100*day), notAfter)
	}
	weak := certtest.WeakKey(t)
	inter := below(root, "Test Intermediate", time.Time{})
	ago := time.Now().Add(-3*day + time.Hour)
	leaf := func(ca *certtest.CA, host string, l certtest.Leaf) tls.Certificate {
		l.CommonName = host
		if l.DNSNames == nil && l.IPs == nil {
			l.DNSNames = []string{host}
		}
		if l.NotAfter.IsZero() {
			l.NotAfter = ahead(60)
		}
		if l.NotBefore.IsZero() {
			l.NotBefore = time.Now().Add(-30 * day)
		}
		return ca.Leaf(t, l)
	}
	list := []defect{
		{name: "good", host: "good.test", cert: leaf(inter, "good.test", certtest.Leaf{}), days: "60"},
		{name: "expired", host: "expired.test", cert: leaf(inter, "expired.test", certtest.Leaf{NotAfter: ago}),
			kind: "tls_expired", line: []string{"CN=expired.test ended on " + ago.UTC().Format("2006-01-02"), "renew"}, days: "-3", remark: "expired"},
		{name: "not yet valid", host: "future.test", cert: leaf(inter, "future.test", certtest.Leaf{NotBefore: ahead(1)}),
			kind: "tls_expired", line: []string{"certificate is not valid yet: CN=future.test begins on " + ahead(1).UTC().Format("2006-01-02"), "clock"}, days: "60", remark: "not yet valid"},
		{name: "expired intermediate", host: "above.test", cert: leaf(below(root, "Old Intermediate", ago), "above.test", certtest.Leaf{}),
			kind: "tls_expired", line: []string{"CN=Old Intermediate ended on " + ago.UTC().Format("2006-01-02")}, days: "60", remark: "expired"},
		{name: "wrong name", host: "wrong.test", cert: leaf(inter, "wrong.test", certtest.Leaf{DNSNames: []string{"imap.example.com", "mail.example.com"}}),
			kind: "tls_hostname", line: []string{"imap.example.com mail.example.com", "not for wrong.test"}, days: "60", remark: "mail.example.com"},
		{name: "self-signed", host: "self.test", cert: leaf(nil, "self.test", certtest.Leaf{SelfSigned: true}),
			kind: "tls_untrusted", line: []string{"self-signed: self.test", "--ca-file"}, days: "60", remark: "self-signed"},
		{name: "missing intermediate", host: "gap.test", cert: leaf(inter, "gap.test", certtest.Leaf{NoChain: true}),
			kind: "tls_untrusted", line: []string{"intermediate missing", "Test Intermediate", "install the whole chain in the server"}, days: "60", remark: "intermediate missing"},
		{name: "unknown authority", host: "unknown.test", cert: leaf(below(other, "Other Intermediate", time.Time{}), "unknown.test", certtest.Leaf{}),
			kind: "tls_untrusted", line: []string{"unknown authority: Other Root", "--ca-file"}, days: "60", remark: "unknown authority"},
		{name: "weak key", host: "weakkey.test", cert: leaf(inter, "weakkey.test", certtest.Leaf{Key: weak}),
			kind: "tls_untrusted", line: []string{"weak key: RSA 1024 of weakkey.test"}, days: "60", remark: "weak key"},
		{name: "weak signature", host: "weaksig.test", cert: leaf(inter, "weaksig.test", certtest.Leaf{Signature: x509.ECDSAWithSHA1}),
			kind: "tls_untrusted", line: []string{"weak signature: ECDSA-SHA1 on weaksig.test"}, days: "60", remark: "weak signature"},
		{name: "client certificate", host: "client.test", cert: leaf(inter, "client.test", certtest.Leaf{ClientAuth: true}),
			kind: "tls_untrusted", line: []string{"not made for servers"}, days: "60", remark: "incompatible key usage"},
		{name: "expired cross-sign", host: "cross.test", cert: leaf(inter, "cross.test", certtest.Leaf{Extra: []*certtest.CA{cross(other, inter, ago)}}),
			line: []string{"expired certificate that no verified chain needs: CN=Test Intermediate"}, days: "60"},
		{name: "intermediate ends first", host: "short.test", cert: leaf(below(root, "Short Intermediate", ahead(20)), "short.test", certtest.Leaf{}), days: "20"},
	}
	return list, root.WriteFile(t, t.TempDir())
}

// checkDefect runs the program against a server with the certificate: once as usual,
// and once with --insecure, where it goes on and says why the certificate would have
// been refused.
func checkDefect(t *testing.T, d defect, base []string) {
	t.Helper()
	env := password("secret")
	args := append(slices.Clone(base), "-H", d.host, "-U", "alice", "-t", "20s")
	code := 0
	if d.kind != "" {
		code = 2
	}
	r := runMain(t, env, args...)
	if d.kind != "" && lineWith(r.out, "=== "+d.kind+": tls ") == "" {
		t.Errorf("no finding of kind %s on tls in:\n%s", d.kind, r.out)
	}
	text := r.Text
	if d.kind == "" {
		text = r.out
	}
	for _, want := range d.line {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if r.code != code || r.Value("certificate_days") != d.days {
		t.Errorf("exit %d, certificate_days %s, want %d and %s:\n%s", r.code, r.Value("certificate_days"), code, d.days, r.out)
	}
	if strings.Contains(r.Text, "...") {
		t.Errorf("line 1 is cut: %s", r.Text)
	}

	r = runMain(t, env, append(args, "--insecure")...)
	if r.code != 0 || r.Value("certificate_days") != d.days || !strings.Contains(r.out, "[OK] logout") {
		t.Errorf("--insecure: exit %d, certificate_days %s, want 0, %s and a whole session:\n%s", r.code, r.Value("certificate_days"), d.days, r.out)
	}
	refused := lineWith(r.out, "would be refused")
	if (refused != "") != (d.remark != "") || !strings.Contains(refused, d.remark) {
		t.Errorf("--insecure: got remark %q, want one of %q", refused, d.remark)
	}
}

// TestCertificates runs every defect over both kinds of TLS against a scripted
// server, which records whether a secret was sent.
func TestCertificates(t *testing.T) {
	list, ca := defects(t)
	for _, m := range []string{"implicit", "starttls"} {
		for _, d := range list {
			t.Run(m+"/"+d.name, func(t *testing.T) {
				o := imaptest.Options{TLS: &tls.Config{Certificates: []tls.Certificate{d.cert}}, ImplicitTLS: m == "implicit"}
				srv := imaptest.Serve(t, "S: * OK ready\nserve", o)
				args := []string{"--address", "127.0.0.1", "-p", strconv.Itoa(srv.Port()), "--tls", m, "--ca-file", ca}
				checkDefect(t, d, args)

				srv = imaptest.Serve(t, "S: * OK ready\nserve", o)
				args[3] = strconv.Itoa(srv.Port())
				runMain(t, password("secret"), append(args, "-H", d.host, "-U", "alice")...)
				srv.Close()
				login := strings.Contains(strings.Join(srv.Received(), "\n"), "LOGIN")
				if login != (d.kind == "") {
					t.Errorf("a secret was sent: %v\n%q", login, srv.Received())
				}
			})
		}
	}
}

// TestCertificatesDovecot runs the same certificates on a real server, which has them
// all behind one address and chooses by SNI.
func TestCertificatesDovecot(t *testing.T) {
	list, ca := defects(t)
	var conf strings.Builder
	for _, d := range list {
		cert, key := certtest.WriteFiles(t, t.TempDir(), d.cert)
		conf.WriteString("local_name " + d.host + " {\n  ssl_cert = <" + cert + "\n  ssl_key = <" + key + "\n}\n")
	}
	conf.WriteString("service imap-login {\n  service_count = 0\n}\n") // no process a connection: faster
	conf.WriteString("ssl_cipher_list = ALL:@SECLEVEL=0\n")            // for the weak key and signature
	srv, _ := startServer(t, "dovecot", conf.String())
	for i, d := range list {
		for _, m := range modes[i%2 : 2] { // STARTTLS for all, implicit TLS for every other: each takes a while
			t.Run(m.name+"/"+d.name, func(t *testing.T) {
				checkDefect(t, d, append(m.args(srv), "--address", srv.Host, "--ca-file", ca))
			})
		}
	}
}

// TestNamedByAddress gives an address as HOST where the certificate has names.
func TestNamedByAddress(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	file := ca.WriteFile(t, t.TempDir())
	for _, tt := range []struct {
		name string
		leaf certtest.Leaf
		host string
		want []string
	}{
		{"names", certtest.Leaf{DNSNames: []string{"imap.example.com", "mail.example.com"}}, "127.0.0.1",
			[]string{"imap.example.com mail.example.com", "not for 127.0.0.1", "name with -H and the address with --address"}},
		{"another address", certtest.Leaf{IPs: []net.IP{net.IPv4(192, 0, 2, 7)}}, "127.0.0.1", []string{"certificate is for 192.0.2.7", "--address"}},
		{"its address", certtest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}, "127.0.0.1", nil},
		{"no names", certtest.Leaf{CommonName: "imap.example.com"}, "localhost", []string{"certificate is not for localhost: it has no subjectAltName, and its subject is CN=imap.example.com"}},
		{"many names", certtest.Leaf{DNSNames: strings.Fields("a.test b.test c.test d.test e.test f.test g.test")}, "localhost", []string{"a.test b.test", "-H"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := imaptest.Serve(t, "greet\nserve", imaptest.Options{TLS: &tls.Config{Certificates: []tls.Certificate{ca.Leaf(t, tt.leaf)}}, ImplicitTLS: true})
			r := runMain(t, nil, "-H", tt.host, "-4", "-p", strconv.Itoa(srv.Port()), "--tls=implicit", "--auth=none", "--ca-file", file)
			if want := min(len(tt.want), 1) * 2; r.code != want {
				t.Errorf("exit %d, want %d:\n%s", r.code, want, r.out)
			}
			for _, want := range tt.want {
				if !strings.Contains(r.Text, want) {
					t.Errorf("%q is missing in %s", want, r.Text)
				}
			}
		})
	}
}
