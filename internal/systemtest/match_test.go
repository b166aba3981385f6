package systemtest

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/certtest"
)

// TestExpiry judges the days that are left; the session goes on to its end.
func TestExpiry(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	file := ca.WriteFile(t, t.TempDir())
	for _, tt := range []struct {
		name string
		days int
		self bool
		args string
		code int
		want string // in line 1
	}{
		{"far", 60, false, "-D 30,7", 0, "OK"},
		{"warning", 20, false, "-D 30,7", 1, "certificate expires in 20 days"},
		{"critical", 5, false, "-D 30,7", 2, "certificate expires in 5 days"},
		{"on the day", 7, false, "-D 7", 0, "OK"},
		{"critical is 0 when not given", 5, false, "-D 30", 1, "certificate expires in 5 days"},
		{"the same as -w and -c", 20, false, "-w certificate_days=30: -c certificate_days=7:", 1, "certificate expires in 20 days"},
		{"units", 20, false, "-c certificate_days=4w:", 2, "limit 28"},
		{"percent", 9, false, "-w certificate_percent=20:", 1, "certificate has 9"},
		{"insecure", 5, true, "-D 30,7 --insecure", 2, "certificate expires in 5 days"},
		{"insecure and expired", -3, true, "-D 30 --insecure", 2, "certificate expired 3 days ago"},
		{"insecure and nobody asked", -3, true, "--insecure", 0, "OK"},
	} {
		for _, m := range []string{"implicit", "starttls"} {
			t.Run(m+"/"+tt.name, func(t *testing.T) {
				cert := ca.Leaf(t, certtest.Leaf{DNSNames: []string{"imap.test"}, SelfSigned: tt.self, NotBefore: ahead(tt.days - 100), NotAfter: ahead(tt.days)})
				r, sent := against(t, m, &tls.Config{Certificates: []tls.Certificate{cert}}, append(strings.Fields(tt.args), "--ca-file", file)...)
				if r.code != tt.code || !strings.Contains(r.Text, tt.want) {
					t.Errorf("exit %d, want %d and %q:\n%s", r.code, tt.code, tt.want, r.out)
				}
				if got := r.Value("certificate_days"); got != strconv.Itoa(tt.days) {
					t.Errorf("certificate_days is %s, want %d", got, tt.days)
				}
				if !strings.Contains(sent, "FETCH") || !strings.HasSuffix(sent, "LOGOUT") {
					t.Errorf("the session ended early: %q", sent)
				}
			})
		}
	}
}

// TestCertificateMatches compares the certificate that is served with the one
// that should be.
func TestCertificateMatches(t *testing.T) {
	ca := certtest.Must(t, "Test Root")
	inter := ca.Intermediate(t, "Test Intermediate", ahead(-1), ahead(300))
	dir := t.TempDir()
	root := ca.WriteFile(t, dir)
	leaf := func(self bool) (cert tls.Certificate, file, sum string) {
		cert = inter.Leaf(t, certtest.Leaf{CommonName: "imap.test", DNSNames: []string{"imap.test"}, SelfSigned: self})
		file, key := certtest.WriteFiles(t, t.TempDir(), cert)
		k, _ := os.ReadFile(key)
		c, _ := os.ReadFile(file)
		both := writeFile(t, filepath.Dir(file), "both.pem", append(k, c...)) // key first, as haproxy and others want it
		raw := sha256.Sum256(cert.Leaf.Raw)
		return cert, both, hex.EncodeToString(raw[:])
	}
	served, servedFile, servedSum := leaf(false)
	renewed, renewedFile, renewedSum := leaf(false)
	self, selfFile, _ := leaf(true)
	colons := strings.ToUpper(strings.Join(regexp.MustCompile(`..`).FindAllString(servedSum, -1), ":"))
	key := filepath.Join(filepath.Dir(servedFile), "key.pem")

	for _, tt := range []struct {
		name   string
		cert   tls.Certificate
		value  string
		args   string
		code   int
		kind   string
		login  bool
		remark bool // of what verification would have said
	}{
		{name: "file", cert: served, value: servedFile, login: true},
		{name: "sum", cert: served, value: "sha256:" + servedSum, login: true},
		{name: "sum with colons", cert: served, value: "SHA256:" + colons, login: true},
		{name: "renewed, not reloaded", cert: served, value: renewedFile, code: 1, kind: "certificate_mismatch", login: true},
		{name: "another sum", cert: served, value: "sha256:" + renewedSum, code: 1, kind: "certificate_mismatch", login: true},
		{name: "another state", cert: served, value: renewedFile, args: "--state certificate_mismatch=critical", code: 2, kind: "certificate_mismatch", login: true},
		{name: "insecure and the same", cert: self, value: selfFile, args: "--insecure", login: true},
		{name: "insecure and another", cert: self, value: renewedFile, args: "--insecure", code: 2, kind: "certificate_mismatch"},
		{name: "insecure, trusted, another", cert: served, value: renewedFile, args: "--insecure", code: 2, kind: "certificate_mismatch"},
		{name: "insecure without it", cert: self, args: "--insecure", login: true, remark: true},
		{name: "no trust without insecure", cert: self, value: selfFile, code: 2, kind: "tls_untrusted"},
		{name: "no certificate in the file", cert: served, value: key, code: 3},
		{name: "no file", cert: served, value: filepath.Join(dir, "none.pem"), code: 3},
		{name: "half a sum", cert: served, value: "sha256:" + servedSum[:32], code: 3},
		{name: "no hex", cert: served, value: "sha256:" + strings.Repeat("xy", 32), code: 3},
	} {
		for _, m := range []string{"implicit", "starttls"} {
			t.Run(m+"/"+tt.name, func(t *testing.T) {
				r, sent := against(t, m, &tls.Config{Certificates: []tls.Certificate{tt.cert}}, append(strings.Fields(tt.args), "--ca-file", root, "--expect-certificate="+tt.value)...)
				if r.code != tt.code || tt.kind != "" && lineWith(r.out, "=== "+tt.kind+": tls ") == "" {
					t.Errorf("exit %d, want %d and kind %q:\n%s", r.code, tt.code, tt.kind, r.out)
				}
				if strings.Contains(sent, "LOGIN") != tt.login {
					t.Errorf("a secret was sent: %t, want %t", !tt.login, tt.login)
				}
				if strings.Contains(r.out, "would be refused") != tt.remark {
					t.Errorf("want a remark on verification: %t\n%s", tt.remark, r.out)
				}
				if tt.code == 3 && !strings.Contains(r.Text, "--expect-certificate") {
					t.Errorf("the flag is not named: %s", r.out)
				}
				if tt.kind != "certificate_mismatch" {
					return
				}
				expected := renewed.Leaf.SerialNumber.Text(16)
				if strings.HasPrefix(tt.value, "sha256:") {
					expected = "" // all that is known is the sum
				}
				fullSum := fmt.Sprintf("%x", sha256.Sum256(tt.cert.Leaf.Raw))
				for _, want := range []string{
					"served certificate: " + tt.cert.Leaf.NotBefore.UTC().Format("2006-01-02"), tt.cert.Leaf.SerialNumber.Text(16), fullSum,
					"expected certificate: ", expected, renewedSum,
				} {
					if !strings.Contains(r.out, want) {
						t.Errorf("%q is missing in:\n%s", want, r.out)
					}
				}
				for _, want := range []string{fullSum[:8], renewedSum[:8]} {
					if !strings.Contains(r.Text, want) {
						t.Errorf("%q is missing in line 1: %s", want, r.Text)
					}
				}
				if strings.Contains(r.Text, "...") {
					t.Errorf("line 1 is cut: %s", r.Text)
				}
			})
		}
	}
}

// TestCertificateUsage refuses what can never be judged, naming the flag.
func TestCertificateUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--tls=none -D 30", "-D certificate_days"},
		{"--tls=none -w certificate_days=30:", "-w certificate_days"},
		{"--tls=none -c certificate_percent=5:", "-c certificate_percent"},
		{"--tls=none --expect-certificate=x.pem", "--expect-certificate"},
		{"--until=connect -D 30", "-D certificate_days"},
		{"-D 7,30", "-D 7,30"},
		{"-D thirty", "-D thirty"},
		{"-D 30,7,1", "-D 30,7,1"},
		{"--tls-min=1.4", "--tls-min"},
	} {
		r := runMain(t, nil, append([]string{"-H", "imap.test", "--address=127.0.0.1", "-p1", "--auth=none"}, strings.Fields(tt.args)...)...)
		if r.code != 3 || !strings.Contains(r.Text, tt.want) {
			t.Errorf("%s: exit %d, want 3 and %q: %s", tt.args, r.code, tt.want, r.Text)
		}
	}
}
