package dial

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
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
	from, to, err := ends(nc)
	if err != nil {
		return err
	}
	header := proxyV1(from, to)
	if mode == ProxyV2 {
		header = proxyV2(from, to)
	}
	_, err = nc.Write(header)
	return err
}

// ends returns the addresses of a connection, both of one family.
func ends(nc net.Conn) (from, to netip.AddrPort, err error) {
	local, lok := nc.LocalAddr().(*net.TCPAddr)
	remote, rok := nc.RemoteAddr().(*net.TCPAddr)
	if !lok || !rok {
		return from, to, fmt.Errorf("PROXY header: %s is no TCP connection", nc.RemoteAddr().Network())
	}
	from, to = plain(local.AddrPort()), plain(remote.AddrPort())
	return from, to, nil
}

// plain returns an address without zone and without an IPv4 address in IPv6's
// form.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

func proxyV1(from, to netip.AddrPort) []byte {
	family := "TCP6"
	if from.Addr().Is4() {
		family = "TCP4"
	}
	return fmt.Appendf(nil, "PROXY %s %s %s %d %d\r\n", family, from.Addr(), to.Addr(), from.Port(), to.Port())
}

func proxyV2(from, to netip.AddrPort) []byte {
	const (
		signature = "\r\n\r\n\x00\r\nQUIT\n"
		proxyCmd  = 0x21 // version 2, PROXY
		tcp4      = 0x11
		tcp6      = 0x21
	)
	family := byte(tcp6)
	if from.Addr().Is4() {
		family = tcp4
	}
	var body []byte
	body = append(body, from.Addr().AsSlice()...)
	body = append(body, to.Addr().AsSlice()...)
	body = binary.BigEndian.AppendUint16(body, from.Port())
	body = binary.BigEndian.AppendUint16(body, to.Port())
	header := append([]byte(signature), proxyCmd, family)
	header = binary.BigEndian.AppendUint16(header, uint16(len(body)))
	return append(header, body...)
}
