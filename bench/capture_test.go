//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// parsePackets reads packets in short: time in ms, C or S, size or "syn".
func parsePackets(t *testing.T, text string) []packet {
	t.Helper()
	var list []packet
	for field := range strings.FieldsSeq(text) {
		var at int
		var from rune
		var what string
		if _, err := fmt.Sscanf(field, "%d%c%s", &at, &from, &what); err != nil {
			t.Fatalf("%q: %v", field, err)
		}
		p := packet{at: time.UnixMilli(int64(at)), fromClient: from == 'C', syn: what == "syn"}
		if !p.syn {
			fmt.Sscan(what, &p.size)
		}
		list = append(list, p)
	}
	return list
}

func TestMatch(t *testing.T) {
	const handshake = "0Csyn 1Ssyn 2C0 "
	tests := []struct {
		name, steps, packets string
		encrypted            bool
		want                 string
	}{
		{"plain", "connect greeting login logout", handshake + "5S30 6C0 10C20 11S0 15S9 17S9 18C0 20C8 21S10 22S10 23C0", false,
			"connect 2, greeting 3, login 7, logout 2"},
		{"skipped step", "connect greeting capability:skipped login", handshake + "5S30 10C20 15S9", false, "connect 2, greeting 3, login 5"},
		{"TLS", "connect tls greeting login logout", handshake + "10C1500 12S2000 13S100 17C80 20S300 25S60 30C40 32S50 40C30 43S60 44S24 45C24", true,
			"connect 2, tls 7, greeting 8, login 2, logout 3"},
		{"goodbye in the client's own time", "connect tls greeting logout", handshake + "10C1500 12S2000 17C80 20S300 40C30 43S60 45C24 46S24", true,
			"connect 2, tls 7, greeting 3, logout 3"},
		{"a step without packets", "connect greeting login", handshake + "5S30", false, "no packets for the step login"},
		{"packets without a step", "connect greeting", handshake + "5S30 6C20 7S9", false, "2 steps, but packets for 3"},
	}
	for _, tt := range tests {
		var steps []string
		for step := range strings.FieldsSeq(tt.steps) {
			name, outcome, _ := strings.Cut(step, ":")
			if outcome == "" {
				outcome = "passed"
			}
			steps = append(steps, fmt.Sprintf(`{"name":%q,"outcome":%q,"seconds":0.001}`, name, outcome))
		}
		seen, err := match(`{"steps":[`+strings.Join(steps, ",")+`]}`, parsePackets(t, tt.packets), tt.encrypted)
		var list []string
		for _, s := range seen {
			list = append(list, fmt.Sprintf("%s %v", s.name, s.wire))
		}
		got := strings.Join(list, ", ")
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
