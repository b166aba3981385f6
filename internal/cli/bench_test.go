package cli

import "testing"

func BenchmarkParse(b *testing.B) {
	benchmarks := []struct{ name, line string }{
		{"usual", "-H imap.example.com -U monitor --password-file=/etc/nagios/imap.password"},
		{"thresholds", "-H imap.example.com -U monitor --password-file=/etc/nagios/imap.password -t 20 -w 2 -c 5 " +
			"-w time_login=500ms,messages=1: -c certificate_days=7: --state=timeout=unknown -o json"},
	}
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parse(b, bb.line, nil)
			}
		})
	}
}
