package wire_test

import (
	"crypto/tls"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/certtest"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/wire"
)

func TestLineEnds(t *testing.T) {
	tests := []struct {
		name string
		sent string
		want []string
	}{
		{"CRLF", "* OK hi\r\n* 1 EXISTS\r\n", []string{"* OK hi", "* 1 EXISTS"}},
		{"LF", "* OK hi\n* 1 EXISTS\n", []string{"* OK hi", "* 1 EXISTS"}},
		{"LF, then CRLF", "* OK hi\n* 1 EXISTS\r\n", []string{"* OK hi", "* 1 EXISTS"}},
		{"empty lines", "\r\n\r\n* OK hi\r\n", []string{"", "", "* OK hi"}},
		{"CR in a text", "* OK hi\rT1 OK no\r\n", []string{"* OK hi\rT1 OK no"}},
		{"CR in a text of an LF server", "* OK hi\n* OK a\rb\n", []string{"* OK hi", "* OK a\rb"}},
		{"CR before CRLF", "* OK hi\r\r\n", []string{"* OK hi\r"}},
		{"false OK behind LF, and on", "* OK hi\r\n* OK a\nT1 OK no\r\nT1 NO yes\r\n",
			[]string{"* OK hi", "* OK a\nT1 OK no", "T1 NO yes"}},
		{"false OK between two LF, and on", "* OK hi\r\n* OK a\nT1 OK no\nb\r\nT1 NO yes\r\n",
			[]string{"* OK hi", "* OK a\nT1 OK no\nb", "T1 NO yes"}},
		{"false OK behind CR, and on", "* OK hi\r\n* OK a\rT1 OK no\r\nT1 NO yes\r\n",
			[]string{"* OK hi", "* OK a\rT1 OK no", "T1 NO yes"}},
		{"closed behind a lone LF", "* OK hi\r\n* BYE full\n", []string{"* OK hi", "* BYE full"}},
		{"closed inside a line", "* OK hi\r\n* BYE fu", []string{"* OK hi"}},
		{"longer than the buffer", "* OK " + strings.Repeat("x", 10000) + "\r\n* OK y\r\n",
			[]string{"* OK " + strings.Repeat("x", 10000), "* OK y"}},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		for _, size := range []int{0, 1, 2, 7} {
			t.Run(tt.name, func(t *testing.T) {
				got, err := all(cutUp(size, tt.sent))
				if err != nil || !slices.Equal(got, tt.want) {
					t.Errorf("%.80q in reads of %d: got %.200q, %v, want %.200q", tt.sent, size, got, err, tt.want)
				}
			})
		}
	}
}

// A bare LF of a server that knows CRLF is waited for, exactly so long.
func TestReadTimeout(t *testing.T) {
	const ms = time.Millisecond
	type line struct {
		text string
		at   time.Duration // when Response returned
		came time.Duration // Response.At
	}
	hi := event{0, "* OK hi\r\n"}
	first := line{"* OK hi", 0, 0}
	tests := []struct {
		name   string
		events []event
		want   []line
		end    time.Duration // the deadline, and when the last call fails
	}{
		{"lone LF", []event{hi, {time.Second, "* OK a\n"}},
			[]line{first, {"* OK a", 1250 * ms, 1000 * ms}}, time.Minute},
		{"lone LF, goes on in time", []event{hi, {time.Second, "* OK a\n"}, {249 * ms, "T1 OK no\r\n"}, {0, "T1 NO yes\r\n"}},
			[]line{first, {"* OK a\nT1 OK no", 1249 * ms, 1249 * ms}, {"T1 NO yes", 1249 * ms, 1249 * ms}}, time.Minute},
		{"lone LF, goes on too late", []event{hi, {time.Second, "* OK a\n"}, {251 * ms, "T1 OK b\r\n"}},
			[]line{first, {"* OK a", 1250 * ms, 1000 * ms}, {"T1 OK b", 1251 * ms, 1251 * ms}}, time.Minute},
		{"lone LF, then at once", []event{hi, {time.Second, "* OK a\n"}, {time.Second, "* OK b\n* OK c\n"}},
			[]line{first, {"* OK a", 1250 * ms, 1000 * ms}, {"* OK b", 2000 * ms, 2000 * ms}, {"* OK c", 2000 * ms, 2000 * ms}}, time.Minute},
		{"two LF lines at the end", []event{hi, {time.Second, "* OK a\nT1 OK b\n"}},
			[]line{first, {"* OK a", 1250 * ms, 1000 * ms}, {"T1 OK b", 1250 * ms, 1000 * ms}}, time.Minute},
		{"inner LF", []event{hi, {time.Second, "* OK a\nT1 OK b\r\n"}},
			[]line{first, {"* OK a\nT1 OK b", 1000 * ms, 1000 * ms}, {"T1 OK b", 2000 * ms, 1000 * ms}}, time.Minute},
		{"inner LF, goes on in time", []event{hi, {time.Second, "* OK a\nT1 OK no\r\n"}, {999 * ms, "T1 NO yes\r\n"}},
			[]line{first, {"* OK a\nT1 OK no", 1000 * ms, 1000 * ms}, {"T1 NO yes", 1999 * ms, 1999 * ms}}, time.Minute},
		{"two inner LF", []event{hi, {time.Second, "* OK a\n* OK b\nT1 OK c\r\n"}},
			[]line{first, {"* OK a\n* OK b\nT1 OK c", 1000 * ms, 1000 * ms}, {"* OK b", 2000 * ms, 1000 * ms}, {"T1 OK c", 2000 * ms, 1000 * ms}}, time.Minute},
		{"inner LF before a slow literal", []event{hi, {time.Second, "* X a\nb {1}\r\nl"}, {2 * time.Second, " c\r\n"}},
			[]line{first, {"* X a\nb {1} c", 3000 * ms, 3000 * ms}}, time.Minute},
		{"deadline before the timeout", []event{hi, {time.Second, "* OK a\n"}}, []line{first}, 1100 * ms},
		{"deadline before the inner timeout", []event{hi, {time.Second, "* OK a\nT1 OK no\r\n"}},
			[]line{first, {"* OK a\nT1 OK no", 1000 * ms, 1000 * ms}}, 1900 * ms},
		{"deadline is back after the timeout", []event{hi, {time.Second, "* OK a\n"}, {time.Second, "* OK b"}},
			[]line{first, {"* OK a", 1250 * ms, 1000 * ms}}, 3000 * ms},
		{"half a line", []event{hi, {time.Second, "* OK a"}}, []line{first}, 5000 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c := speak(t, nil, tt.events...)
				c.SetDeadline(start.Add(tt.end))
				var got []line
				for {
					r, err := c.Response()
					if err != nil {
						if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(c.Err(), os.ErrDeadlineExceeded) {
							t.Errorf("got error %v, Err %v, want a deadline", err, c.Err())
						}
						break
					}
					got = append(got, line{string(r.Line), time.Since(start), r.At.Sub(start)})
				}
				if end := time.Since(start); end != tt.end {
					t.Errorf("failed after %v, want %v", end, tt.end)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("%v:\n got %v\nwant %v", tt.events, got, tt.want)
				}
			})
		})
	}
}

// At is the moment of a response's last byte, LastRead that of any byte.
func TestAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := speak(t, nil, event{time.Second, "* 1 FETCH (BODY[] {3}\r\nab"}, event{time.Second, "c)"}, event{time.Second, "\r\n"}, event{time.Second, "* 2"})
		if !c.LastRead().IsZero() {
			t.Errorf("LastRead before any byte: got %v, want zero", c.LastRead())
		}
		r, err := c.Response()
		if err != nil {
			t.Fatal(err)
		}
		if got := r.At.Sub(start); got != 3*time.Second {
			t.Errorf("At: got %v, want 3s", got)
		}
		c.SetDeadline(start.Add(time.Minute))
		if _, err := c.Response(); err == nil {
			t.Fatal("half a line was a response")
		}
		if got := c.LastRead().Sub(start); got != 4*time.Second {
			t.Errorf("LastRead after a timeout: got %v, want 4s", got)
		}
	})
}

// The read that waits behind a lone LF times out; a TLS connection must live on.
func TestReadTimeoutUnderTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := certtest.Must(t, "root")
		leaf := ca.Leaf(t, certtest.Leaf{DNSNames: []string{"a.example"}})
		nc, _ := imaptest.Pipe(t, `
greet
raw "* OK a\n"
wait 1s
raw "* OK b\n"
S: * OK c
hold`, imaptest.Options{ImplicitTLS: true, TLS: &tls.Config{Certificates: []tls.Certificate{leaf}}})
		c := wire.New(tls.Client(nc, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.example"}), wire.Limits{}, nil)
		defer c.Close()
		start := time.Now()
		for i, want := range []time.Duration{0, 250 * time.Millisecond, time.Second, time.Second} {
			if _, err := c.Response(); err != nil {
				t.Fatalf("response %d: %v", i, err)
			}
			if got := time.Since(start); got != want {
				t.Errorf("response %d: got it after %v, want %v", i, got, want)
			}
		}
	})
}
