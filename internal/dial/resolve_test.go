package dial_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// reply is what a name server says to one question, and when.
type reply struct {
	addrs string
	err   error
	after time.Duration // negative: never
}

func TestResolve(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", Name: "a.example", IsNotFound: true}
	servfail := &net.DNSError{Err: "server misbehaving", Name: "a.example", IsTemporary: true}
	otherFamily := &net.AddrError{Err: "no suitable address found", Addr: "a.example"} // of the hosts file
	const ms, never = time.Millisecond, -1
	none := reply{err: notFound}
	for _, tt := range []struct {
		name    string
		family  dial.Family
		a, aaaa reply
		way     bool // this machine has a way to IPv6
		want    string
		err     error  // nil where there are addresses
		missing string // the question that failed while the other one did not
		took    time.Duration
	}{
		{name: "IPv4 only", a: reply{addrs: "192.0.2.1"}, aaaa: none, want: "192.0.2.1"},
		{name: "IPv6 only", a: none, aaaa: reply{addrs: "2001:db8::1"}, want: "2001:db8::1"},
		{name: "IPv6 first", a: reply{addrs: "192.0.2.1"}, aaaa: reply{addrs: "2001:db8::1 2001:db8::2"}, way: true, want: "2001:db8::1 192.0.2.1 2001:db8::2"},
		{name: "no way to IPv6", a: reply{addrs: "192.0.2.1 192.0.2.2"}, aaaa: reply{addrs: "2001:db8::1"}, want: "192.0.2.1 2001:db8::1 192.0.2.2"},
		{name: "ULA behind IPv4", a: reply{addrs: "192.0.2.1"}, aaaa: reply{addrs: "fd00::1"}, way: true, want: "192.0.2.1 fd00::1"},
		{name: "duplicates", a: reply{addrs: "192.0.2.2 192.0.2.1 192.0.2.2"}, aaaa: none, want: "192.0.2.2 192.0.2.1"},
		{name: "v4-mapped is IPv4", a: reply{addrs: "192.0.2.1"}, aaaa: reply{addrs: "::ffff:192.0.2.1"}, want: "192.0.2.1"},
		{name: "second answer in time", a: reply{addrs: "192.0.2.1", after: 5 * ms}, aaaa: reply{addrs: "2001:db8::1", after: 54 * ms}, way: true, want: "2001:db8::1 192.0.2.1", took: 54 * ms},
		{name: "AAAA never", a: reply{addrs: "192.0.2.1", after: 2 * ms}, aaaa: reply{after: never}, want: "192.0.2.1", missing: "AAAA", took: 52 * ms},
		{name: "A never", a: reply{after: never}, aaaa: reply{addrs: "2001:db8::1", after: 2 * ms}, want: "2001:db8::1", missing: "A", took: 52 * ms},
		{name: "no A, AAAA late", a: reply{err: notFound}, aaaa: reply{addrs: "2001:db8::1", after: 300 * ms}, want: "2001:db8::1", took: 300 * ms},
		{name: "AAAA fails", a: reply{addrs: "192.0.2.1"}, aaaa: reply{err: servfail}, want: "192.0.2.1", missing: "AAAA"},
		{name: "no A, AAAA never", a: none, aaaa: reply{after: never}, err: &report.LookupError{Question: "AAAA", Err: context.DeadlineExceeded}, took: time.Second},
		{name: "both never", a: reply{after: never}, aaaa: reply{after: never}, err: &report.LookupError{Question: "A and AAAA", Err: context.DeadlineExceeded}, took: time.Second},
		{name: "no A, AAAA fails", a: none, aaaa: reply{err: servfail}, err: &report.LookupError{Question: "AAAA", Err: servfail}},
		{name: "no such name", a: none, aaaa: none, err: &report.LookupError{Question: "A", Err: notFound}},
		{name: "hosts file, IPv4 only", a: reply{addrs: "192.0.2.1"}, aaaa: reply{err: otherFamily}, want: "192.0.2.1"},
		{name: "hosts file, IPv6 wanted", family: dial.IPv6, a: reply{addrs: "192.0.2.1"}, aaaa: reply{err: otherFamily}, err: report.ErrNoAddress},
		{name: "IPv6 wanted, IPv4 only", family: dial.IPv6, a: reply{addrs: "192.0.2.1"}, aaaa: none, err: report.ErrNoAddress},
		{name: "IPv4 wanted, IPv6 only", family: dial.IPv4, a: none, aaaa: reply{addrs: "2001:db8::1"}, err: report.ErrNoAddress},
		{name: "IPv6 wanted, no such name", family: dial.IPv6, a: none, aaaa: none, err: &report.LookupError{Question: "AAAA", Err: notFound}},
		{name: "IPv6 wanted, IPv4 never", family: dial.IPv6, a: reply{after: never}, aaaa: none, err: &report.LookupError{Question: "AAAA", Err: notFound}, took: 500 * ms},
		{name: "nothing", a: reply{}, aaaa: reply{}, err: report.ErrNoAddress},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				got, err := dial.Resolve(ctx, dial.Config{
					Host: "a.example", Family: tt.family,
					Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
						r := map[string]reply{"ip4": tt.a, "ip6": tt.aaaa}[network]
						if r.after < 0 {
							<-ctx.Done()
							return nil, ctx.Err()
						}
						time.Sleep(r.after)
						return addrs(r.addrs), r.err
					},
					Local: func(netip.Addr) netip.Addr {
						if tt.way {
							return netip.MustParseAddr("2001:db8:1::1")
						}
						return netip.Addr{}
					},
				})
				if !slices.Equal(got.Addrs, addrs(tt.want)) || got.Found != len(got.Addrs) {
					t.Errorf("got %v of %d, want %s", got.Addrs, got.Found, tt.want)
				}
				if fmt.Sprint(err) != fmt.Sprint(tt.err) {
					t.Errorf("got error %v, want %v", err, tt.err)
				}
				if missing := got.Missing; missing == nil && tt.missing != "" || missing != nil && missing.Question != tt.missing {
					t.Errorf("missing %v, want %q", missing, tt.missing)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

// TestManyAddresses uses the first ones and counts all.
func TestManyAddresses(t *testing.T) {
	got, err := dial.Resolve(t.Context(), dial.Config{Host: "a.example", Family: dial.IPv4, Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		var all []netip.Addr
		for a := netip.MustParseAddr("192.0.2.1"); len(all) < 100; a = a.Next() {
			all = append(all, a)
		}
		return all, nil
	}})
	if err != nil || len(got.Addrs) != dial.MaxAddresses || got.Found != 100 {
		t.Errorf("got %d addresses of %d, %v, want %d of 100", len(got.Addrs), got.Found, err, dial.MaxAddresses)
	}
}

// The system's resolver knows this much without the network.
func TestResolveSystem(t *testing.T) {
	got, err := dial.Resolve(t.Context(), dial.Config{Host: "127.0.0.1"})
	if err != nil || !slices.Equal(got.Addrs, addrs("127.0.0.1")) {
		t.Errorf("got %v, %v, want 127.0.0.1", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var lookup *report.LookupError
	if got, err := dial.Resolve(ctx, dial.Config{Host: "a.example"}); !errors.As(err, &lookup) {
		t.Errorf("context ended: got %v, %v, want a LookupError", got, err)
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
