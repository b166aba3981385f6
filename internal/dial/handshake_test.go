package dial_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
)

const name = "imap.example.com"

// handshake runs a server with this certificate and a script behind the
// handshake, and makes the handshake.
func handshake(t *testing.T, cert tls.Certificate, c dial.TLSConfig) (*tls.Conn, dial.Verification, error) {
	t.Helper()
	nc, _ := imaptest.Pipe(t, "greet\nhold", imaptest.Options{
		ImplicitTLS: true,
		TLS:         &tls.Config{Certificates: []tls.Certificate{cert}},
	})
	return dial.Handshake(t.Context(), nc, c)
}

func TestHandshake(t *testing.T) {
	root, other := certtest.Must(t, "root"), certtest.Must(t, "other root")
	day := 24 * time.Hour
	now := time.Now()
	inter := root.Intermediate(t, "inter", time.Time{}, now.Add(30*day))
	old := root.Intermediate(t, "old", now.Add(-2*day), now.Add(-day))
	crossOld := other.CrossSign(t, inter, now.Add(-2*day), now.Add(-day))
	otherInter := other.Intermediate(t, "other inter", time.Time{}, now.Add(30*day))
	names := []string{name}
	tests := []struct {
		name   string
		cert   tls.Certificate
		host   string // "" means name
		wrong  string
		served int
		chains int
		until  time.Duration // from now, to the day
	}{
		{"good", root.Leaf(t, certtest.Leaf{DNSNames: names}), "", "", 1, 1, 90 * day},
		{"wildcard", root.Leaf(t, certtest.Leaf{DNSNames: []string{"*.example.com"}}), "", "", 1, 1, 90 * day},
		{"name with a dot at its end", root.Leaf(t, certtest.Leaf{DNSNames: names}), name + ".", "", 1, 1, 90 * day},
		{"intermediate ends first", inter.Leaf(t, certtest.Leaf{DNSNames: names}), "", "", 2, 1, 30 * day},
		{"leaf ends first", inter.Leaf(t, certtest.Leaf{DNSNames: names, NotAfter: now.Add(7 * day)}), "", "", 2, 1, 7 * day},
		{"unknown CA", other.Leaf(t, certtest.Leaf{DNSNames: names}), "", "authority", 1, 0, 90 * day},
		{"self-signed", root.Leaf(t, certtest.Leaf{DNSNames: names, SelfSigned: true}), "", "authority", 1, 0, 90 * day},
		{"unknown CA behind an intermediate", otherInter.Leaf(t, certtest.Leaf{DNSNames: names}), "", "authority", 2, 0, 90 * day},
		{"expired", root.Leaf(t, certtest.Leaf{DNSNames: names, NotBefore: now.Add(-2 * day), NotAfter: now.Add(-day)}), "", "expired", 1, 0, -day},
		{"not yet valid", root.Leaf(t, certtest.Leaf{DNSNames: names, NotBefore: now.Add(day)}), "", "expired", 1, 0, 90 * day},
		{"expired intermediate", old.Leaf(t, certtest.Leaf{DNSNames: names}), "", "expired", 2, 0, 90 * day},
		{"missing intermediate", inter.Leaf(t, certtest.Leaf{DNSNames: names, NoChain: true}), "", "authority", 1, 0, 90 * day},
		{"wrong name", root.Leaf(t, certtest.Leaf{DNSNames: []string{"mail.example.com"}}), "", "name", 1, 1, 90 * day},
		{"common name only", root.Leaf(t, certtest.Leaf{CommonName: name}), "", "name", 1, 1, 90 * day},
		{"unknown CA and wrong name", other.Leaf(t, certtest.Leaf{DNSNames: []string{"mail.example.com"}}), "", "authority", 1, 0, 90 * day},
		{"client certificate", root.Leaf(t, certtest.Leaf{DNSNames: names, ClientAuth: true}), "", "usage", 1, 0, 90 * day},
		{"address", root.Leaf(t, certtest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}), "127.0.0.1", "", 1, 1, 90 * day},
		{"IPv6 address", root.Leaf(t, certtest.Leaf{IPs: []net.IP{net.IPv6loopback}}), "::1", "", 1, 1, 90 * day},
		{"other address", root.Leaf(t, certtest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}), "127.0.0.2", "name", 1, 1, 90 * day},
		{"address, certificate for a name", root.Leaf(t, certtest.Leaf{DNSNames: names}), "127.0.0.1", "name", 1, 1, 90 * day},
		{"expired cross-sign that no chain uses", inter.Leaf(t, certtest.Leaf{DNSNames: names, Extra: []*certtest.CA{crossOld}}), "", "", 3, 1, 30 * day},
	}
	reasons := map[string]error{ // of those that are all one to crypto/x509
		"unknown CA": report.ErrMissingIntermediate, "missing intermediate": report.ErrMissingIntermediate,
		"self-signed": report.ErrSelfSigned, "unknown CA behind an intermediate": report.ErrUnknownAuthority,
	}
	for _, tt := range tests {
		for _, insecure := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				host := tt.host
				if host == "" {
					host = name
				}
				tc, v, err := handshake(t, tt.cert, dial.TLSConfig{ServerName: host, Roots: dial.RootsOf(root.Pool()), Insecure: insecure})
				refused := tt.wrong != "" && !insecure
				if (tc == nil) != refused || !refused && err != nil {
					t.Fatalf("insecure %t: got %v, %v, want refused: %t", insecure, tc, err, refused)
				}
				if refused && certtest.Fault(err) != tt.wrong {
					t.Errorf("got error %q (%v), want %q", certtest.Fault(err), err, tt.wrong)
				}
				if certtest.Fault(v.Err) != tt.wrong {
					t.Errorf("verification: got %q (%v), want %q", certtest.Fault(v.Err), v.Err, tt.wrong)
				}
				if want := reasons[tt.name]; want != nil && (!errors.Is(v.Err, want) || !strings.HasPrefix(v.Err.Error(), want.Error()+": ")) {
					t.Errorf("verification: got %v, want %q and what it is about", v.Err, want)
				}
				if v.Leaf == nil || !v.Leaf.Equal(tt.cert.Leaf) || len(v.Served) != tt.served || len(v.Chains) != tt.chains {
					t.Errorf("got leaf %v, %d served, %d chains, want %d, %d", v.Leaf, len(v.Served), len(v.Chains), tt.served, tt.chains)
				}
				if got := v.Until().Sub(now.Add(tt.until)).Abs(); got > time.Minute {
					t.Errorf("until: got %v, want in %v", v.Until(), tt.until)
				}
				if tc != nil {
					defer tc.Close()
					if got := make([]byte, 4); !reads(tc, got) || string(got) != "* OK" {
						t.Errorf("behind the handshake: got %q, want the greeting", got)
					}
				}
			})
		}
	}
}

func reads(r io.Reader, b []byte) bool {
	_, err := io.ReadFull(r, b)
	return err == nil
}

// The chain that lasts longest counts; with both roots trusted there are two.
func TestUntil(t *testing.T) {
	root, other := certtest.Must(t, "root"), certtest.Must(t, "other root")
	now, day := time.Now(), 24*time.Hour
	inter := root.Intermediate(t, "inter", time.Time{}, now.Add(30*day))
	tests := []struct {
		name  string
		cross time.Duration // how long the cross-signed intermediate lasts
		want  time.Duration
	}{
		{"cross-sign lasts longer", 60 * day, 60 * day},
		{"cross-sign ends first", 10 * day, 30 * day},
		{"leaf ends before the cross-sign", 200 * day, 90 * day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cross := other.CrossSign(t, inter, time.Time{}, now.Add(tt.cross))
			both := root.Pool()
			both.AddCert(other.Cert)
			cert := inter.Leaf(t, certtest.Leaf{DNSNames: []string{name}, Extra: []*certtest.CA{cross}})
			tc, v, err := handshake(t, cert, dial.TLSConfig{ServerName: name, Roots: dial.RootsOf(both)})
			if err != nil || len(v.Chains) != 2 {
				t.Fatalf("got %d chains, %v, want 2", len(v.Chains), err)
			}
			tc.Close()
			if got := v.Until().Sub(now.Add(tt.want)).Abs(); got > time.Minute {
				t.Errorf("got %v, want in %v", v.Until(), tt.want)
			}
		})
	}
	if got := (dial.Verification{}).Until(); !got.IsZero() {
		t.Errorf("no certificate: got %v, want zero", got)
	}
}

func TestHandshakeVersions(t *testing.T) {
	root := certtest.Must(t, "root")
	cert := root.Leaf(t, certtest.Leaf{DNSNames: []string{name}})
	tests := []struct {
		name   string
		server uint16 // the highest it speaks
		floor  uint16
		want   uint16 // 0: refused
	}{
		{"best there is", tls.VersionTLS13, 0, tls.VersionTLS13},
		{"TLS 1.2", tls.VersionTLS12, 0, tls.VersionTLS12},
		{"TLS 1.1", tls.VersionTLS11, 0, 0},
		{"TLS 1.1, floor below", tls.VersionTLS11, tls.VersionTLS10, tls.VersionTLS11},
		{"TLS 1.2, floor above", tls.VersionTLS12, tls.VersionTLS13, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nc, _ := imaptest.Pipe(t, "hold", imaptest.Options{ImplicitTLS: true, TLS: &tls.Config{
				Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: tt.server,
			}})
			tc, v, err := dial.Handshake(t.Context(), nc, dial.TLSConfig{ServerName: name, Roots: dial.RootsOf(root.Pool()), MinVersion: tt.floor})
			if tt.want == 0 {
				if err == nil || v.Leaf != nil {
					t.Errorf("got %v with leaf %v, want an error of crypto/tls and none", err, v.Leaf)
				}
				return
			}
			if err != nil || tc.ConnectionState().Version != tt.want {
				t.Errorf("got %v, %v, want %s", tc, err, tls.VersionName(tt.want))
			}
		})
	}
}

// What is no handshake comes back as it is, with nothing verified.
func TestHandshakeErrors(t *testing.T) {
	tests := []struct {
		name   string
		script string
		want   func(error) bool
	}{
		{"plain text", "greet\nhold", func(err error) bool { return errors.As(err, new(tls.RecordHeaderError)) }},
		{"closed", "close", func(err error) bool { return errors.Is(err, io.EOF) }},
		{"silent", "freeze", func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, _ := imaptest.Pipe(t, tt.script, imaptest.Options{})
				defer nc.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				tc, v, err := dial.Handshake(ctx, nc, dial.TLSConfig{ServerName: name, Roots: dial.RootsOf(x509.NewCertPool())})
				if tc != nil || !tt.want(err) || v.Err != nil {
					t.Errorf("got %v, %v (%T)", tc, err, err)
				}
				if v.Leaf != nil || v.Err != nil || v.Served != nil {
					t.Errorf("got verification %+v, want none", v)
				}
				if got := time.Since(start); got > time.Second {
					t.Errorf("failed after %v, want 1s at most", got)
				}
			})
		})
	}
}
