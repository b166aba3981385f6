package dial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

// addrs parses addresses written with blanks between them.
func addrs(words string) []netip.Addr {
	var out []netip.Addr
	for _, w := range strings.Fields(words) {
		out = append(out, netip.MustParseAddr(w))
	}
	return out
}

func TestResolve(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", Name: "a.example", IsNotFound: true}
	servfail := &net.DNSError{Err: "server misbehaving", Name: "a.example", IsTemporary: true}
	tests := []struct {
		name   string
		family dial.Family
		answer map[string]string // by network; "" is a name without addresses
		fail   map[string]error
		want   string
		err    error
		asked  string // the networks
	}{
		{name: "one", answer: map[string]string{"ip": "192.0.2.1"}, want: "192.0.2.1", asked: "ip"},
		{name: "families take turns", answer: map[string]string{"ip": "2001:db8::1 2001:db8::2 192.0.2.1 192.0.2.2"},
			want: "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2", asked: "ip"},
		{name: "the first one's family begins", answer: map[string]string{"ip": "192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1"},
			want: "192.0.2.1 2001:db8::1 192.0.2.2 192.0.2.3", asked: "ip"},
		{name: "more of the second family", answer: map[string]string{"ip": "192.0.2.1 2001:db8::1 2001:db8::2"},
			want: "192.0.2.1 2001:db8::1 2001:db8::2", asked: "ip"},
		{name: "duplicates", answer: map[string]string{"ip": "192.0.2.2 192.0.2.1 192.0.2.2"}, want: "192.0.2.2 192.0.2.1", asked: "ip"},
		{name: "v4-mapped", answer: map[string]string{"ip": "::ffff:192.0.2.1 2001:db8::1 192.0.2.1"}, want: "192.0.2.1 2001:db8::1", asked: "ip"},
		{name: "v4-mapped is IPv4", family: dial.IPv4, answer: map[string]string{"ip4": "::ffff:192.0.2.1"}, want: "192.0.2.1", asked: "ip4"},
		{name: "v4-mapped is no IPv6", family: dial.IPv6, answer: map[string]string{"ip6": "::ffff:192.0.2.1"}, err: report.ErrNoAddress, asked: "ip6"},
		{name: "only IPv6", family: dial.IPv6, answer: map[string]string{"ip6": "2001:db8::1 192.0.2.1"}, want: "2001:db8::1", asked: "ip6"},
		{name: "none of the family", family: dial.IPv6, answer: map[string]string{"ip": "192.0.2.1"}, fail: map[string]error{"ip6": notFound}, err: report.ErrNoAddress, asked: "ip6 ip"},
		{name: "no such name in any family", family: dial.IPv6, fail: map[string]error{"ip6": notFound, "ip": notFound}, err: notFound, asked: "ip6 ip"},
		{name: "no such name", fail: map[string]error{"ip": notFound}, err: notFound, asked: "ip"},
		{name: "resolver fails", family: dial.IPv4, fail: map[string]error{"ip4": servfail}, err: servfail, asked: "ip4"},
		{name: "context", fail: map[string]error{"ip": context.DeadlineExceeded}, err: context.DeadlineExceeded, asked: "ip"},
		{name: "nothing", answer: map[string]string{"ip": ""}, err: report.ErrNoAddress, asked: "ip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			got, err := dial.Resolve(t.Context(), dial.Config{
				Host: "a.example", Family: tt.family,
				Lookup: func(_ context.Context, network, host string) ([]netip.Addr, error) {
					asked = append(asked, network)
					if host != "a.example" {
						t.Errorf("asked for %q, want a.example", host)
					}
					return addrs(tt.answer[network]), tt.fail[network]
				},
			})
			if err != tt.err || !slices.Equal(got, addrs(tt.want)) {
				t.Errorf("got %v, %v, want %s, %v", got, err, tt.want, tt.err)
			}
			if got := strings.Join(asked, " "); got != tt.asked {
				t.Errorf("asked for %q, want %q", got, tt.asked)
			}
		})
	}
}

// The system's resolver knows this much without the network.
func TestResolveSystem(t *testing.T) {
	got, err := dial.Resolve(t.Context(), dial.Config{Host: "127.0.0.1"})
	if err != nil || !slices.Equal(got, addrs("127.0.0.1")) {
		t.Errorf("got %v, %v, want 127.0.0.1", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var dns *net.DNSError
	if got, err := dial.Resolve(ctx, dial.Config{Host: "a.example"}); !errors.As(err, &dns) {
		t.Errorf("context ended: got %v, %v, want a DNSError", got, err)
	}
}

func TestLiteral(t *testing.T) {
	tests := []struct {
		name string
		c    dial.Config
		want string // "" for none
	}{
		{"name", dial.Config{Host: "a.example"}, ""},
		{"IPv4", dial.Config{Host: "192.0.2.1"}, "192.0.2.1"},
		{"IPv6", dial.Config{Host: "2001:db8::1"}, "2001:db8::1"},
		{"scoped", dial.Config{Host: "fe80::1%eth0"}, "fe80::1%eth0"},
		{"v4-mapped", dial.Config{Host: "::ffff:192.0.2.1"}, "192.0.2.1"},
		{"address", dial.Config{Host: "a.example", Address: netip.MustParseAddr("192.0.2.2")}, "192.0.2.2"},
		{"address before a literal", dial.Config{Host: "192.0.2.1", Address: netip.MustParseAddr("::ffff:192.0.2.2")}, "192.0.2.2"},
		{"no address", dial.Config{Host: "192.0.2"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.c.Literal()
			if ok != (tt.want != "") || ok && got != netip.MustParseAddr(tt.want) {
				t.Errorf("%+v: got %v, %t, want %q", tt.c, got, ok, tt.want)
			}
		})
	}
}
