package render

import (
	"testing"

	"check_imap_session/internal/judge"
)

func BenchmarkFormats(b *testing.B) {
	r := good()
	v := judge.Judge(r, judge.Policy{})
	for name, format := range Formats() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(format.Report(r, v, Options{})) == 0 {
					b.Fatal("nothing printed")
				}
			}
		})
	}
}
