package auth

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/secret"
)

// tlsPair returns the two ends' view of one TLS session.
func tlsPair(t *testing.T, version uint16, cert tls.Certificate) (client, server *tls.ConnectionState) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	srv := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: version, MaxVersion: version})
	cli := tls.Client(near, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
	done := make(chan error, 1)
	go func() { done <- srv.Handshake() }()
	if err := errors.Join(cli.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	c, s := cli.ConnectionState(), srv.ConnectionState()
	return &c, &s
}

// serverBinding is what a server knows of its own session, made without BindingOf.
func serverBinding(t *testing.T, cs *tls.ConnectionState, cert tls.Certificate) Binding {
	t.Helper()
	if cs.Version == tls.VersionTLS13 {
		data, err := cs.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
		if err != nil {
			t.Fatal(err)
		}
		return Binding{"tls-exporter", data}
	}
	sum := sha256.Sum256(cert.Certificate[0])
	return Binding{"tls-server-end-point", sum[:]}
}

// TestChannelBinding logs in by SCRAM-SHA-256-PLUS over real TLS sessions, and
// fails to when somebody in between has a session with each side.
func TestChannelBinding(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			ca := certtest.Must(t, "Test Root")
			cert := ca.Leaf(t, certtest.Leaf{CommonName: "imap.test"})
			ours, theirs := tlsPair(t, version, cert)
			between, _ := tlsPair(t, version, ca.Leaf(t, certtest.Leaf{CommonName: "imap.test"}))
			for _, cs := range []*tls.ConnectionState{ours, between} {
				binding, err := BindingOf(cs)
				if err != nil {
					t.Fatal(err)
				}
				c := Credentials{Username: "alice", Password: secret.New("secret"), Binding: binding}
				err = scramLogin(t, SCRAMSHA256Plus, c, "alice", "secret", serverBinding(t, theirs, cert))
				if same := cs == ours; (err == nil) != same {
					t.Errorf("same session %v: %v", same, err)
				}
			}
		})
	}
}

// TestNoBinding: without a binding the mechanism does not begin.
func TestNoBinding(t *testing.T) {
	if _, err := BindingOf(nil); !errors.Is(err, ErrNoBinding) {
		t.Errorf("no TLS: %v, want ErrNoBinding", err)
	}
	ed := &tls.ConnectionState{Version: tls.VersionTLS12, PeerCertificates: []*x509.Certificate{{SignatureAlgorithm: x509.PureEd25519}}}
	if _, err := BindingOf(ed); !errors.Is(err, ErrNoBinding) {
		t.Errorf("Ed25519: %v, want ErrNoBinding", err)
	}
	if _, _, err := SCRAMSHA256Plus.Client(Credentials{Username: "u"}).Start(); !errors.Is(err, ErrNoBinding) {
		t.Errorf("Start: %v, want ErrNoBinding", err)
	}
}

// TestEndPointHash: weak signatures are hashed with SHA-256, others with their own.
func TestEndPointHash(t *testing.T) {
	for alg, size := range map[x509.SignatureAlgorithm]int{
		x509.SHA1WithRSA: 32, x509.ECDSAWithSHA256: 32, x509.ECDSAWithSHA384: 48, x509.SHA512WithRSAPSS: 64,
	} {
		if got, err := endPoint(&x509.Certificate{Raw: []byte("x"), SignatureAlgorithm: alg}); len(got) != size || err != nil {
			t.Errorf("%v: %d bytes, %v, want %d", alg, len(got), err, size)
		}
	}
}
