package session

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/report"
)

// node is what stands behind one address of a name.
type node struct {
	addr   string
	script string        // "" refuses the connection, "hang" answers no SYN
	tcp    time.Duration // what the connect takes
}

const well = "greet\nserve"

// farm is a rig with several addresses behind the name.
type farm struct {
	*rig
	nodes []node
	open  atomic.Int32 // connections and attempts under way
	most  atomic.Int32 // the most of them at one moment
}

func newFarm(t *testing.T, nodes ...node) *farm {
	t.Helper()
	f := &farm{rig: newRig(t, TLSImplicit), nodes: nodes}
	f.cfg.Dial.Port = 993
	f.cfg.Dial.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
		var addrs []netip.Addr
		for _, n := range nodes {
			addrs = append(addrs, netip.MustParseAddr(n.addr))
		}
		return addrs, nil
	}
	f.cfg.Dial.Local = func(netip.Addr) netip.Addr { // the family of the first node comes first
		if first := netip.MustParseAddr(nodes[0].addr); first.Is6() {
			return first
		}
		return netip.Addr{}
	}
	f.cfg.Dial.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		n := nodes[slices.IndexFunc(nodes, func(n node) bool { return n.addr == host })]
		failed := func(err error) (net.Conn, error) {
			f.open.Add(-1)
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
		now := f.open.Add(1)
		f.most.Store(max(now, f.most.Load()))
		if n.script == "hang" {
			n.tcp = time.Hour
		}
		select {
		case <-time.After(n.tcp):
		case <-ctx.Done():
			return failed(ctx.Err())
		}
		switch n.script {
		case "":
			return failed(os.NewSyscallError("connect", syscall.ECONNREFUSED))
		case "unreachable":
			return failed(os.NewSyscallError("connect", syscall.ENETUNREACH))
		}
		client, _ := imaptest.Pipe(t, n.script, f.opts)
		return counted{client, &f.open}, nil
	}
	return f
}

// counted counts down when it is closed.
type counted struct {
	net.Conn
	open *atomic.Int32
}

func (c counted) Close() error {
	c.open.Add(-1)
	return c.Conn.Close()
}

// run runs one session, or with a mode one with every address.
func (f *farm) run(t *testing.T, mode string) *report.Report {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(context.Background(), f.limit, report.ErrTimeout)
	defer cancel()
	f.cfg.Timeout = f.limit
	plan := mustPlan(t, f.cfg)
	if mode == "" {
		return Run(ctx, f.cfg, plan)
	}
	return RunAll(ctx, f.cfg, plan, mode)
}

// TestAttempts notes every attempt to connect, and tells an address that is not
// well from one that was only slower.
func TestAttempts(t *testing.T) {
	const v4, v6 = "192.0.2.7", "2001:db8::7"
	for _, tt := range []struct {
		name     string
		nodes    []node
		reached  string
		attempts []string // prefixes
		fault    string   // "" for none
	}{
		{"first answers", []node{{v4, well, 0}, {v6, "", 0}}, v4, []string{"192.0.2.7:993 after 0.000 s: connected"}, ""},
		{"first refuses", []node{{v4, "", 0}, {v6, well, 0}}, v6,
			[]string{"192.0.2.7:993 after 0.000 s: connection refused", "[2001:db8::7]:993 after 0.000 s: connected"}, "192.0.2.7:993 connection refused"},
		{"first is silent", []node{{v4, "hang", 0}, {v6, well, 50 * time.Millisecond}}, v6,
			[]string{"192.0.2.7:993 after 0.300 s: given up", "[2001:db8::7]:993 after 0.050 s: connected"}, "192.0.2.7:993 did not answer within 0.300 s"},
		{"first is slow, second had no time", []node{{v4, well, 260 * time.Millisecond}, {v6, well, time.Second}}, v4,
			[]string{"192.0.2.7:993 after 0.260 s: connected", "[2001:db8::7]:993 after 0.010 s: given up"}, ""},
		{"second refuses before the first answers", []node{{v4, well, 300 * time.Millisecond}, {v6, "", 0}}, v4,
			[]string{"192.0.2.7:993 after 0.300 s: connected", "[2001:db8::7]:993 after 0.000 s: connection refused"}, "[2001:db8::7]:993 connection refused"},
		{"no way to a family", []node{{v6, "unreachable", 0}, {v4, well, 0}}, v4,
			[]string{"[2001:db8::7]:993 after 0.000 s: network is unreachable", "192.0.2.7:993 after 0.000 s: connected"}, ""},
		{"no way to one of a family", []node{{"192.0.2.8", "unreachable", 0}, {v4, well, 0}}, v4,
			[]string{"192.0.2.8:993 after 0.000 s: network is unreachable", "192.0.2.7:993 after 0.000 s: connected"}, "192.0.2.8:993 network is unreachable"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			r := newFarm(t, tt.nodes...).run(t, "")
			if e := r.Failure(); e != nil {
				t.Fatalf("failed: %v", e)
			}
			if r.Target.Address != tt.reached {
				t.Errorf("reached %s, want %s", r.Target.Address, tt.reached)
			}
			got, _ := r.Fact("attempts").([]string)
			if !slices.EqualFunc(got, tt.attempts, strings.HasPrefix) {
				t.Errorf("attempts %q, want %q", got, tt.attempts)
			}
			var faults []string
			for _, e := range r.Faults {
				_, text, _ := strings.Cut(e.Err.Error(), ": ")
				faults = append(faults, text)
			}
			if strings.Join(faults, "\n") != tt.fault {
				t.Errorf("faults %q, want %q", faults, tt.fault)
			}
		})
	}
}

// TestEveryAddress runs a session with each, four at a time, under one deadline
// that those which hang do not use up for the others.
func TestEveryAddress(t *testing.T) {
	addr := func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }
	row := func(scripts ...string) []node {
		var nodes []node
		for i, s := range scripts {
			nodes = append(nodes, node{addr(i + 1), s, 10 * time.Millisecond})
		}
		return nodes
	}
	const silent = "hold" // greets never
	const slow = "greet\ndelay LIST 5s\nserve"
	for _, tt := range []struct {
		name  string
		nodes []node
		want  string        // what failed at each address, "ok" for nothing
		took  time.Duration // the whole run
		most  int32         // sessions at one moment
	}{
		{"all well", row(well, well, well), "ok ok ok", 10 * time.Millisecond, 3},
		{"one refused", row(well, "", well), "ok connect ok", 10 * time.Millisecond, 3},
		{"one hangs in connect", row("hang", well), "connect ok", 8 * time.Second, 2},
		{"one hangs behind it", row(well, silent), "ok tls", 8 * time.Second, 2},
		{"eight", row(well, well, well, well, well, well, well, well), "ok ok ok ok ok ok ok ok", 20 * time.Millisecond, 4},
		{"four of eight hang", row("hang", "hang", silent, silent, well, well, "", well), "connect connect tls tls ok ok connect ok", 4*time.Second + 10*time.Millisecond, 4},
		{"all of nine hang", row("hang", "hang", "hang", "hang", "hang", "hang", "hang", "hang", "hang"),
			"connect connect connect connect connect connect connect connect connect", 8 * time.Second, 4},
		{"one address", row(well), "ok", 10 * time.Millisecond, 1},
		{"a slow one takes the time that others leave", append(row(slow), row(well, well, well, well, well, well, well, well)[1:]...), "ok ok ok ok ok ok ok ok", 5*time.Second + 10*time.Millisecond, 4},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			f := newFarm(t, tt.nodes...)
			f.opts.ImplicitTLS = !slices.ContainsFunc(tt.nodes, func(n node) bool { return n.script == silent })
			for i := range f.nodes {
				if !f.opts.ImplicitTLS && f.nodes[i].script == well {
					f.nodes[i].script = "tls\n" + well
				}
			}
			r := f.run(t, "worst")
			var got []string
			for i, s := range r.Sessions {
				word := "ok"
				if e := s.Failure(); e != nil {
					word = e.Step
				}
				got = append(got, word)
				if s.Target.Address != addr(i+1) {
					t.Errorf("session %d is with %s, want %s", i, s.Target.Address, addr(i+1))
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if late := r.Elapsed - tt.took; late < 0 || late > grace {
				t.Errorf("took %v, want %v", r.Elapsed, tt.took)
			}
			if f.most.Load() != tt.most {
				t.Errorf("%d sessions at once, want %d", f.most.Load(), tt.most)
			}
		})
	}
}

// TestAddressesShareTranscripts bounds the transcripts of many addresses together.
func TestAddressesShareTranscripts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var nodes []node
		for i := range 16 {
			nodes = append(nodes, node{addr: fmt.Sprintf("192.0.2.%d", i+1), script: "greet\nserve NOOP LIST\nrepeat 600 S: * OK " + strings.Repeat("x", 1000) + "\nS: {tag} OK done\nserve"})
		}
		f := newFarm(t, nodes...)
		f.cfg.Transcript = true
		total := 0
		for _, one := range f.run(t, "worst").Sessions {
			for _, l := range one.Transcript {
				total += len(l.Text)
			}
		}
		if total > transcripts || total < transcripts*3/4 {
			t.Errorf("got %d bytes, want at most %d", total, transcripts)
		}
	})
}

// TestNoAddress wants of a check of every address, when there is none, the steps and the
// target that a check of one session has.
func TestNoAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFarm(t, node{"192.0.2.1", well, 0})
		f.cfg.Mailboxes = Mailboxes([]string{"A", "B"})
		f.cfg.With = map[string]bool{"noop": true}
		f.nodes = nil
		f.cfg.Dial.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
			return nil, &net.DNSError{IsNotFound: true}
		}
		one, all := f.run(t, ""), f.run(t, "worst")
		all.Target.Addresses = ""
		if !reflect.DeepEqual(one.Target, all.Target) || one.Target.Mailboxes == nil || one.Target.Username == "" {
			t.Errorf("got the target %+v, want %+v", all.Target, one.Target)
		}
		names := func(r *report.Report) (names []string) {
			for _, s := range r.Steps {
				names = append(names, s.Mailbox.Of(s.Name)+" "+s.Planned)
			}
			return names
		}
		if got, want := names(all), names(one); !slices.Equal(got, want) {
			t.Errorf("got the steps %q, want %q", got, want)
		}
	})
}
