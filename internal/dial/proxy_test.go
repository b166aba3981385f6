package dial_test

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strings"
	"testing"

	"check_imap_session/internal/dial"
)

// wire is a connection between two addresses that keeps what is written.
type wire struct {
	net.Conn
	local, remote net.Addr
	sent          []byte
}

func (w *wire) LocalAddr() net.Addr  { return w.local }
func (w *wire) RemoteAddr() net.Addr { return w.remote }
func (w *wire) Write(b []byte) (int, error) {
	w.sent = append(w.sent, b...)
	return len(b), nil
}

// TestSendProxyHeader compares with the specification, byte by byte: its
// section 2.1 for the line, 2.2 for the binary form.
func TestSendProxyHeader(t *testing.T) {
	addr := func(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
	const signature = "0d0a0d0a000d0a515549540a"
	for _, tt := range []struct {
		name, local, remote string
		v1                  string
		v2                  string // in hex, behind the signature
	}{
		{"IPv4", "192.0.2.7:49152", "198.51.100.9:143", "PROXY TCP4 192.0.2.7 198.51.100.9 49152 143\r\n",
			"21 11 000c c0000207 c6336409 c000 008f"},
		{"IPv6", "[2001:db8::7]:49152", "[2001:db8::9]:993", "PROXY TCP6 2001:db8::7 2001:db8::9 49152 993\r\n",
			"21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000009 c000 03e1"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.7]:49152", "[::ffff:198.51.100.9]:143", "PROXY TCP4 192.0.2.7 198.51.100.9 49152 143\r\n",
			"21 11 000c c0000207 c6336409 c000 008f"},
		{"zone", "[fe80::7%eth0]:49152", "[fe80::9%eth0]:143", "PROXY TCP6 fe80::7 fe80::9 49152 143\r\n",
			"21 21 0024 fe800000000000000000000000000007 fe800000000000000000000000000009 c000 008f"},
	} {
		for mode, want := range map[dial.ProxyMode]string{
			dial.ProxyV1: hex.EncodeToString([]byte(tt.v1)),
			dial.ProxyV2: signature + strings.ReplaceAll(tt.v2, " ", ""),
		} {
			w := &wire{local: addr(tt.local), remote: addr(tt.remote)}
			if err := dial.SendProxyHeader(w, mode); err != nil {
				t.Errorf("%s %s: %v", tt.name, mode, err)
			}
			if got := hex.EncodeToString(w.sent); got != want {
				t.Errorf("%s %s:\n got %s\nwant %s", tt.name, mode, got, want)
			}
		}
	}
	if err := dial.SendProxyHeader(&wire{local: &net.UnixAddr{}, remote: &net.UnixAddr{}}, dial.ProxyV1); err == nil {
		t.Error("a header for a Unix socket: got no error")
	}
}
