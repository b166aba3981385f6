// Package dial gets a connection to a server: it resolves the name, connects
// to the first address that answers (Happy Eyeballs, RFC 8305), and makes the
// TLS handshake with verification as a value instead of a refusal. It speaks
// no IMAP.
//
// Order of use: Resolve, Connect, and Handshake at once (implicit TLS, RFC
// 8314) or later (STARTTLS).
package dial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Config says where to connect.
type Config struct {
	Host    string     // name or literal address
	Port    uint16     //
	Name    string     // resolved in place of Host; "" means Host
	Address netip.Addr // connect here in place of resolving Host; the zero Addr means resolve
	Family  Family
	Source  netip.Addr // local address to connect from; the zero Addr leaves it to the system
	Proxy   ProxyMode  // header to send first; "" means none
	// SecondAnswer is how long the answer for one family is waited for when the
	// other has addresses; 0 means ResolutionDelay.
	SecondAnswer time.Duration
	// Lookup resolves a name; nil means the system's resolver as Go speaks it.
	// The network is "ip4" or "ip6".
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Local returns the address from which this machine reaches another, the zero
	// Addr when it does not; nil asks the system.
	Local func(netip.Addr) netip.Addr
	// Dial makes one connection; nil means a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Family limits the addresses that are used.
type Family string

// The families.
const (
	AnyFamily Family = ""
	IPv4      Family = "4"
	IPv6      Family = "6"
)

// matches says whether an address is of the family.
func (f Family) matches(a netip.Addr) bool {
	switch f {
	case IPv4:
		return a.Is4()
	case IPv6:
		return a.Is6()
	}
	return true
}

// Literal returns the address to use without asking any resolver, and whether
// there is one: Address, or Host when it is a literal.
func (c Config) Literal() (netip.Addr, bool) {
	if c.Address.IsValid() {
		return c.Address.Unmap(), true
	}
	if a, err := netip.ParseAddr(c.Resolved()); err == nil {
		return a.Unmap(), true
	}
	return netip.Addr{}, false
}

// Resolved returns the name that is resolved, or an address in its place.
func (c Config) Resolved() string { return cmp.Or(c.Name, c.Host) }

// AttemptDelay is how long an attempt has before the next address is tried
// beside it. See RFC 8305 section 5.
const AttemptDelay = 250 * time.Millisecond

// Attempt is one try to connect.
type Attempt struct {
	Addr       netip.AddrPort
	Began      time.Time     // when the system was asked to connect
	Elapsed    time.Duration // until it was decided, or given up because another one won
	Err        error         // nil for the connection that was taken
	Superseded bool          // given up because another address answered first
}

// ConnectError is the error of Connect: no address took the connection.
type ConnectError struct{ Attempts []Attempt }

func (e *ConnectError) Error() string {
	a := e.mostTelling()
	return fmt.Sprintf("connect to %s: %v", a.Addr, a.Err)
}

// Unwrap returns the error of the attempt that tells most.
func (e *ConnectError) Unwrap() error { return e.mostTelling().Err }

// mostTelling returns the attempt whose error explains most: an address that was
// reached and refused says more than a silent one, that more than one for
// which this machine has no route (often just a family it does not have).
func (e *ConnectError) mostTelling() Attempt {
	return slices.MaxFunc(e.Attempts, func(a, b Attempt) int { return cmp.Compare(weight(a.Err), weight(b.Err)) })
}

func weight(err error) int {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return 3
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return 0
	case errors.Is(err, syscall.EHOSTUNREACH):
		return 1
	}
	return 2
}

// Connect connects to the first of the addresses that answers. An address that
// has not answered within 250 ms gets the next one beside it. The attempts
// come back in the order in which they were begun, with or without an error;
// the error is a *ConnectError.
func Connect(ctx context.Context, c Config, addrs []netip.Addr) (net.Conn, []Attempt, error) {
	if c.Dial == nil {
		c.Dial = c.dialer().DialContext
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	results := make(chan result, len(addrs))
	attempts := make([]Attempt, 0, len(addrs))
	begin := func() {
		i := len(attempts)
		a := Attempt{Addr: netip.AddrPortFrom(addrs[i], c.Port), Began: time.Now(), Superseded: true} // until it is decided
		attempts = append(attempts, a)
		if len(addrs) == 1 { // no other address to try beside it
			results <- c.try(ctx, i, a)
			return
		}
		go func() { results <- c.try(ctx, i, a) }()
	}
	next := time.NewTimer(AttemptDelay)
	defer next.Stop()
	begin()
	for pending := 1; pending > 0; {
		select {
		case r := <-results:
			pending--
			attempts[r.i] = r.Attempt
			if r.Err == nil {
				for i, a := range attempts {
					if a.Superseded {
						attempts[i].Elapsed = time.Since(a.Began)
					}
				}
				if pending > 0 {
					go closeLate(results, pending)
				}
				return r.conn, attempts, nil
			}
		case <-next.C:
		}
		if len(attempts) < len(addrs) && ctx.Err() == nil {
			begin()
			pending++
			next.Reset(AttemptDelay)
		}
	}
	return nil, attempts, &ConnectError{attempts}
}

// result is how an attempt ended.
type result struct {
	Attempt
	i    int      // its place among the attempts
	conn net.Conn // nil with an error
}

// try makes the attempt a. A panic is its error, as it would end the process, with
// nothing said.
func (c Config) try(ctx context.Context, i int, a Attempt) (r result) {
	r = result{Attempt: a, i: i}
	r.Superseded = false
	defer func() {
		if p := recover(); p != nil {
			r.Err = fmt.Errorf("connect: %v", p)
		}
		r.Elapsed = time.Since(r.Began)
	}()
	r.conn, r.Err = c.Dial(context.WithValue(ctx, beganKey{}, &r.Began), "tcp", a.Addr.String())
	return r
}

// closeLate closes the connections among the attempts that have not ended yet.
func closeLate(results <-chan result, pending int) {
	for range pending {
		if r := <-results; r.conn != nil {
			r.conn.Close()
		}
	}
}

// beganKey is the key of a *time.Time that the dialer sets.
type beganKey struct{}

// dialer returns one that notes when the packets begin: a new thread and the
// first socket of a process take longer than a connect in the same building.
// It sends no keep-alives, as no session lasts long enough for one.
func (c Config) dialer() *net.Dialer {
	return &net.Dialer{
		LocalAddr: c.source(),
		KeepAlive: -1,
		ControlContext: func(ctx context.Context, _, _ string, _ syscall.RawConn) error {
			if began, ok := ctx.Value(beganKey{}).(*time.Time); ok {
				*began = time.Now()
			}
			return nil
		},
	}
}

// source returns where connections come from, nil for anywhere.
func (c Config) source() net.Addr {
	if !c.Source.IsValid() {
		return nil // a nil *net.TCPAddr would not be
	}
	return &net.TCPAddr{IP: c.Source.AsSlice(), Zone: c.Source.Zone()}
}

// usable says whether an address may be tried: it is of the wanted family, and
// of that of the source address.
func (c Config) usable(a netip.Addr) bool {
	return c.Family.matches(a) && (!c.Source.IsValid() || c.Source.Is4() == a.Is4())
}
