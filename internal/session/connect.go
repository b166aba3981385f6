package session

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/report"
)

var connectStep = Step{
	Name:    report.StepConnect,
	Doc:     "TCP connect, RFC 8305",
	Needs:   Cold,
	Gives:   Connected,
	Wanted:  always,
	Explain: explainConnect,
	Run:     runConnect,
}

func explainConnect(c *Config) Explanation {
	e := Explanation{
		Does: fmt.Sprintf("opens a TCP connection to %s port %d", c.Reach(), c.Dial.Port),
	}
	if c.Dial.Source.IsValid() {
		e.Does += " from " + c.Dial.Source.String()
	}
	if _, literal := c.Dial.Literal(); !literal {
		e.Does += fmt.Sprintf(", the next address %d ms after one that does not answer", dial.AttemptDelay.Milliseconds())
	}
	if c.Dial.Proxy != "" {
		e.Does += "; sends a PROXY header " + string(c.Dial.Proxy)
	}
	return e
}

func runConnect(ctx context.Context, s *Session, rec *Recorder) error {
	if a, ok := s.cfg.Dial.Literal(); ok {
		s.addrs = []netip.Addr{a}
		s.cfg.preloadRoots()
	}
	rec.Waiting(fmt.Sprintf("a connection to %s port %d", short(s.addrs), s.cfg.Dial.Port))
	rec.Begin()
	nc, attempts, err := dial.Connect(ctx, s.cfg.Dial, s.addrs)
	said := make([]string, len(attempts))
	for i, a := range attempts {
		said[i] = describeAttempt(a)
	}
	rec.Fact("attempts", said)
	if errors.As(err, new(*dial.ConnectError)) {
		return &report.StepError{Err: err, Tried: tried(rec, attempts)}
	}
	if err != nil {
		return err
	}
	won := slices.IndexFunc(attempts, func(a dial.Attempt) bool { return a.Err == nil && !a.Superseded })
	reached := attempts[won]
	rec.Span(attempts[0].Began, reached.Began.Add(reached.Elapsed))
	rec.Address(reached.Addr.Addr().String())
	rec.Fact("address", reached.Addr.String())
	rec.Detail(reached.Addr.String())
	for i, a := range attempts {
		if why := missed(a, i < won, reached); why != "" {
			rec.Fault(report.ErrAddressFailed, "%s %s", a.Addr, why)
		}
	}
	s.conn.Attach(ctx, nc)
	if s.cfg.Dial.Proxy != "" {
		rec.Waiting("the PROXY header to be taken")
		s.conn.Mark("PROXY header " + string(s.cfg.Dial.Proxy))
		return dial.SendProxyHeader(nc, s.cfg.Dial.Proxy)
	}
	return nil
}

// tried returns how each attempt ended. What is being waited for are the
// addresses that have not answered.
func tried(rec *Recorder, attempts []dial.Attempt) []report.Tried {
	var silent []netip.Addr
	out := make([]report.Tried, len(attempts))
	for i, a := range attempts {
		out[i] = report.Tried{Address: a.Addr.Addr().String(), Port: a.Addr.Port(), Err: a.Err}
		if ranOut(a.Err) {
			silent = append(silent, a.Addr.Addr())
			out[i].Err = report.ErrTimeout
		}
	}
	if len(silent) > 0 {
		rec.Waiting(fmt.Sprintf("a connection to %s port %d", short(silent), attempts[0].Addr.Port()))
	}
	return out
}

// missed says what is wrong with the address of an attempt, "" for nothing. An address
// that had no time to answer is not at fault, nor is one of a family that this machine
// has no route to.
func missed(a dial.Attempt, earlier bool, reached dial.Attempt) string {
	noWay := errors.Is(a.Err, syscall.ENETUNREACH) || errors.Is(a.Err, syscall.EADDRNOTAVAIL) || errors.Is(a.Err, syscall.EAFNOSUPPORT)
	switch {
	case a.Superseded && earlier && a.Elapsed >= dial.AttemptDelay:
		return fmt.Sprintf("did not answer within %.3f s", a.Elapsed.Seconds())
	case a.Superseded, a.Err == nil, noWay && a.Addr.Addr().Is4() != reached.Addr.Addr().Is4():
		return ""
	}
	return reason(a.Err)
}

// describeAttempt says how an attempt ended, and after how long.
func describeAttempt(a dial.Attempt) string {
	took := fmt.Sprintf("%s after %.3f s", a.Addr, a.Elapsed.Seconds())
	switch {
	case a.Superseded:
		return took + ": given up, another address was faster"
	case a.Err != nil:
		return took + ": " + reason(a.Err)
	}
	return took + ": connected"
}

// reason returns the operating system's word for why a connect failed, without
// the addresses that net puts in front of it.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}
