package dial_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/dial"
)

// address is one that answers a connection after a while, with an error or
// without; deaf ones take no notice of the context either.
type address struct {
	after time.Duration // negative: never
	err   error
	deaf  bool
}

// host plays addresses 192.0.2.1, 192.0.2.2 and so on, and remembers the
// connections it made.
type host struct {
	net  []address
	made []net.Conn
}

func (h *host) addrs() []netip.Addr {
	var out []netip.Addr
	for i := range h.net {
		out = append(out, netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}))
	}
	return out
}

// dial is the Dial seam. Connect calls it from goroutines; in a bubble their
// times differ, and so they do not race.
func (h *host) dial(t *testing.T, i int, ctx context.Context) (net.Conn, error) {
	a := h.net[i]
	never := make(chan time.Time)
	var after <-chan time.Time = never
	if a.after >= 0 {
		after = time.After(a.after)
	}
	done := ctx.Done()
	if a.deaf {
		done = nil
	}
	select {
	case <-after:
	case <-done:
		return nil, ctx.Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	near, far := net.Pipe()
	t.Cleanup(func() { far.Close() })
	h.made[i] = far
	return near, nil
}

func TestConnect(t *testing.T) {
	const ms = time.Millisecond
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	noRoute := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	noHost := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}
	timedOut := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)}
	reset := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNRESET)}
	type attempt struct {
		elapsed    time.Duration
		err        error
		superseded bool
	}
	const never = -1
	late, ended := context.DeadlineExceeded, context.Canceled
	tests := []struct {
		name   string
		net    []address
		limit  time.Duration // of the context; 0 means a minute
		winner int           // from 1; 0 means none
		after  time.Duration // when Connect returned
		want   []attempt
		err    error
	}{
		{"first wins", []address{{after: 10 * ms}, {after: 0}}, 0, 1, 10 * ms, []attempt{{10 * ms, nil, false}}, nil},
		{"first wins just in time", []address{{after: 249 * ms}, {after: 0}}, 0, 1, 249 * ms, []attempt{{249 * ms, nil, false}}, nil},
		{"second beside the first", []address{{after: never}, {after: 10 * ms}}, 0, 2, 260 * ms,
			[]attempt{{260 * ms, nil, true}, {10 * ms, nil, false}}, nil},
		{"first wins late", []address{{after: 300 * ms}, {after: 100 * ms}}, 0, 1, 300 * ms,
			[]attempt{{300 * ms, nil, false}, {50 * ms, nil, true}}, nil},
		{"each has its 250 ms", []address{{after: never}, {after: never}, {after: never}, {after: 5 * ms}}, 0, 4, 755 * ms,
			[]attempt{{755 * ms, nil, true}, {505 * ms, nil, true}, {255 * ms, nil, true}, {5 * ms, nil, false}}, nil},
		{"next at once on failure", []address{{after: 20 * ms, err: refused}, {after: 30 * ms}}, 0, 2, 50 * ms,
			[]attempt{{20 * ms, refused, false}, {30 * ms, nil, false}}, nil},
		{"a failure begins the delay anew", []address{{after: 20 * ms, err: refused}, {after: never}, {after: 5 * ms}}, 0, 3, 275 * ms,
			[]attempt{{20 * ms, refused, false}, {255 * ms, nil, true}, {5 * ms, nil, false}}, nil},
		{"all refuse", []address{{after: 20 * ms, err: refused}, {after: 30 * ms, err: refused}}, 0, 0, 50 * ms,
			[]attempt{{20 * ms, refused, false}, {30 * ms, refused, false}}, refused},
		{"refused tells more than no route", []address{{err: noRoute}, {err: noHost}, {err: refused}}, 0, 0, 0,
			[]attempt{{0, noRoute, false}, {0, noHost, false}, {0, refused, false}}, refused},
		{"refused tells more than silence", []address{{err: refused}, {after: never}}, time.Second, 0, time.Second,
			[]attempt{{0, refused, false}, {time.Second, late, false}}, refused},
		{"refused tells more than silence before it", []address{{after: never}, {err: refused}}, time.Second, 0, time.Second,
			[]attempt{{time.Second, late, false}, {0, refused, false}}, refused},
		{"of equals the first tells", []address{{err: timedOut}, {err: reset}}, 0, 0, 0,
			[]attempt{{0, timedOut, false}, {0, reset, false}}, timedOut},
		{"silence tells more than no host", []address{{err: noHost}, {after: never}}, time.Second, 0, time.Second,
			[]attempt{{0, noHost, false}, {time.Second, late, false}}, late},
		{"no host tells more than no route", []address{{err: noRoute}, {err: noHost}, {err: noRoute}}, 0, 0, 0,
			[]attempt{{0, noRoute, false}, {0, noHost, false}, {0, noRoute, false}}, noHost},
		{"context ends", []address{{after: never}, {after: never}, {after: 0}}, 400 * ms, 0, 400 * ms,
			[]attempt{{400 * ms, late, false}, {150 * ms, late, false}}, late},
		{"context has ended", []address{{after: never}, {after: 0}}, never, 0, 0, []attempt{{0, ended, false}}, ended},
		{"the last may take its time", []address{{err: refused}, {after: 30 * time.Second}}, 0, 2, 30 * time.Second,
			[]attempt{{0, refused, false}, {30 * time.Second, nil, false}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &host{net: tt.net, made: make([]net.Conn, len(tt.net))}
				limit := tt.limit
				if limit == 0 {
					limit = time.Minute
				}
				ctx, cancel := context.WithTimeout(t.Context(), max(limit, 0))
				defer cancel()
				if limit < 0 {
					ctx, cancel = context.WithCancel(t.Context())
					cancel()
				}
				all := h.addrs()
				start := time.Now()
				conn, attempts, err := dial.Connect(ctx, dial.Config{Port: 993, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
					ap := netip.MustParseAddrPort(addr)
					if network != "tcp" || ap.Port() != 993 {
						t.Errorf("dialled %s %s, want tcp and port 993", network, addr)
					}
					return h.dial(t, slices.Index(all, ap.Addr()), ctx)
				}}, all)
				if got := time.Since(start); got != tt.after {
					t.Errorf("returned after %v, want %v", got, tt.after)
				}
				var got []attempt
				for i, a := range attempts {
					if want := netip.AddrPortFrom(all[i], 993); a.Addr != want {
						t.Errorf("attempt %d: got address %v, want %v", i, a.Addr, want)
					}
					got = append(got, attempt{a.Elapsed, a.Err, a.Superseded})
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("attempts:\n got %v\nwant %v", got, tt.want)
				}
				if (conn == nil) != (tt.winner == 0) {
					t.Fatalf("got connection %v, want attempt %d to win", conn, tt.winner)
				}
				if conn != nil {
					if err != nil || !alive(conn, h.made[tt.winner-1]) {
						t.Errorf("got error %v, or not the connection of attempt %d", err, tt.winner)
					}
					return
				}
				var ce *dial.ConnectError
				if !errors.As(err, &ce) || len(ce.Attempts) != len(attempts) || ce.Unwrap() != tt.err {
					t.Errorf("got error %v, want a ConnectError that tells %v", err, tt.err)
				}
			})
		})
	}
}

// alive says whether what goes into one end comes out of the other.
func alive(near, far net.Conn) bool {
	if far == nil {
		return false
	}
	defer near.Close()
	near.SetDeadline(time.Now().Add(time.Second))
	far.SetDeadline(time.Now().Add(time.Second))
	go far.Write([]byte("x"))
	var b [1]byte
	_, err := io.ReadFull(near, b[:])
	return err == nil
}

// A connection that comes after another was taken is closed. The bubble fails
// the test if a goroutine is left.
func TestConnectLate(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name string
		net  []address
		made []bool // which are connected in the end, and so closed
	}{
		{"comes late", []address{{after: 5 * s, deaf: true}, {after: 0}}, []bool{true, true}},
		{"two come late", []address{{after: 5 * s, deaf: true}, {after: 4 * s, deaf: true}, {after: 0}}, []bool{true, true, true}},
		{"fails late", []address{{after: 5 * s, deaf: true, err: syscall.ECONNREFUSED}, {after: 0}}, []bool{false, true}},
		{"at the same time", []address{{after: 250 * time.Millisecond, deaf: true}, {after: 0, deaf: true}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &host{net: tt.net, made: make([]net.Conn, len(tt.net))}
				all := h.addrs()
				conn, _, err := dial.Connect(t.Context(), dial.Config{Port: 993, Dial: func(ctx context.Context, _, addr string) (net.Conn, error) {
					return h.dial(t, slices.Index(all, netip.MustParseAddrPort(addr).Addr()), ctx)
				}}, all)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				time.Sleep(10 * s)
				synctest.Wait()
				open := 0
				for i, far := range h.made {
					if tt.made != nil && (far != nil) != tt.made[i] {
						t.Errorf("attempt %d: got connection %v, want %t", i, far, tt.made[i])
					}
					if far == nil {
						continue
					}
					far.SetDeadline(time.Now().Add(s))
					if _, err := far.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
						open++
					}
				}
				if open != 1 {
					t.Errorf("got %d connections open, want the one that was taken", open)
				}
			})
		})
	}
}

// Without the seam it is a real connection.
func TestConnectTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
	conn, attempts, err := dial.Connect(t.Context(), dial.Config{Port: port}, addrs("127.0.0.1"))
	if err != nil || len(attempts) != 1 || attempts[0].Err != nil {
		t.Fatalf("got %v, %v, want one attempt and no error", attempts, err)
	}
	conn.Close()
	ln.Close()
	if _, _, err := dial.Connect(t.Context(), dial.Config{Port: port}, addrs("127.0.0.1")); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody listens: got %v, want ECONNREFUSED", err)
	}
}
