package systemtest

import (
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/servertest"
)

// TestAddressFlags runs against Dovecot on loopback of both families: where it
// connects to, from where, and behind a PROXY header.
func TestAddressFlags(t *testing.T) {
	if c, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skipf("no IPv6 on loopback: %v", err)
	} else {
		c.Close()
	}
	ca := certtest.Must(t, "Test Root")
	dir := t.TempDir()
	cert, key := certtest.WriteFiles(t, dir, ca.Leaf(t, certtest.Leaf{
		DNSNames: []string{"imap.test", "localhost"}, IPs: []net.IP{net.IPv6loopback, net.IPv4(127, 0, 0, 1)}}))
	srv := servertest.Dovecot(t, servertest.Spec{CertFile: cert, KeyFile: key, HAProxy: true,
		Extra:    "listen = 127.0.0.1, ::1\nhaproxy_trusted_networks = 127.0.0.0/8 ::1/128\n",
		Accounts: []servertest.Account{{User: "alice", Password: "secret"}}})
	root := ca.WriteFile(t, dir)
	implicit, starttls := strconv.Itoa(srv.IMAPS), strconv.Itoa(srv.IMAP)
	proxied, proxiedStart := strconv.Itoa(srv.ProxyIMAPS), strconv.Itoa(srv.ProxyIMAP)
	for _, tt := range []struct {
		args string
		code int
		want string // in the output
	}{
		{"-H ::1 -p " + implicit, 0, "[::1]:" + implicit},
		{"-H [::1] --tls=starttls -p " + starttls, 0, "[::1]:" + starttls},
		{"-H 127.0.0.1 -p " + implicit, 0, "127.0.0.1:" + implicit},
		{"-H imap.test --address ::1 -p " + implicit, 0, "[::1]:" + implicit},
		{"-H imap.test --address [::1] -6 -p " + implicit, 0, "[::1]:" + implicit},
		{"-H localhost -4 -p " + implicit, 0, "127.0.0.1:" + implicit},
		{"-H imap.test --address 127.0.0.1 --source 127.0.0.3 -p " + implicit, 0, "127.0.0.1:" + implicit},
		{"-H ::1 --source ::1 -p " + implicit, 0, "[::1]:" + implicit},
		{"-H ::1 -4 -p " + implicit, 3, "the other family"},
		{"-H 127.0.0.1 -6 -p " + implicit, 3, "the other family"},
		{"-H 127.0.0.1 --source ::1 -p " + implicit, 3, "another family"},
		{"-H imap.test --address localhost -4 -p " + implicit, 0, "127.0.0.1:" + implicit},
		{"-H 192.0.2.1 --server-name imap.test --address localhost -4 -p " + implicit, 0, "127.0.0.1:" + implicit},
		{"-H imap.test --address 127.0.0.1:993 -p " + implicit, 3, "has a port in it"},
		{"-H localhost -4 --server-name imap.test --address 192.0.2.1 --all-addresses worst -p " + implicit, 0, "127.0.0.1:" + implicit},
		{"-4 -6 -H localhost", 3, "exclude each other"},
		{"-H 127.0.0.1 --source 192.0.2.1 -p " + implicit, 3, "is --source an address of this machine?"},
		{"-H imap.test --address 127.0.0.1 --proxy-protocol v1 -p " + proxied, 0, "127.0.0.1:" + proxied},
		{"-H imap.test --address 127.0.0.1 --proxy-protocol v2 -p " + proxied, 0, "127.0.0.1:" + proxied},
		{"-H imap.test --address 127.0.0.1 --source 127.0.0.4 --proxy-protocol v1 --tls=starttls -p " + proxiedStart, 0, "127.0.0.1:" + proxiedStart},
		{"-H imap.test --address 127.0.0.1 --source 127.0.0.5 --proxy-protocol v2 --tls=starttls -p " + proxiedStart, 0, "127.0.0.1:" + proxiedStart},
		{"-H imap.test --address ::1 --proxy-protocol v1 -p " + proxied, 0, "[::1]:" + proxied},
		{"-H imap.test --address ::1 --proxy-protocol v2 --tls=starttls -p " + proxiedStart, 0, "[::1]:" + proxiedStart},
	} {
		t.Run(tt.args, func(t *testing.T) {
			args := append(strings.Fields(tt.args), "-U", "alice", "--ca-file", root, "-t", "20s")
			r := runMain(t, password("secret"), args...)
			if r.code != tt.code {
				t.Errorf("exit %d, want %d:\n%s", r.code, tt.code, r.out)
			}
			text := r.Text
			if tt.code == 0 {
				text = lineWith(r.out, "] connect ")
			}
			if !strings.Contains(text, tt.want) {
				t.Errorf("%q is missing in %q", tt.want, text)
			}
		})
	}
}

// TestSource asks the other side where the connection came from, and what it
// was told first.
func TestSource(t *testing.T) {
	for _, tt := range []struct{ args, from, first string }{
		{"--source 127.0.0.3", "127.0.0.3", ""},
		{"--source 127.0.0.3 --proxy-protocol v1", "127.0.0.3", "PROXY TCP4 127.0.0.3 127.0.0.1 "},
		{"--source 127.0.0.3 --proxy-protocol v2", "127.0.0.3", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x7f\x00\x00\x03\x7f\x00\x00\x01"},
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 2)
		go func() {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			got <- nc.RemoteAddr().(*net.TCPAddr).IP.String()
			b := make([]byte, len(tt.first))
			io.ReadFull(nc, b)
			got <- string(b)
		}()
		port := strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
		r := runMain(t, nil, append(strings.Fields(tt.args), "-H", "127.0.0.1", "-p", port, "--tls=none", "--auth=none")...)
		if r.code != 2 {
			t.Errorf("%s: exit %d, want 2: it was hung up on\n%s", tt.args, r.code, r.out)
		}
		if from, first := <-got, <-got; from != tt.from || first != tt.first {
			t.Errorf("%s: came from %s with %q, want %s and %q", tt.args, from, first, tt.from, tt.first)
		}
		ln.Close()
	}
}
