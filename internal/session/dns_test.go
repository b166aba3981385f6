package session

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"check_imap_session/internal/dial"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
)

// record is what the name server knows of a name.
type record struct {
	code   byte // of the answer: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
	silent bool
	mute   uint16 // a type that is not answered
	cname  string
	addrs  []string
}

// Types and class of RFC 1035 section 3.2, and AAAA of RFC 3596.
const (
	typeA     = 1
	typeCNAME = 5
	typeAAAA  = 28
	classIN   = 1
)

// nameServer is a small name server on 127.0.0.1.
type nameServer struct {
	zone  map[string]record
	conn  net.PacketConn
	asked atomic.Int32
}

func newNameServer(t *testing.T, zone map[string]record) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{zone: zone, conn: conn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			s.asked.Add(1)
			if answer := s.answer(buf[:n]); answer != nil {
				conn.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return s
}

// lookup asks this server, and no other, in the way Resolve asks the system's.
func (s *nameServer) lookup(ctx context.Context, network, host string) ([]netip.Addr, error) {
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", s.conn.LocalAddr().String())
	}}
	return r.LookupNetIP(ctx, network, host)
}

// answer answers one question, following CNAMEs as a resolver does. See RFC
// 1035 section 4.
func (s *nameServer) answer(q []byte) []byte {
	end := 12
	var labels []string
	for q[end] != 0 {
		n := int(q[end])
		labels = append(labels, string(q[end+1:end+1+n]))
		end += 1 + n
	}
	name, question := strings.Join(labels, "."), q[12:end+5]
	qtype := binary.BigEndian.Uint16(q[end+1:])
	rec, ok := s.zone[name]
	if !ok {
		rec.code = 3
	}
	if rec.silent || rec.mute == qtype {
		return nil
	}
	var rows []byte
	count := uint16(0)
	add := func(kind uint16, data []byte) {
		rows = append(rows, packName(name)...)
		rows = binary.BigEndian.AppendUint16(rows, kind)
		rows = binary.BigEndian.AppendUint16(rows, classIN)
		rows = binary.BigEndian.AppendUint32(rows, 60)
		rows = binary.BigEndian.AppendUint16(rows, uint16(len(data)))
		rows = append(rows, data...)
		count++
	}
	for ; rec.cname != ""; rec = s.zone[name] {
		add(typeCNAME, packName(rec.cname))
		name = rec.cname
	}
	for _, text := range rec.addrs {
		a := netip.MustParseAddr(text)
		if kind := map[bool]uint16{true: typeA, false: typeAAAA}[a.Is4()]; kind == qtype {
			add(kind, a.AsSlice())
		}
	}
	out := append([]byte(nil), q[0], q[1], 0x81, 0x80|rec.code, 0, 1) // a response, recursion available
	out = binary.BigEndian.AppendUint16(out, count)
	out = append(out, 0, 0, 0, 0)
	return append(append(out, question...), rows...)
}

func packName(name string) []byte {
	var out []byte
	for label := range strings.SplitSeq(name, ".") {
		out = append(append(out, byte(len(label))), label...)
	}
	return append(out, 0)
}

// TestDNS resolves for real: the step, the kind, and words that help.
func TestDNS(t *testing.T) {
	srv := imaptest.Serve(t, "greet\nserve", imaptest.Options{})
	ns := newNameServer(t, map[string]record{
		"good.test":      {addrs: []string{"127.0.0.1"}},
		"chain.test":     {cname: "chain2.test"},
		"chain2.test":    {cname: "good.test"},
		"dangling.test":  {cname: "nowhere.test"},
		"two.test":       {addrs: []string{"127.0.0.9", "127.0.0.1"}},
		"dead.test":      {addrs: []string{"127.0.0.8", "127.0.0.9"}},
		"mx.test":        {}, // the name is there, but has no address
		"broken.test":    {code: 2},
		"forbidden.test": {code: 5},
		"silent.test":    {silent: true},
		"half.test":      {addrs: []string{"127.0.0.1"}, mute: typeAAAA},
	})
	hostsFile := func(context.Context, string, string) ([]netip.Addr, error) {
		return nil, &net.AddrError{Err: "no suitable address found", Addr: "localhost"}
	}
	refused := func(ctx context.Context, network, host string) ([]netip.Addr, error) {
		r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.9:1")
		}}
		return r.LookupNetIP(ctx, network, host)
	}
	for _, tt := range []struct {
		name   string
		host   string
		family dial.Family
		lookup func(context.Context, string, string) ([]netip.Addr, error)
		kind   string
		step   string
		want   []string // in line 1

		address string // --address
		remark  string
	}{
		{name: "good", host: "good.test", want: []string{"OK - good.test alice INBOX: 42 messages"}},
		{name: "chain of CNAMEs", host: "chain.test", want: []string{"OK - chain.test alice INBOX: 42 messages"}},
		{name: "hosts file", host: "localhost", family: dial.IPv4, want: []string{"OK - localhost alice INBOX: 42 messages"}},
		{name: "two addresses, one dead", host: "two.test", kind: "address_failed", step: "connect",
			want: []string{"OK - two.test alice INBOX: 42 messages", "but connect failed with another address, 127.0.0.9:" + strconv.Itoa(srv.Port()) + " connection refused"}},
		{name: "two dead addresses", host: "dead.test", kind: "refused", step: "connect", want: []string{"nothing listens on 127.0.0.8, 127.0.0.9 port"}},
		{name: "hosts file, no IPv6", host: "localhost", family: dial.IPv6, lookup: hostsFile, kind: "dns", step: "dns", want: []string{"dns failed, localhost has no IPv6 address - leave out -6"}},
		{name: "no such --address", host: "mail.test", address: "nowhere.test", kind: "dns", step: "dns",
			want: []string{"CRITICAL - mail.test dns failed, --address nowhere.test does not exist or has no address - correct the address of the host in the monitoring"}},
		{name: "AAAA is not answered", host: "half.test", want: []string{"OK - half.test alice INBOX: 42 messages"}, remark: "AAAA got no answer from the name server"},
		{name: "no such name", host: "nowhere.test", kind: "dns", step: "dns", want: []string{"dns failed, the name does not exist or has no address", "-H"}},
		{name: "no such name, IPv6", host: "nowhere.test", family: dial.IPv6, kind: "dns", step: "dns", want: []string{"dns failed, the name does not exist or has no address"}},
		{name: "CNAME to nothing", host: "dangling.test", kind: "dns", step: "dns", want: []string{"the name does not exist or has no address"}},
		{name: "no address", host: "mx.test", kind: "dns", step: "dns", want: []string{"the name does not exist or has no address"}},
		{name: "not in this family", host: "good.test", family: dial.IPv6, kind: "dns", step: "dns", want: []string{"dns failed, good.test has no IPv6 address", "leave out -6, or add an AAAA record"}},
		{name: "server fails", host: "broken.test", kind: "dns", step: "dns", want: []string{"the name server ", " answers with an error (SERVFAIL"}},
		{name: "server refuses", host: "forbidden.test", kind: "dns", step: "dns", want: []string{" answers with an error"}},
		{name: "server is not there", host: "good.test", lookup: refused, kind: "dns", step: "dns", want: []string{" does not answer, connection refused"}},
		{name: "server is silent", host: "silent.test", kind: "timeout", step: "dns", want: []string{"dns timed out after 0.", "waiting for the answer to A and AAAA", "name servers"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lookup := ns.lookup
			if tt.lookup != nil {
				lookup = tt.lookup
			}
			cfg := newRig(t, TLSNone).cfg
			cfg.Dial = dial.Config{Host: tt.host, Name: tt.address, Port: uint16(srv.Port()), Family: tt.family, Lookup: lookup}
			limit := 10 * time.Second
			if tt.kind == "timeout" {
				limit = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), limit, report.ErrTimeout)
			defer cancel()
			before := ns.asked.Load()
			plan := mustPlan(t, cfg)
			r := Run(ctx, cfg, plan)
			v, out := judged(r, judge.Policy{}, render.Options{Brief: true})
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing in %s", want, out)
				}
			}
			switch {
			case tt.kind == "" && len(v.Findings) > 0:
				t.Errorf("findings %+v, want none", v.Findings)
			case tt.kind != "" && (len(v.Findings) == 0 || v.Findings[0].Kind != tt.kind || v.Findings[0].Step != tt.step):
				t.Errorf("findings %+v, want %s at %s", v.Findings, tt.kind, tt.step)
			}
			if len(r.Remarks) > 0 != (tt.remark != "") || tt.remark != "" && !strings.HasPrefix(r.Remarks[0].Text, tt.remark) {
				t.Errorf("remarks %v, want %q", r.Remarks, tt.remark)
			}
			if tt.kind == "timeout" && r.Elapsed > limit+400*time.Millisecond {
				t.Errorf("took %v, want %v", r.Elapsed, limit)
			}
			if asked := ns.asked.Load() > before; asked == (tt.host == "localhost" || tt.lookup != nil) {
				t.Errorf("the name server was asked: %t", asked)
			}
		})
	}
}
