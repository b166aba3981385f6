package dial

import (
	"fmt"
	"net"

	"github.com/pires/go-proxyproto"
)

// ProxyMode is a version of the PROXY protocol, by which a connection says where
// it comes from. See haproxy's doc/proxy-protocol.txt.
type ProxyMode string

// The versions.
const (
	ProxyV1 ProxyMode = "v1" // a line of text, section 2.1
	ProxyV2 ProxyMode = "v2" // binary, section 2.2
)

// SendProxyHeader writes the header of a connection that comes from its own
// local address. It must be the first thing that is sent, also before TLS.
func SendProxyHeader(nc net.Conn, mode ProxyMode) error {
	version := byte(1)
	if mode == ProxyV2 {
		version = 2
	}
	h := proxyproto.HeaderProxyFromAddrs(version, nc.LocalAddr(), nc.RemoteAddr())
	if _, _, ok := h.TCPAddrs(); !ok {
		return fmt.Errorf("PROXY header: %s is not a TCP connection", nc.RemoteAddr().Network())
	}
	_, err := h.WriteTo(nc)
	return err
}
