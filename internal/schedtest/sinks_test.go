//go:build linux

package schedtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// sink collects the lines that a writer of Icinga sends.
type sink struct {
	port  string
	mu    sync.Mutex
	lines []string
	// has says whether a line is the value of a metric of a service.
	has func(line, host, service, metric string) (value string, ok bool)
}

func (s *sink) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// values returns those of a metric that have arrived: a service may have been
// checked more than once.
func (s *sink) values(host, service, metric string) []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []float64
	for _, line := range s.lines {
		text, ok := s.has(line, host, service, metric)
		if value, err := strconv.ParseFloat(text, 64); ok && err == nil {
			out = append(out, value)
		}
	}
	return out
}

// check waits until every value of the performance data has arrived.
func (s *sink) check(t *testing.T, host, service, perf string) {
	t.Helper()
	for _, item := range strings.Fields(perf) {
		label, rest, _ := strings.Cut(item, "=")
		want, err := strconv.ParseFloat(regexp.MustCompile(`^-?[0-9.]+`).FindString(rest), 64)
		if err != nil {
			t.Errorf("%s: no number in %q", service, item)
			continue
		}
		waitFor(t, service+": "+item, func() bool { return slices.Contains(s.values(host, service, label), want) })
	}
}

func port(tb testing.TB, addr string) string {
	tb.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// newGraphite listens for Graphite's plain text.
func newGraphite(t *testing.T) *sink {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &sink{port: port(t, l.Addr().String())}
	s.has = func(line, host, service, metric string) (string, bool) {
		return strings.CutPrefix(strings.TrimSuffix(line, " "+line[strings.LastIndexByte(line, ' ')+1:]),
			fmt.Sprintf("icinga2.%s.services.%s.imap_session.perfdata.%s.value ", host, service, metric))
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					s.add(lines.Text())
				}
			}()
		}
	}()
	return s
}

// newInflux listens for InfluxDB's line protocol.
func newInflux(t *testing.T) *sink {
	s := &sink{}
	s.has = func(line, host, service, metric string) (string, bool) {
		head, fields, _ := strings.Cut(line, " ")
		tags, err := url.ParseQuery(strings.ReplaceAll(head, ",", "&"))
		if err != nil || tags.Get("hostname") != host || tags.Get("service") != service || tags.Get("metric") != metric {
			return "", false
		}
		m := regexp.MustCompile(`(?:^|,)value=([^, ]+)`).FindStringSubmatch(fields)
		if m == nil {
			return "", false
		}
		return m[1], true
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for line := range strings.Lines(string(body)) {
			s.add(strings.TrimSuffix(line, "\n"))
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)
	s.port = port(t, srv.Listener.Addr().String())
	return s
}
