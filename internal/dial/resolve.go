package dial

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"check_imap_session/internal/report"
)

const (
	// ResolutionDelay is how long the second answer is waited for once the first
	// one has brought addresses. See RFC 8305 section 3.
	ResolutionDelay = 50 * time.Millisecond

	// MaxAddresses is how many addresses of a name are used at most.
	MaxAddresses = 64

	// otherFamilyTimeout bounds the question whether a name has addresses of the
	// family that was not asked for: the answer only changes the words.
	otherFamilyTimeout = 500 * time.Millisecond
)

// Resolution is what resolving a name brought.
type Resolution struct {
	Addrs []netip.Addr // in the order in which to try them, at most MaxAddresses
	Found int          // how many there are in all
	// Missing is why one family brought nothing although the other one did, when
	// that is not simply because there is no such address; nil otherwise.
	Missing *report.LookupError
}

// Resolve asks for the addresses of the host, for both families at the same time
// unless one is wanted. Its error is report.ErrNoAddress for a name that resolves,
// but to no address of the wanted family, else a *report.LookupError.
func Resolve(ctx context.Context, c Config) (Resolution, error) {
	if c.Lookup == nil {
		// The resolver written in Go heeds the context; the C library's does not.
		c.Lookup = (&net.Resolver{PreferGo: true}).LookupNetIP
	}
	var r Resolution
	var v4, v6 []netip.Addr
	var failed *report.LookupError
	for _, a := range c.ask(ctx) {
		for _, addr := range a.addrs {
			addr = addr.Unmap()
			list := &v6
			if addr.Is4() {
				list = &v4
			}
			if c.usable(addr) && !slices.Contains(*list, addr) {
				*list = append(*list, addr)
			}
		}
		switch {
		case a.err == nil:
		case failed == nil, lacksAddress(failed) && !lacksAddress(a.err):
			failed = &report.LookupError{Question: a.question, Err: a.err}
		case !lacksAddress(a.err):
			failed.Question += " and " + a.question
		}
	}
	switch {
	case len(v4)+len(v6) > 0:
		if failed != nil && !lacksAddress(failed) {
			r.Missing = failed
		}
		r.Addrs = c.order(v4, v6)
		r.Found = len(r.Addrs)
		r.Addrs = r.Addrs[:min(r.Found, MaxAddresses)]
		return r, nil
	case failed == nil, isUnsuitable(failed), c.Family != AnyFamily && lacksAddress(failed) && c.hasOther(ctx):
		return r, report.ErrNoAddress
	}
	return r, failed
}

// answer is what came for one question.
type answer struct {
	question string // "A" or "AAAA"
	network  string // "ip4" or "ip6", as Lookup has it
	addrs    []netip.Addr
	err      error
}

// ask puts the questions, and returns an answer for each. Once there are
// addresses, a question that is still open has SecondAnswer left.
func (c Config) ask(ctx context.Context) []answer {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var answers []answer
	if c.Family != IPv6 {
		answers = append(answers, answer{question: "A", network: "ip4", err: errUnanswered})
	}
	if c.Family != IPv4 {
		answers = append(answers, answer{question: "AAAA", network: "ip6", err: errUnanswered})
	}
	type reply struct {
		i        int // of the answer
		addrs    []netip.Addr
		err      error
		panicked any
	}
	replies := make(chan reply, len(answers))
	for i, a := range answers {
		go func() {
			r := reply{i: i}
			defer func() {
				r.panicked = recover() // would end the process, with nothing said
				replies <- r
			}()
			r.addrs, r.err = c.Lookup(ctx, a.network, c.Resolved())
		}()
	}
	var enough <-chan time.Time
	for range answers {
		select {
		case r := <-replies:
			if r.panicked != nil {
				panic(r.panicked) // the caller reports it
			}
			answers[r.i].addrs, answers[r.i].err = r.addrs, r.err
			if len(r.addrs) > 0 && enough == nil {
				enough = time.After(cmp.Or(c.SecondAnswer, ResolutionDelay))
			}
		case <-enough:
			return answers
		case <-ctx.Done():
			for i := range answers {
				if answers[i].err == errUnanswered {
					answers[i].err = ctx.Err()
				}
			}
			return answers
		}
	}
	return answers
}

var errUnanswered = errors.New("no answer in time")

// lacksAddress reports a name without an address of the family.
func lacksAddress(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound || isUnsuitable(err)
}

// isUnsuitable reports a name of the hosts file that has addresses of the other
// family only, which package net tells by another type than the DNS's answer.
func isUnsuitable(err error) bool {
	var addr *net.AddrError
	return errors.As(err, &addr)
}

// hasOther says whether the name has addresses of the family that is not wanted.
func (c Config) hasOther(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, otherFamilyTimeout)
	defer cancel()
	network := map[Family]string{IPv4: "ip6", IPv6: "ip4"}[c.Family]
	addrs, err := c.Lookup(ctx, network, c.Resolved())
	return err == nil && len(addrs) > 0
}

// order makes the families take turns. See RFC 8305 section 4.
func (c Config) order(v4, v6 []netip.Addr) []netip.Addr {
	first, second := v4, v6
	if len(v4) == 0 || len(v6) > 0 && c.prefersIPv6(v6[0]) {
		first, second = v6, v4
	}
	out := make([]netip.Addr, 0, len(first)+len(second))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			out = append(out, first[i])
		}
		if i < len(second) {
			out = append(out, second[i])
		}
	}
	return out
}

// notNative are the blocks of IPv6 that stand behind IPv4 in the table of RFC
// 6724 section 2.1, or need a source of the same kind: ULA, 6to4, Teredo.
var notNative = []netip.Prefix{netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32")}

// prefersIPv6 says whether IPv6 comes before IPv4: RFC 6724 section 6, of which
// rules 1, 2, 5 and 6 decide between the families. Within a family the resolver
// has put its answer in order.
func (c Config) prefersIPv6(to netip.Addr) bool {
	local := c.Local
	if local == nil {
		local = localAddr
	}
	from := local(to)
	if !from.IsValid() || from.IsLinkLocalUnicast() && !to.IsLinkLocalUnicast() {
		return false
	}
	return !slices.ContainsFunc(notNative, func(p netip.Prefix) bool { return p.Contains(from) || p.Contains(to) })
}

// localAddr asks the system for the way to an address. Nothing is sent: it is
// the connect of a UDP socket.
func localAddr(to netip.Addr) netip.Addr {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 9)))
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
}
